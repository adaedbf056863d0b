"""DATA/raw/NAME: the shards of a named corpus as they were downloaded, and their digests (manifest.json). Corpora number
theirs alike, so that each has a folder of its own.

A shard that a person put there counts as downloaded. One that is not what the manifest says is downloaded again.
"""

import json
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

from trainer.measure import digests, files
from trainer.measure.corpora import Corpus
from trainer.measure.download import Cancelled, Download
from trainer.measure.errors import TrainerError

WORKERS = 4  # files at once
MANIFEST = "manifest.json"
SAID_SECONDS = 5.0  # between two lines of progress


def complete(corpus: Corpus, names: list[str], folder: Path, url: str) -> dict[str, str]:
    """See to it that these shards are in the folder; returns name → SHA-256. Raises TrainerError with the way out."""
    folder.mkdir(parents=True, exist_ok=True)
    known = _manifest(folder)
    downloads = [Download(f"{url.rstrip('/')}/{name}", folder / name, sha256=corpus.sha256.get(name)) for name in names]
    cancelled = threading.Event()
    with ThreadPoolExecutor(WORKERS, "download") as pool:
        pending = [pool.submit(_one, download, known, cancelled) for download in downloads]
        try:
            _watch(pending, downloads)
            found = {download.path.name: one.result() for download, one in zip(downloads, pending, strict=True)}
        except OSError as error:
            raise TrainerError(f"{error.filename or folder}: {error.strerror or error}") from error
        finally:
            cancelled.set()
            pool.shutdown(cancel_futures=True)
            _remember(folder, known, downloads)
    return found


def _one(download: Download, known: dict[str, str], cancelled: threading.Event) -> str:
    """Digest of what is there, where it is what it should be; else of what was downloaded."""
    if download.path.exists():
        found = digests.of_file(download.path)
        if known.get(download.path.name, download.sha256 or found) == found:
            download.digest = found
            return found
    return download.fetch(cancelled)


def _watch(pending: list[Future[str]], downloads: list[Download]) -> None:
    """Say how far it is until all have ended; the first error ends it."""
    began, said = time.monotonic(), time.monotonic()
    while True:
        done, left = wait(pending, timeout=0.2, return_when=FIRST_EXCEPTION)
        for one in done:
            if (error := one.exception()) is not None and not isinstance(error, Cancelled):
                raise error
        if not left:
            return
        if time.monotonic() - said > SAID_SECONDS:
            said = time.monotonic()
            print(progress(downloads, len(done), said - began), file=sys.stderr, flush=True)


def progress(downloads: Iterable[Download], done: int, seconds: float) -> str:
    """`raw: 3 of 11 shards, 312 MB, 45 MB/s`; what an earlier process downloaded is no speed of this one."""
    downloads = list(downloads)
    came = sum(download.received for download in downloads) / 1e6
    left = sum(max(download.total - download.have, 0) for download in downloads) / 1e6
    told = f"raw: {done} of {len(downloads)} shards, {came:,.0f} MB came, {left:,.0f} MB under way, {came / seconds:.1f} MB/s"
    return "; ".join([told, *(download.trouble for download in downloads if download.trouble and not download.digest)][:2])


def _manifest(folder: Path) -> dict[str, str]:
    try:
        listed: dict[str, str] = json.loads((folder / MANIFEST).read_bytes())["sha256"]
    except (FileNotFoundError, ValueError, KeyError):
        return {}
    return listed


def _remember(folder: Path, known: dict[str, str], downloads: list[Download]) -> None:
    found = known | {download.path.name: download.digest for download in downloads if download.digest}
    if found != known:
        files.write_json(folder / MANIFEST, {"schema": 1, "sha256": dict(sorted(found.items()))})
