"""What a pane should be, what it is, and how tmux tells it. Agents' panes carry their agent in the option @org_agent."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from org.terminal import launch


@dataclass(frozen=True, slots=True)
class PaneSpec:
    """What an agent's pane should run. `env` is added to the server's; `window` is the window's name.

    `exit_status_path`: the file that gets the program's exit status when it ends. `keeps`: the variables of the server
    that its program sees beside `env` and the terminal's own; None: all of them. `fingerprint`: what the program was
    made from; another one means that the pane runs something outdated.
    """

    agent: str
    command: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    window: str = "grid-1"
    exit_status_path: Path | None = None
    keeps: Sequence[str] | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class PaneInfo:
    """An agent's pane as tmux has it. `pid` is the launcher's, whose only child is the program; `foreground` names the
    program in front. `exit_status` is None while it runs, and when a kill left no time to write it down.
    """

    agent: str
    pane_id: str
    dead: bool
    exit_status: int | None
    pid: int
    in_mode: bool
    title: str
    foreground: str
    session: str
    window_id: str
    window: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What `ensure` did, by agent. `left`: alive but not asked for, and not touched. `outdated`: adopted, but made from
    something else than its spec says now.
    """

    created: tuple[str, ...]
    adopted: tuple[str, ...]
    respawned: tuple[str, ...]
    left: tuple[str, ...]
    outdated: tuple[str, ...] = ()


_FIELDS = (
    "@org_agent", "pane_id", "pane_dead", "pane_dead_status", "pane_pid", "pane_in_mode", "pane_current_command",
    "session_name", "window_id", "window_name", "@org_exit", "@org_title", "@org_made_from",
)  # fmt: skip
FORMAT = "\t".join(f"#{{{name}}}" for name in _FIELDS)


def parse(line: str) -> PaneInfo:
    """One line of list-panes -F FORMAT; panes of no agent have agent ""."""
    got = dict(zip(_FIELDS, line.split("\t"), strict=True))
    dead = got["pane_dead"] == "1"
    return PaneInfo(
        agent=got["@org_agent"],
        pane_id=got["pane_id"],
        dead=dead,
        exit_status=_exit_status(got["@org_exit"], got["pane_dead_status"]) if dead else None,
        pid=int(got["pane_pid"] or 0),
        in_mode=got["pane_in_mode"] not in ("", "0"),
        title=got["@org_title"],
        foreground=got["pane_current_command"],
        session=got["session_name"],
        window_id=got["window_id"],
        window=got["window_name"],
        fingerprint=got["@org_made_from"],
    )


def words(spec: PaneSpec) -> list[str]:
    """The arguments with which split-window, new-window and respawn-pane start a pane's program."""
    names = {"PATH": launch.PATH}
    environment = [word for key, value in spec.env.items() for word in ("-e", f"{names.get(key, key)}={value}")]
    status = str(spec.exit_status_path.absolute()) if spec.exit_status_path else "-"
    kept = "*" if spec.keeps is None else ",".join((*spec.env, *spec.keeps))
    # -I: the pane's folder is a worktree, whose modules must not be imported in place of the library's.
    return ["-c", str(spec.cwd), *environment, sys.executable, "-I", "-S", launch.__file__, status, kept, *spec.command]


def marks(spec: PaneSpec, target: str) -> list[list[str]]:
    """The commands that say whose pane `target` is."""
    status = str(spec.exit_status_path.absolute()) if spec.exit_status_path else ""
    made_from = _set(target, "@org_made_from", spec.fingerprint)
    return [_set(target, "@org_agent", spec.agent), _set(target, "@org_exit", status), made_from]


def title(target: str, text: str) -> list[str]:
    """The command that sets the title in a pane's border."""
    return _set(target, "@org_title", shown(text))


def shown(text: str) -> str:
    """Text for a border or status line: one line, and no colour codes of tmux in it."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).replace("#[", "# [").strip()


def _set(target: str, option: str, value: str) -> list[str]:
    return ["set-option", "-p", "-t", target, option, value]


def _exit_status(file: str, from_tmux: str) -> int | None:
    for said in (Path(file).read_text("ascii") if file and Path(file).is_file() else "", from_tmux):
        if said.strip().isdigit():
            return int(said)
    return None
