"""The two protocols over HTTP: reads a request, has it recorded and answered, writes the answer as the turn wants it."""

import json
import select
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, cast

from models import messages_stream, parse_messages, parse_responses, responses_stream
from models.request import Request
from models.turn import Shell, Turn

Body = dict[str, Any]


class Owner(Protocol):
    """What the handler needs of the server it belongs to."""

    strays: list[str]

    def record(self, protocol: str, headers: dict[str, str], body: Body, parts: Body) -> Request: ...

    def choose(self, request: Request) -> Turn: ...

    def stopped(self) -> bool: ...


class Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: Owner

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of the server."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def owner(self) -> Owner:
        return cast(Http, self.server).owner

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_HEAD(self) -> None:
        self._json(200, {})

    def do_GET(self) -> None:
        if self.path.split("?")[0].endswith("/models"):
            return self._json(200, {"object": "list", "data": [], "has_more": False, "models": []})
        return self._stray()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        path = self.path.split("?")[0].rstrip("/")
        if path.endswith("/messages/count_tokens"):
            return self._count(body)
        if path.endswith("/messages"):
            return self._converse("messages", body, parse_messages.parse)
        if path.endswith("/responses"):
            return self._converse("responses", body, parse_responses.parse)
        return self._stray()

    def _converse(self, protocol: str, body: Body, parse: Callable[[Body], Body]) -> None:
        try:
            parts = parse(body)
        except ValueError as error:
            self.owner.strays.append(f"400 {error}")
            return self._json(400, _error(protocol, Turn(str(error), error="invalid_request_error")))
        request = self.owner.record(protocol, {k.lower(): v for k, v in self.headers.items()}, body, parts)
        try:
            self._answer(request, self.owner.choose(request))
        except OSError:
            request.aborted = True
        finally:
            request.answered = True
        return None

    def _answer(self, request: Request, turn: Turn) -> None:
        self._pause(turn.wait)
        request.status = turn.status
        if turn.status != 200:
            return self._json(turn.status, _error(request.protocol, turn), dict(turn.headers))
        calls = tuple(c.as_call(request.tools) if isinstance(c, Shell) else c for c in turn.calls)
        stream = messages_stream if request.protocol == "messages" else responses_stream
        request.usage = messages_stream.usage(request, turn)
        if not request.streams:
            whole = messages_stream.message if request.protocol == "messages" else responses_stream.response
            return self._json(200, whole(request, turn, calls), dict(turn.headers))
        return self._stream(list(stream.events(request, turn, calls)), turn, request.protocol)

    def _stream(self, events: list[messages_stream.Event], turn: Turn, protocol: str) -> None:
        self._head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked", **turn.headers})
        deltas = [index for index, (kind, _) in enumerate(events) if kind.endswith("delta") and kind != "message_delta"]
        middle = deltas[len(deltas) // 2] if deltas else len(events) // 2
        for index, (kind, data) in enumerate(events):
            if index == middle and (turn.cut or turn.break_with):
                return self._break(turn, protocol)
            self._event(kind, {"type": kind, **data})
            if index in deltas:
                self._pause(turn.seconds / len(deltas))
        self.wfile.write(b"0\r\n\r\n")
        return None

    def _pause(self, seconds: float) -> None:
        """Wait; OSError as soon as the program hangs up or the server stops."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.2))
            if self.owner.stopped() or (readable and not self.connection.recv(1, socket.MSG_PEEK)):
                raise ConnectionResetError("the other end is gone")
            if readable:
                time.sleep(min(left, 0.05))

    def _break(self, turn: Turn, protocol: str) -> None:
        self.close_connection = True
        if turn.break_with:
            told = _error(protocol, Turn("Overloaded", error=turn.break_with))
            self._event("error", {"type": "error", **told, **(told["error"] if protocol == "responses" else {})})
            self.wfile.write(b"0\r\n\r\n")

    def _event(self, kind: str, data: Body) -> None:
        raw = f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
        self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
        self.wfile.flush()

    def _count(self, body: Body) -> None:
        headers = {k.lower(): v for k, v in self.headers.items()}
        request = self.owner.record("count_tokens", headers, body, parse_messages.parse(body))
        request.answered = True
        self._json(200, {"input_tokens": request.input_tokens})

    def _stray(self) -> None:
        self.owner.strays.append(f"{self.command} {self.path}")
        self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": self.path}})

    def _json(self, status: int, value: Body, headers: dict[str, str] | None = None) -> None:
        raw = json.dumps(value).encode()
        self._head(status, {"content-type": "application/json", "content-length": str(len(raw)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(raw)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"request-id": f"req_{time.monotonic_ns()}", **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _error(protocol: str, turn: Turn) -> Body:
    if protocol == "responses":
        return responses_stream.error(turn.error, turn.text, dict(turn.headers))
    return messages_stream.error(turn.error, turn.text)
