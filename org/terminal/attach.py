"""How a person gets into the lab's tmux, and who is there."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from org.model.errors import TerminalError
from org.terminal.grid import Grid

NESTED = "inside another tmux: its prefix wins; press it twice (C-b C-b T) for the lab's keys"


@dataclass(frozen=True, slots=True)
class Client:
    """A terminal that is attached. `activity`: its last input, to the second; output and pastes do not move it."""

    name: str
    readonly: bool
    activity: datetime
    pane_id: str


def attach_command(socket: Path, session: str, read_only: bool = False) -> list[str]:
    """The command line that attaches. A read-only terminal types nothing and leaves the windows' size alone."""
    watch = ["-r"] if read_only else []
    return ["tmux", "-u", "-S", str(socket), "attach-session", *watch, "-t", f"={session}"]


def how_to_attach(socket: Path, session: str, environment: Mapping[str, str] | None = None) -> str:
    """The line a person can paste into a shell, with a warning line when that shell is inside another tmux."""
    command = shlex.join(attach_command(socket, session))
    nested = bool((os.environ if environment is None else environment).get("TMUX"))
    return f"env -u TMUX {command}\n({NESTED})" if nested else command


def attach(socket: Path, session: str, read_only: bool = False) -> NoReturn:
    """Become the attached terminal; does not return. Raises TerminalError inside the lab's own tmux."""
    outer = os.environ.get("TMUX", "")
    if outer and Path(outer.split(",")[0]).resolve() == socket.resolve():
        raise TerminalError("this terminal is in the lab already; C-b w lists its windows, C-b D is the dashboard")
    if outer:
        print(NESTED, file=sys.stderr)
    command = attach_command(socket, session, read_only)
    os.execvpe(command[0], command, {k: v for k, v in os.environ.items() if k not in ("TMUX", "TMUX_PANE")})


def clients(grid: Grid) -> list[Client]:
    """The terminals that are attached; programs in control mode are left out. [] when there is no server."""
    names = ("client_name", "client_readonly", "client_activity", "pane_id", "client_control_mode")
    answer = grid.tmux.ask(["list-clients", "-F", "\t".join(f"#{{{name}}}" for name in names)])
    if answer.server_gone:
        return []
    if answer.code != 0:
        raise TerminalError(f"tmux list-clients ended with {answer.code}: {answer.err.strip()}")
    rows = [line.split("\t") for line in answer.lines]
    return [
        Client(name, readonly == "1", datetime.fromtimestamp(int(activity), UTC), pane)
        for name, readonly, activity, pane, control in rows
        if control != "1"
    ]
