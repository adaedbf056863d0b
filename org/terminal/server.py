"""The one door to tmux: chained commands on the lab's own socket, each call with a deadline.

The first call starts the server, and the server hands its environment to every pane: what belongs to the caller's own
agent, lab or repository is therefore taken out of every call.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from org.model.errors import TerminalError

if TYPE_CHECKING:
    import libtmux

OLDEST = (3, 2)  # split-window -e, if-shell -F, attach -f
INSTALL = "install it (Debian, Ubuntu: `apt install tmux`; macOS: `brew install tmux`)"
NOT_INHERITED = ("CLAUDECODE", "CLAUDE_CODE_", "CODEX_", "ORG_", "GIT_", "TMUX")
_GONE = ("no server running", "error connecting to", "server exited", "lost server")


@dataclass(frozen=True, slots=True)
class Answer:
    """What tmux said and how it ended."""

    code: int
    lines: tuple[str, ...]
    err: str

    @property
    def server_gone(self) -> bool:
        """Whether there is no server: every pane is dead, which is an answer and not a failed question."""
        return self.code != 0 and any(sign in self.err for sign in _GONE)


@dataclass(frozen=True, slots=True)
class Tmux:
    """The tmux server at `socket`, started with `conf` and nobody's own configuration."""

    socket: Path
    conf: Path

    def run(self, *commands: Sequence[str], input: str | None = None, timeout: float = 20) -> list[str]:
        """Run commands as one list (tmux stops at the first that fails) and return the lines they print."""
        answer = self.ask(*commands, input=input, timeout=timeout)
        if answer.code != 0:
            # Not the whole list: an environment may hold secrets.
            names = ", ".join(dict.fromkeys(command[0] for command in commands))
            hint = " (tmux takes 16 KB a call: hand long texts over in a file)" if "too long" in answer.err else ""
            raise TerminalError(f"tmux {names} ended with {answer.code}: {answer.err.strip() or 'it said nothing'}{hint}")
        return list(answer.lines)

    def ask(self, *commands: Sequence[str], input: str | None = None, timeout: float = 20) -> Answer:
        """Like `run`, for questions to which an error is an answer too."""
        words = ["tmux", "-u", "-S", str(self.socket), "-f", str(self.conf), *_chain(commands)]
        try:
            done = subprocess.run(
                words,
                check=False,
                input=input,
                stdin=subprocess.DEVNULL if input is None else None,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=clean(os.environ),
                timeout=timeout,
                start_new_session=True,
            )
        except FileNotFoundError as missing:
            raise TerminalError(f"tmux is missing; {INSTALL}") from missing
        except subprocess.TimeoutExpired as late:
            raise TerminalError(f"tmux at {self.socket} did not answer within {timeout:g} s; is its server stopped?") from late
        return Answer(done.returncode, tuple(done.stdout.splitlines()), done.stderr)

    @contextmanager
    def pane(self, pane_id: str) -> Iterator["libtmux.Pane"]:
        """libtmux's object of a pane, for what a person asks for one pane at a time; its errors become ours."""
        import libtmux  # a tenth of what a verb takes to start, and next to none needs it
        from libtmux.exc import LibTmuxException

        try:
            server = libtmux.Server(socket_path=self.socket, config_file=str(self.conf))
            yield libtmux.Pane.from_pane_id(server, pane_id)
        except LibTmuxException as bad:
            raise TerminalError(f"tmux said no about the pane {pane_id}: {bad}") from bad


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what belongs to the caller's own agent, lab, repository or tmux."""
    return {key: value for key, value in environment.items() if not key.startswith(NOT_INHERITED)}


def require() -> None:
    """Raise one clear line unless tmux is here and new enough."""
    if shutil.which("tmux") is None:
        raise TerminalError(f"tmux is missing; {INSTALL}")
    said = subprocess.run(["tmux", "-V"], check=False, capture_output=True, encoding="utf-8", timeout=20).stdout.strip()
    if too_old(said):
        raise TerminalError(f"{said} is too old, 3.2 or newer is needed; {INSTALL}")


def too_old(version: str) -> bool:
    """Whether `tmux -V` names a version before 3.2; one without a number (master) is taken as new."""
    found = re.search(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) < OLDEST


def _chain(commands: Sequence[Sequence[str]]) -> list[str]:
    words: list[str] = []
    for command in commands:
        words += [";"] if words else []
        # tmux ends a command at any word whose last character is a semicolon.
        words += [word[:-1] + "\\;" if word.endswith(";") else word for word in command]
    return words
