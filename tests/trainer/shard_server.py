"""A server of shards in this process that can be told to misbehave, and shards small enough for it."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow
import pyarrow.parquet

Deed = int | str


@dataclass(slots=True)
class Shards:
    """files: name → content. deeds: of the next requests, one each, then it behaves: 503, "cut 10", "wrong digest", "no range".
    asked: (name, Range header) of each request."""

    files: dict[str, bytes]
    deeds: list[Deed] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serve(files: dict[str, bytes], *deeds: Deed) -> Iterator[Shards]:
    """Serve these until the end of the block."""
    shards = Shards(files, list(deeds))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"shards": shards}))
    shards.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield shards
    finally:
        server.shutdown()
        server.server_close()


def parquet(path: Path, texts: list[str], *, column: str = "text", group: int = 3) -> Path:
    """A shard of these documents, some a row group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.table({column: texts}), path, row_group_size=group)
    return path


class _Handler(BaseHTTPRequestHandler):
    shards: Shards

    def do_GET(self) -> None:
        name, wanted = self.path.lstrip("/"), self.headers.get("Range") or ""
        self.shards.asked.append((name, wanted))
        deed = self.shards.deeds.pop(0) if self.shards.deeds else ""
        if name not in self.shards.files or isinstance(deed, int):
            code = deed if isinstance(deed, int) else 404
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(self.shards.files[name], wanted, str(deed))

    def _send(self, content: bytes, wanted: str, deed: str) -> None:
        tag = f'"{hashlib.md5(content).hexdigest()}"'
        resumed = wanted and deed != "no range" and self.headers.get("If-Range") == tag
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if resumed else 0
        self.send_response(206 if resumed else 200)
        if resumed:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        digest = "0" * 64 if deed == "wrong digest" else hashlib.sha256(content).hexdigest()
        self.send_header("X-Linked-ETag", f'"{digest}"')
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        self.wfile.write(body[: int(deed.removeprefix("cut "))] if deed.startswith("cut ") else body)

    def log_message(self, *_: object) -> None:
        pass
