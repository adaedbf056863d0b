"""What a process that runs editable code did beside its task: a seat belt against eagerness, not a sandbox against malice.

Python reports every opened file, connection and started program to audit hooks; a hook cannot be taken out again. What
reads files without Python (ctypes, an extension module) is not seen, so that libraries which read shards in that way are not
to be there (READERS); nor is what a forked child does: that it was started is.
"""

import functools
import glob
import linecache
import os
import sys
import sysconfig
import tempfile
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from trainer.measure import machine

MOST = 20  # of each list
VALIDATION, CORPUS, WROTE, STARTED = "validation: ", "corpus: ", "wrote: ", "started: "
WORDS = {
    VALIDATION: "it opened what it is scored on",
    CORPUS: "it read sources of the corpus",
    WROTE: "it wrote where only the lab writes",
    STARTED: "it started processes or connections of its own",
}
SHARD = ".parquet"
READERS = ("pyarrow", "polars", "duckdb")
BUNDLE = "eval_data"  # the folder of a CORE bundle that its questions lie in, wherever the bundle is
SCORED = ("validation_tokens.npy", "validation_lengths.npy")
_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")
_FORKS = ("os.fork", "os.forkpty")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_IMPORTER = "<frozen importlib._bootstrap>"
_HERE = os.path.realpath(__file__)
_TALKERS = {os.path.realpath(module.__file__) for module in (traceback, warnings) if module.__file__}
_LINES = os.path.realpath(linecache.__file__)


