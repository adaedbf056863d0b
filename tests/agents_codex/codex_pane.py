"""The real Codex in a real pane of the grid, asking a scripted server, seen through the backend's own eyes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from models import ModelServer, Request, Turn
from seats import seat_in

from org.agents.backend import PaneCommand, Seat
from org.agents.codex.backend import Codex
from org.agents.codex.watcher import CodexWatcher
from org.agents.observation import Observation
from org.model.agent import State
from org.terminal import conf, delivery
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec

SECONDS = 120.0
KEY, KEY_NAME = "test-key-that-opens-nothing", "STUB_API_KEY"


def program() -> str:
    """The folder of the real program: below ORG_TEST_CLIS, else on PATH."""
    folder = os.environ.get("ORG_TEST_CLIS")
    path = f"{folder}/node_modules/.bin" if folder else os.environ.get("PATH", "")
    found = shutil.which("codex", path=path)
    if found is None:
        pytest.skip("codex is not installed; ORG_TEST_CLIS names a folder with node_modules/.bin")
    return str(Path(found).parent)


def eventually(ask: Callable[[], Any], seconds: float = SECONDS, told: Callable[[], object] = lambda: "") -> Any:
    """Wait until ask() is truthy and return it."""
    deadline = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < deadline, f"this never became true; {told()}"
        time.sleep(0.05)
    return found


@dataclass
class Pane:
    """One agent. seen: every observation so far, oldest first."""

    seat: Seat
    grid: Grid
    path: str
    backend: Codex = field(default_factory=Codex)
    seen: list[Observation] = field(default_factory=list)
    watcher: CodexWatcher = field(init=False)

    def __post_init__(self) -> None:
        self.watcher = self.backend.watcher(self.seat)

    def start(self, **environment: str) -> PaneCommand:
        """Prepare and run, as the office does it."""
        self.backend.prepare(self.seat)
        command = self.backend.pane_command(self.seat)
        self.run(command.argv, command, **environment)
        return command

    def run(self, argv: Sequence[str], command: PaneCommand, **environment: str) -> None:
        """Run argv in the agent's pane, in place of what runs there, with what command says besides."""
        self.grid.remember({name: value for name, value in {KEY_NAME: KEY}.items() if name in command.keeps})
        env = {"PATH": self.path, "HOME": str(self.seat.root.parent / "person"), **environment, **command.environment}
        spec = PaneSpec(self.seat.agent, argv, command.cwd, env, keeps=command.keeps)
        if self.grid.ensure([spec]).adopted:
            self.grid.respawn(self.seat.agent, spec, kill=True)

    def look(self) -> Observation:
        """One tick of the office."""
        seen = self.watcher.look(self.screen, datetime.now(UTC))
        if seen != Observation():
            self.seen.append(seen)
        return seen

    def until(self, done: Callable[[], Any], seconds: float = SECONDS) -> Any:
        """Tick until done() is truthy."""

        def ask() -> Any:
            self.look()
            return done()

        return eventually(ask, seconds, lambda: f"seen: {self.seen[-5:]}; screen:\n{self.screen()}")

    def until_state(self, state: State, since: int = 0) -> Observation:
        """Tick until a state is told, among the observations from number `since` on."""
        return self.until(lambda: next((o for o in self.seen[since:] if o.state is state), None))

    @property
    def prompts(self) -> list[str]:
        return [p.text for o in self.seen for p in o.prompts]

    @property
    def state(self) -> State | None:
        """The state that was told last."""
        return next((o.state for o in reversed(self.seen) if o.state), None)

    def screen(self) -> str:
        return self.grid.screen(self.seat.agent)

    def paste(self, line: str, submit: bool = True) -> None:
        told = delivery.paste_line(self.grid, self.seat.agent, line, submit=submit)
        assert told.delivered, told.reason

    def key(self, *keys: str) -> None:
        for key in keys:
            assert delivery.press_key(self.grid, self.seat.agent, key).delivered

    def literal(self, text: str) -> None:
        """Type text as a person does; the name of a key is that key."""
        is_key = len(text) > 1 and re.fullmatch(r"[CM]-.|F\d+|Escape|Enter|Left|Up|BTab|Tab|BSpace", text)
        pane = self.grid.find(self.seat.agent).pane_id
        self.grid.tmux.run(["send-keys", "-t", pane, *([] if is_key else ["-l"]), text])

    def kill(self) -> None:
        """kill -9 of the program's process group, wrapper and all."""
        pane = self.grid.find(self.seat.agent)
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pane.pid)], capture_output=True, text=True, check=True)
        os.killpg(int(children.stdout), signal.SIGKILL)
        eventually(lambda: self.grid.find(self.seat.agent).dead)


@contextmanager
def pane_of(agent: str, folder: Path, grid: Grid, server: ModelServer, **entry: Any) -> Iterator[Pane]:
    """An agent with a worktree of its own in folder's repository, not started yet."""
    root = folder / "repository"
    if not root.exists():
        (folder / "person").mkdir()
        git(folder, "init", "-q", "-b", "main", str(root))
        git(root, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "root")
    git(root, "worktree", "add", "-q", "-b", agent, str(root / "worktrees" / agent))
    path = os.pathsep.join((str(Path(sys.executable).parent), program(), os.environ["PATH"]))
    environment = {"PATH": path, "HOME": str(folder / "person"), KEY_NAME: KEY}
    told = {"model": "scripted", "base_url": server.openai_url, "key_env": KEY_NAME} | entry
    seat = seat_in(root, agent, environment, backend="codex", **told)
    seat.prompt.parent.mkdir(parents=True, exist_ok=True)
    seat.prompt.write_text(f"# Your role\nYou are {agent}, a junior. ROLE-{agent}-BEGINS\n")
    yield Pane(seat, grid, path)


@contextmanager
def grid_in_short_folder() -> Iterator[tuple[Path, Grid]]:
    """A grid of its own; pytest's folders are near the limit of a socket's path."""
    folder = Path(tempfile.mkdtemp(prefix="org-x-"))
    made = Grid(folder / "s", "lab", conf.write(folder / "conf", folder / "s", "demo", folder, ["true"]))
    try:
        yield folder, made
    finally:
        made.kill_server()
        shutil.rmtree(folder, ignore_errors=True)


def git(cwd: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True)


def anonymous(text: str, folder: Path) -> str:
    """Without this machine's paths, at the same width."""
    shown = str(folder)
    return re.sub(re.escape(shown), "/lab".ljust(len(shown), "b"), text)


def by_prompt(answers: dict[str, Turn | list[Turn]], then: Turn) -> Callable[[Request], Turn]:
    """Answers by a word of the newest prompt; a list is played one a request, its last repeated."""
    left = {word: list(turns) if isinstance(turns, list) else [turns] for word, turns in answers.items()}

    def answer(request: Request) -> Turn:
        for word, turns in left.items():
            if word in request.prompt:
                return turns.pop(0) if len(turns) > 1 else turns[0]
        return then

    return answer


def with_entry(seat: Seat, **changes: Any) -> Seat:
    """The seat with other keys in its entry."""
    return replace(seat, entry=seat.entry.model_copy(update=changes))
