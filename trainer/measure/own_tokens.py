"""DATA/tokens: a data folder's text in the tokens of other tokenizers, one folder for each that trainer/tokenizer.yaml declared.

Made once, by a process of its own (retokenize.py), before a clock starts, and shared by all runs; several that want the same wait
for the first. All of it can be made again: the least recently used go when it grows too large, those in use stay.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import IO, Any

from trainer.measure import data as datas
from trainer.measure import declared, digests, files
from trainer.measure.errors import RunFailed, TrainerError

FOLDER, FACTS, LEASE = "tokens", "tokens.json", "in_use"
LEAST_BYTES, TIMES = 10**9, 4  # what may be kept: as much as this, or so many times the task's own tokens
CPU_SECONDS, CPU_SECONDS_A_MB = 60.0, 4.0  # of making one; what is usual takes an eighth of a second a MB


@dataclass(frozen=True, slots=True)
class Job:
    """What is made of a data folder, with how many threads and, of all of them together, at most how many CPU-seconds."""

    asked: dict[str, Any]
    threads: int = 1
    cpu_seconds: float = CPU_SECONDS


def open_folder(folder: Path, device: str = "cpu", declaration: declared.Tokenizer | None = None) -> datas.Data:
    """The prepared folder in the declared tokens (None: by this snapshot), which are made where nobody has yet. device: of the
    run; beside a GPU all cores may help. Raises UsageError for what cannot be declared, RunFailed where it does not do."""
    data = datas.open_folder(folder)
    asked = chosen(data, declaration)
    return data if asked is None else replace(data, own=_own(data, asked, device))


def chosen(data: datas.Data, declaration: declared.Tokenizer | None = None) -> dict[str, Any] | None:
    """vocab, pattern and learned_mb of the declared tokenizer; None where it is the task's."""
    declaration = declaration or declared.read()
    if declaration == declared.Tokenizer():
        return None
    request = data.facts["request"]
    task = {"vocab": request["vocab"], "pattern": json.loads(data.tokenizer())["pattern"]}
    return declaration.over(task | {"learned_mb": request.get("learned_mb")})


def made(data: datas.Data, declaration: declared.Tokenizer | None = None) -> datas.Data | None:
    """The same as `open_folder` where nothing has to be made for it, else None."""
    asked = chosen(data, declaration)
    if asked is None:
        return data
    own = _open(data.folder / FOLDER / _key(data, asked))
    return None if own is None else replace(data, own=own)


def kept(folder: Path) -> tuple[int, int]:
    """How many tokenizations a data folder keeps, and their bytes."""
    found = _entries(folder / FOLDER)
    return len(found), sum(_size(path) for path in found)


def _own(data: datas.Data, asked: dict[str, Any], device: str) -> datas.Own:
    path = data.folder / FOLDER / _key(data, asked)
    if (own := _open(path)) is not None:
        return own
    path.parent.mkdir(exist_ok=True)
    with _alone(path.parent / f".{path.name}.lock"):
        own = _open(path)  # another run may have made it meanwhile
        while own is None:
            seconds = CPU_SECONDS + CPU_SECONDS_A_MB * data.facts["train_bytes"] / 1e6
            _make(data, path, Job(asked, _threads(device), seconds))
            own = _open(path)
    return own


def _key(data: datas.Data, asked: dict[str, Any]) -> str:
    told = {"schema": 1, "data": data.identity["data_digest"], "asked": asked}
    told |= {name: metadata.version(name) for name in ("rustbpe", "tiktoken")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _open(path: Path) -> datas.Own | None:
    """What lies there, whole, and kept until the lease is closed."""
    try:
        lease = (path / LEASE).open("rb")
        fcntl.flock(lease, fcntl.LOCK_SH)
        facts = json.loads((path / FACTS).read_bytes())  # after the lock: whoever removes it has begun, or will not
        whole = all((path / name).stat().st_size == size for name, size in facts["bytes"].items())
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError):
        return None
    if not whole:
        lease.close()
        return None
    with suppress(OSError):
        os.utime(path / LEASE)  # when it was used last
    return datas.Own(path, facts, lease)


