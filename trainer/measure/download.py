"""Files over HTTP, whole or not there. A download that breaks off goes on where it stopped, also in another process; a
file is renamed into place once its length and, where it is known, its digest are right.
"""

import http.client
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import IO, Any

from trainer.measure import digests
from trainer.measure.errors import TrainerError

FAILURES = 6  # in a row, without a new byte between them
SILENCE_SECONDS = 60.0  # without a byte: the connection is dead
MOST_PAUSE_SECONDS = 60.0
BLOCK = 1 << 20
LINKED = "X-Linked-ETag"  # how a hub names a large file's SHA-256; the ETag of the store behind it is some other hash
_PASSING = frozenset({408, 416, 425, 429, 500, 502, 503, 504})
_BROKEN = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError)


class _Broken(Exception):
    """This try failed, another may not. pause: seconds that the server asked for."""

    def __init__(self, why: str, pause: float = 0.0) -> None:
        super().__init__(why)
        self.pause = pause


class Cancelled(Exception):
    """Another download failed; this one is not wanted any more."""


class Download:
    """One file. In bytes: what it has, will have (0 until the server says it), and received itself. digest: once it is whole."""

    def __init__(self, url: str, path: Path, *, sha256: str | None = None) -> None:
        self.url, self.path, self.sha256 = url, path, sha256
        self._part, self._tag = (path.with_name(f".{path.name}.{end}") for end in ("part", "etag"))
        self.have = self.total = self.received = 0
        self.digest: str | None = None
        self.trouble = ""  # why the last try failed

    def fetch(self, cancelled: threading.Event, pause: Callable[[float], object] | None = None) -> str:
        """Download it, with patience; returns its SHA-256. Raises TrainerError with the way out, and Cancelled.

        pause: waits for so many seconds between two tries; None: for as long, or until it is cancelled."""
        failures, pause = 0, pause or cancelled.wait
        while not cancelled.is_set():
            before = self._size()
            try:
                return self._attempt(cancelled)
            except _Broken as broken:
                failures = 1 if self._size() > before else failures + 1
                if failures >= FAILURES:
                    raise TrainerError(f"{self.url}: {broken}; {WAY_OUT}") from broken
                seconds = min(max(broken.pause, 2.0 ** (failures - 1)), MOST_PAUSE_SECONDS)
                self.trouble = f"{self.path.name}: {broken}, again after {seconds:.0f} s"
                pause(seconds)
        raise Cancelled

    def _attempt(self, cancelled: threading.Event) -> str:
        redirects = _Redirects()
        try:
            with urllib.request.build_opener(redirects).open(self._request(), timeout=SILENCE_SECONDS) as answer:
                self._receive(answer, cancelled)
                headers = answer.headers
        except urllib.error.HTTPError as error:
            raise self._refused(error) from error
        except _BROKEN as error:
            raise _Broken(_said(error)) from error
        return self._whole(self.sha256 or _digest_in(redirects.linked or headers.get(LINKED)))

    def _request(self) -> urllib.request.Request:
        """For what is missing, if the file is still the one whose beginning is here."""
        request = urllib.request.Request(self.url, headers={"User-Agent": "trainer", "Accept-Encoding": "identity"})
        tag = self._tag.read_text() if self._tag.exists() else ""
        if tag and self._size():
            request.add_header("Range", f"bytes={self._size()}-")
            request.add_header("If-Range", tag)
        return request

    def _receive(self, answer: Any, cancelled: threading.Event) -> None:
        self.have = self._size() if answer.status == 206 else 0
        length = answer.headers.get("Content-Length")
        self.total = self.have + int(length) if length else 0
        if answer.status == 206 and not str(answer.headers.get("Content-Range")).startswith(f"bytes {self.have}-"):
            self._forget()
            raise _Broken(f"the server answered {answer.headers.get('Content-Range')} to a request from byte {self.have}")
        if answer.status != 206:
            self._part.write_bytes(b"")
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
            self._tag.write_text("" if tag.startswith("W/") else tag)  # a weak tag does not say that the bytes are the same
        with self._part.open("ab") as file:
            self._copy(answer, file, cancelled)
        if self.total and self.have != self.total:  # http.client says nothing of a body that ends early
            raise _Broken(f"{self.have:,} of {self.total:,} bytes came")

    def _copy(self, answer: Any, file: IO[bytes], cancelled: threading.Event) -> None:
        while block := answer.read(BLOCK):
            if cancelled.is_set():
                raise Cancelled
            file.write(block)
            self.have += len(block)
            self.received += len(block)

    def _whole(self, wanted: str | None) -> str:
        found = digests.of_file(self._part)
        if wanted not in (None, found):
            self._forget()
            raise _Broken(f"its SHA-256 is {found}, not {wanted}")
        self._part.replace(self.path)
        self._forget()
        self.digest = found
        return found

    def _refused(self, error: urllib.error.HTTPError) -> Exception:
        if error.code not in _PASSING:
            return TrainerError(f"{self.url}: HTTP {error.code} {error.reason}; {WAY_OUT}")
        if error.code == 416:  # more is here than there: what is here is no part of it
            self._forget()
        after = error.headers.get("Retry-After") or ""
        return _Broken(f"HTTP {error.code} {error.reason}", float(after) if after.isdigit() else 0.0)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)


WAY_OUT = (
    "what came is kept and the same command goes on from there; without this network use --mirror URL (TRAINER_MIRROR), or "
    "put the shards into the data folder's raw/NAME/, NAME being the corpus"
)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Remembers the digest of a large file that a hub names where it redirects to the file's store."""

    linked: str | None = None

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Message, newurl: str) -> Any:
        self.linked = headers.get(LINKED) or self.linked
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _digest_in(tag: str | None) -> str | None:
    """The SHA-256 that this tag is, or None."""
    bare = (tag or "").strip('"').lower()
    return bare if len(bare) == 64 and set(bare) <= set("0123456789abcdef") else None


def _said(error: BaseException) -> str:
    reason = getattr(error, "reason", None) or error
    return f"{type(error).__name__}: {reason}" if str(reason) else type(error).__name__