class Audit:
    """`seen` lists the first MOST things of each kind, those first that make a run invalid (see `refusal`)."""

    def __init__(self, *, snapshot: Path, run: Path, data: Path, loaded: frozenset[str] = frozenset()) -> None:
        """loaded: modules that were there before anything editable was imported."""
        self._loaded = loaded
        self._serious: list[str] = []
        self._other: list[str] = []
        self._snapshot, self._run, self._data = (os.path.realpath(folder) for folder in (snapshot, run, data))
        self._package = os.path.join(self._snapshot, "trainer", "")
        self._protected = os.path.join(self._package, "measure", "")
        self._tokens = os.path.join(self._data, "tokens", "")
        self._library = os.path.join(os.path.realpath(sysconfig.get_path("stdlib")), "")
        self._packages = tuple(os.path.realpath(sysconfig.get_path(name)) for name in ("purelib", "platlib"))
        self._environment = frozenset(os.environ.values())
        self._scored: set[tuple[int, int]] = set()
        for folder in (self._data, *glob.glob(os.path.join(glob.escape(self._tokens), "*"))):
            self.scores(folder)
        packages = {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")} | {sys.prefix, sys.base_prefix}
        own = {self._package, str(run), self._tokens, tempfile.gettempdir(), "/dev", "/proc", "/sys", "/etc", "/usr"}
        own |= set(machine.compiled_folders())
        self._allowed = tuple(os.path.join(os.path.realpath(folder), "") for folder in packages | own)

    @property
    def seen(self) -> list[str]:
        for name in READERS:
            if name in sys.modules and name not in self._loaded:
                self._add(self._serious, f"{CORPUS}{name}, which opens files unseen")
        return [*self._serious, *self._other]

    def scores(self, folder: str | Path) -> None:
        """Opening the scored text that lies in this folder is found out from now on, whatever it is called."""
        self._scored |= {found for name in SCORED if (found := _file(os.path.join(folder, name))) is not None}

    def watch(self) -> "Audit":
        """Begin; lasts as long as the process."""
        sys.addaudithook(self._note)
        return self

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(arguments[0], str | bytes | os.PathLike):
                self._note_file(os.fsdecode(arguments[0]), arguments[1], arguments[2])
        elif event == "os.rename":
            self._note_write(os.path.realpath(os.fsdecode(arguments[1])))
        elif event in _FORKS or event in _PROGRAMS or event == "socket.connect":
            self._note_start(event, arguments)

    def _note_file(self, given: str, mode: str | None, flags: int) -> None:
        path = os.path.realpath(given)
        if os.path.basename(given) in SCORED or (self._scored and _file(path) in self._scored):
            self._add(self._serious, VALIDATION + os.path.basename(path))
        elif (flags & _WRITES if mode is None else set(mode) & set("wax+")) and self._note_write(path):
            return
        elif path.endswith(".py") and self._is_library(path) and self._is_read_as_text():
            self._add(self._serious, CORPUS + path.removeprefix(self._library))
        elif path.endswith(SHARD):  # training reads the tokens that were made of it; one shard is what is scored
            self._add(self._serious, CORPUS + os.path.basename(path))
        elif BUNDLE in path.split(os.sep):
            self._add(self._serious, f"open: {path}")
        elif not (os.path.dirname(path) == self._data or path.startswith(self._allowed) or self._is_source(path)):
            self._add(self._other, f"open: {path}")

    def _note_write(self, path: str) -> bool:
        """Whether the write was somebody's who has nothing to write there: the data and measure/ are for nobody, the run and
        the rest of the snapshot for whatever is not editable."""
        folder, author = os.path.dirname(path), self._author()
        if folder == self._data or path.startswith(self._tokens):
            told, allowed = "data/" + os.path.basename(path), author.startswith(self._protected)
        elif folder == self._run:
            told, allowed = os.path.basename(path), not self._is_editable(author)
        elif path.startswith(os.path.join(self._snapshot, "")) and not path.startswith(os.path.join(self._run, "")):
            told = os.path.relpath(path, self._snapshot)
            allowed = self._is_import() or not (path.startswith(self._protected) or self._is_editable(author))
        else:
            return False
        if not allowed:
            self._add(self._serious, WROTE + told)
        return not allowed

    def _note_start(self, event: str, arguments: tuple[Any, ...]) -> None:
        author = self._author()
        target = arguments[1:2] if event == "socket.connect" else arguments[:1]
        what = f"{event}: {target[0]}" if target else event
        told = str([self._own_words(argument) for argument in arguments])
        if author.startswith(self._protected):
            return
        if self._data in told or any(name in told for name in SCORED):
            self._add(self._serious, VALIDATION + what)
        elif self._is_editable(author):
            self._add(self._serious, f"{STARTED}{what}, in {os.path.relpath(author, self._snapshot)}")
        elif event not in _FORKS:
            self._add(self._other, what)

    def _own_words(self, argument: Any) -> Any:
        """Of an environment what this process did not start with: a compiler's workers inherit the caller's DATA=…, which says
        nothing of them."""
        if not isinstance(argument, Mapping):
            return argument
        return {name: value for name, value in argument.items() if os.fsdecode(value) not in self._environment}

    def _is_library(self, path: str) -> bool:
        return path.startswith(self._library) and not path.startswith(self._packages) and "-packages" not in path

    def _is_source(self, path: str) -> bool:
        """Code beside the trainer, of which a warning may show a line."""
        return path.endswith(".py") and path.startswith(os.path.join(self._snapshot, ""))

    def _is_editable(self, file: str) -> bool:
        return file.startswith(self._package) and not file.startswith(self._protected)

    def _is_import(self) -> bool:
        """Whether Python itself does it to import a module: reads its source, keeps its bytecode."""
        return any(f.f_code.co_name == "_find_and_load" and f.f_code.co_filename == _IMPORTER for f in _frames())

    def _is_read_as_text(self) -> bool:
        """Not to be imported, nor to show a line of it in a traceback or to a compiler."""
        files = {_real(frame.f_code.co_filename) for frame in _frames()}
        shown = _LINES in files and (not files.isdisjoint(_TALKERS) or not self._is_editable(self._author()))
        return not shown and not self._is_import()

    def _author(self) -> str:
        """The file whose code did it: the nearest one that is no part of Python itself."""
        for frame in _frames():
            file = frame.f_code.co_filename
            if not file.startswith("<") and not self._is_library(real := _real(file)):
                return real
        return ""

    def _add(self, found: list[str], what: str) -> None:
        if len(found) < MOST and what not in found:
            found.append(what)


def refusal(seen: list[str]) -> str | None:
    """Why what was seen makes a run invalid, or None: `it opened what it is scored on (validation_tokens.npy)`."""
    told = []
    for mark, words in WORDS.items():
        named = [what.removeprefix(mark) for what in seen if what.startswith(mark)]
        if named:
            more = f" and {len(named) - 3} more" if len(named) > 3 else ""
            told.append(f"{words} ({', '.join(named[:3])}{more})")
    return "; ".join(told) or None


def _file(path: str) -> tuple[int, int] | None:
    """What a file is whatever it is called; None when it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@functools.cache
def _real(source: str) -> str:
    """Where a code object's file lies. Asked for every frame of every call that is looked at, and slow."""
    return os.path.realpath(source)


def _frames() -> list[FrameType]:
    """The callers of the hook, the nearest first, without this file's own."""
    found, frame = [], sys._getframe(1)
    while frame is not None:
        if _real(frame.f_code.co_filename) != _HERE:
            found.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return found