def _make(data: datas.Data, path: Path, job: Job) -> None:
    """Fill `path`, whole or not at all. The caller is the only one who does."""
    folder = path.parent
    remove_parts(folder)
    need = 2 * (data.folder / "train_tokens.npy").stat().st_size
    make_room(folder, max(LEAST_BYTES, TIMES * need // 2) - need)
    if (free := shutil.disk_usage(folder).free) < need:
        raise TrainerError(f"{folder}: {free / 1e9:.1f} GB are free, and tokens of another tokenizer take up to {need / 1e9:.1f}")
    part = folder / f".{path.name}.part"
    shutil.rmtree(part, ignore_errors=True)  # of one that was killed; this lock is held, here
    part.mkdir()
    print(f"tokenizer.yaml: making tokens of {job.asked['vocab']} ids, once for all runs, in {path}", file=sys.stderr, flush=True)
    try:
        if (error := made_beside(data, part, job)) is not None:
            raise RunFailed(f"tokenizer.yaml: {error}")
        files.write(part / LEASE, b"")
        if not _remove(path):
            raise TrainerError(f"{path} is damaged and in use; end the runs that use it, and remove it")
        part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def made_beside(data: datas.Data, out: Path, job: Job) -> str | None:
    """Fill the folder `out` in another process; says why the tokenizer does not do. Raises TrainerError for other ends."""
    told = {"data": str(data.folder.resolve()), "out": str(out.resolve()), **asdict(job)}
    root = str(digests.PACKAGE.parent)
    done = subprocess.run(
        [sys.executable, "-m", "trainer.measure.retokenize", json.dumps(told)],
        env={**os.environ, "PYTHONPATH": root, "RAYON_NUM_THREADS": str(job.threads), "RUST_BACKTRACE": "0"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=root,
    )  # fmt: skip
    if done.returncode == -signal.SIGXCPU:
        told_pattern = f"pattern {job.asked['pattern']!r:.200}"
        return f"{told_pattern}: it took more than {job.cpu_seconds:.0f} CPU-seconds; take one that never looks twice"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise TrainerError(f"tokens of another tokenizer could not be made ({done.returncode}): {last}")
    error: str | None = json.loads(done.stdout)["error"]
    return error


def remove_parts(folder: Path) -> None:
    """Remove what those left that were killed while they made one: parts whose lock nobody holds."""
    for part in folder.glob(".*.part"):
        with part.with_suffix(".lock").open("wb") as lock, suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(part, ignore_errors=True)


def make_room(folder: Path, limit: int) -> None:
    """Remove what was not used for longest, until at most `limit` bytes are there or all of them are in use."""
    entries = {path: _size(path) for path in _entries(folder)}
    for path in list(entries):
        if sum(entries.values()) <= limit:
            return
        if _remove(path):
            del entries[path]


def _remove(path: Path) -> bool:
    """Remove one that nobody uses; False where somebody does."""
    try:
        with (path / LEASE).open("rb") as lease:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (path / FACTS).unlink(missing_ok=True)  # from here on nobody takes it for whole
            shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        shutil.rmtree(path, ignore_errors=True)
    return True


def _entries(folder: Path) -> list[Path]:
    """What is kept, the least recently used first."""
    found = {}
    for path in folder.glob(f"[!.]*/{LEASE}"):
        with suppress(FileNotFoundError):
            found[path.parent] = path.stat().st_mtime
    return sorted(found, key=lambda path: found[path])


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.glob("*") if file.exists())


def _threads(device: str) -> int:
    """A run on a CPU has the threads that it was given."""
    if device.startswith("cuda") and hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


@contextmanager
def _alone(path: Path) -> Iterator[IO[bytes]]:
    """Wait until no other process makes the same."""
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
