"""What training opened that it has no business with: a seat belt against eagerness, not a sandbox against malice.

Python reports every opened file, connection and started program to audit hooks; a hook cannot be taken out again.
"""

import os
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

MOST = 20
VALIDATION = "validation: "
_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")


class Audit:
    """`seen` lists the first MOST things outside; those that begin with VALIDATION make a run invalid."""

    def __init__(self, *, snapshot: Path, run: Path, data: Path) -> None:
        self.seen: list[str] = []
        self._data = os.path.realpath(data)
        packages = {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")} | {sys.prefix, sys.base_prefix}
        own = {str(snapshot), str(run), tempfile.gettempdir(), "/dev", "/proc", "/sys", "/etc", "/usr"}
        self._allowed = tuple(os.path.join(os.path.realpath(folder), "") for folder in packages | own)

    def watch(self) -> "Audit":
        """Begin; lasts as long as the process."""
        sys.addaudithook(self._note)
        return self

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if len(self.seen) >= MOST:
            return
        if event == "open" and isinstance(arguments[0], str | bytes):
            self._note_file(os.path.realpath(os.fsdecode(arguments[0])))
        elif event == "socket.connect" or event in _PROGRAMS:
            self._add(f"{event}: {arguments[0] if event in _PROGRAMS else arguments[1]}")

    def _note_file(self, path: str) -> None:
        folder, name = os.path.split(path)
        if folder == self._data:
            if name.startswith("validation"):
                self._add(VALIDATION + name)
        elif not path.startswith(self._allowed):
            self._add(f"open: {path}")

    def _add(self, what: str) -> None:
        if what not in self.seen:
            self.seen.append(what)
