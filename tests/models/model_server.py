"""The HTTP server: records every request, asks the script, streams the answer. Listens on 127.0.0.1 only.

It refuses (400) conversations that the real servers refuse: a tool call without its result, a result without its call.
"""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from models.handler import Handler, Http
from models.request import Request
from models.script import DEFAULT, Script
from models.turn import Turn, refused, say

Answer = Callable[[Request], Turn]
SESSION_HEADERS = ("x-claude-code-session-id", "thread-id", "thread_id", "session-id", "session_id")


class ModelServer:
    """`with ModelServer(answer) as server:`; server.url is what base_url is set to (…/v1 for the Responses protocol).

    answer: a Script, or any callable from Request to Turn; called from several threads. agent_of: names the agent of a
    request. aside: answers requests without tools. refuse_keys: these get 401 at once.
    """

    def __init__(
        self, answer: Answer | None = None, *, agent_of: Callable[[Request], str] | None = None, aside: Answer | None = None,
        refuse_keys: frozenset[str] = frozenset(), keep_bodies: bool = True, port: int = 0,
    ) -> None:  # fmt: skip
        self.answer = answer or Script({DEFAULT: []})
        self.aside = aside or harmless
        self.agent_of = agent_of or (lambda request: request.session or request.key)
        self.refuse_keys = refuse_keys
        self.strays: list[str] = []  # what was asked of no known address
        self._keep_bodies = keep_bodies
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._http = Http(("127.0.0.1", port), Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """For ANTHROPIC_BASE_URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai_url(self) -> str:
        """For OPENAI_BASE_URL and Codex's base_url."""
        return f"{self.url}/v1"

    @property
    def requests(self) -> list[Request]:
        """Everything that was asked, side requests and token counts too."""
        with self._lock:
            return list(self._requests)

    def turns(self, agent: str | None = None) -> list[Request]:
        """The requests of conversations: with tools; of one agent when named."""
        return [r for r in self.requests if not r.side and (agent is None or r.agent == agent)]

    def sides(self) -> list[Request]:
        """The requests without tools."""
        return [r for r in self.requests if r.side]

    def until(self, done: Callable[["ModelServer"], Any], seconds: float = 120) -> Any:
        """Wait until done(server) is truthy and return it; AssertionError tells what was asked so far."""
        deadline = time.monotonic() + seconds
        while not (found := done(self)):
            assert time.monotonic() < deadline, f"after {seconds} s only: {[(r.agent, r.prompt[:80]) for r in self.requests]}"
            time.sleep(0.02)
        return found

    def record(self, protocol: str, headers: dict[str, str], body: dict[str, Any], parts: dict[str, Any]) -> Request:
        """Note a request; its agent and number are set."""
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        session = next((headers[name] for name in SESSION_HEADERS if headers.get(name)), "")
        side = protocol == "count_tokens" or not parts["tools"] or not parts["may_call"]
        with self._lock:
            request = Request(
                number=len(self._requests), at=datetime.now(UTC), protocol=protocol, key=key, session=session, side=side,
                headers=headers, body=body, input_tokens=max(1, len(json.dumps(body)) // 4), **parts,
            )  # fmt: skip
            request.agent = self.agent_of(request)
            if not self._keep_bodies:
                request.body, request.system = {}, request.system[:2000]
            self._requests.append(request)
        return request

    def choose(self, request: Request) -> Turn:
        """The answer to a recorded request."""
        if request.key in self.refuse_keys:
            return refused()
        return (self.aside if request.side else self.answer)(request)

    def stopped(self) -> bool:
        """Whether open streams are to be cut."""
        return self._stopped.is_set()

    def start(self) -> "ModelServer":
        self._thread.start()
        return self

    def stop(self) -> None:
        """End it; open streams are cut."""
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self) -> "ModelServer":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def harmless(request: Request) -> Turn:
    """What a request without tools gets: a title where one is asked for, else a short text."""
    return say('{"title": "Work on the lab"}' if "title" in request.everything.lower() else "A short summary of the work.")
