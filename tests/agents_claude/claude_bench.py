"""The real Claude Code in a real pane, with the scripted model server, a repository and a home of its own, and a watcher that
follows it as the office would."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from models import ModelServer, Request, Turn, say
from seats import seat_in

from org.agents.backend import Seat
from org.agents.claude import files, live
from org.agents.claude.backend import Claude
from org.agents.claude.watcher import ClaudeWatcher
from org.agents.observation import Composer, Observation
from org.model.agent import Cause, State
from org.supervisor import wake
from org.terminal import conf, delivery
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec

KEY = "test-key-0123456789012345678901234567890"


def clis() -> str | None:
    """The folder of the real programs: named by ORG_TEST_CLIS, else on PATH."""
    named = os.environ.get("ORG_TEST_CLIS")
    path = str(Path(named) / "node_modules" / ".bin") if named else None
    found = shutil.which("claude", path=path)
    return str(Path(found).parent) if found else None


@dataclass(slots=True)
class Plan:
    """The model: what it answers to a prompt that has these words in it, once; else `Done.`"""

    turns: dict[str, Turn] = field(default_factory=dict)
    always: Turn | None = None
    used: set[str] = field(default_factory=set)

    def __call__(self, request: Request) -> Turn:
        if self.always is not None:
            return self.always
        for words, turn in self.turns.items():
            if words in request.prompt and words not in self.used:
                self.used.add(words)
                return turn
        return say("Done.")


@dataclass(slots=True)
class Bench:
    """One agent. seen: all that its watcher told."""

    folder: Path
    grid: Grid
    server: ModelServer
    plan: Plan
    seat: Seat
    watcher: ClaudeWatcher
    more: Mapping[str, str] = field(default_factory=dict)  # of the pane's environment
    seen: list[Observation] = field(default_factory=list)

    def spec(self) -> PaneSpec:
        """What the pane runs now."""
        claude = Claude()
        claude.prepare(self.seat)
        wanted = claude.pane_command(self.seat)
        own = {"ORG_AGENT": self.seat.agent, "ORG_LAB": self.seat.lab, "CUDA_VISIBLE_DEVICES": "", "COLORTERM": "truecolor"}
        basics = {name: self.seat.environment[name] for name in ("HOME", "PATH", "IS_SANDBOX")}
        environment = {**own, **basics, **wanted.environment, **self.more}
        return PaneSpec(self.seat.agent, wanted.argv, wanted.cwd, environment, keeps=(*wanted.keeps, *basics))

    def start(self, until_idle: bool = True) -> None:
        """Open the pane, or start its program again."""
        self.grid.ensure([self.spec()])
        if until_idle:
            self.until(lambda: self.state == (State.IDLE, Cause.NONE) and bool(self.prompts))

    def look(self) -> Observation:
        """One look, remembered."""
        self.seen.append(self.watcher.look(lambda: self.screen, datetime.now(UTC)))
        return self.seen[-1]

    def until(self, true: Callable[[], object], seconds: float = 120) -> None:
        """Look until it is true."""
        deadline = time.monotonic() + seconds
        while not (self.look() and true()):
            assert time.monotonic() < deadline, f"{self.state} {self.prompts} {self.queued}\n{self.screen}"
            time.sleep(0.05)

    def stays(self, true: Callable[[], object], seconds: float) -> None:
        """Look for so long; it is true all the time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.look()
            assert true(), f"{self.state} {self.prompts}\n{self.screen}"
            time.sleep(0.1)

    @property
    def screen(self) -> str:
        return self.grid.screen(self.seat.agent)

    @property
    def state(self) -> tuple[State | None, Cause]:
        """The last state that was told."""
        return next(((o.state, o.cause) for o in reversed(self.seen) if o.state is not None), (None, Cause.NONE))

    @property
    def prompts(self) -> list[str]:
        return [prompt.text for o in self.seen for prompt in o.prompts]

    @property
    def queued(self) -> list[str]:
        return [text for o in self.seen for text in o.queued]

    @property
    def box(self) -> Composer:
        return Claude().composer(self.screen)

    @property
    def session(self) -> str | None:
        return self.seen[-1].session

    def idle(self) -> bool:
        return self.state[0] is State.IDLE

    def type(self, text: str) -> None:
        """As a person: words, then Enter."""
        self.draft(text)
        self.key("Enter")

    def draft(self, text: str) -> None:
        """Words that stay in the box."""
        pane = self.grid.find(self.seat.agent).pane_id
        self.grid.tmux.run(["send-keys", "-l", "-t", pane, text])
        self.until(lambda: text.lstrip("!")[-20:] in self.screen)

    def key(self, name: str) -> None:
        assert delivery.press_key(self.grid, self.seat.agent, name).delivered

    def paste(self, text: str) -> None:
        """As the office: one guarded line and Enter."""
        assert delivery.paste_line(self.grid, self.seat.agent, text, submit=False).delivered
        self.until(lambda: text in self.screen)
        assert self.box is Composer.DRAFT
        delivery.press_enter(self.grid, self.seat.agent)

    def wake(self, id: int, words: str = "1 new letter. Read it: org inbox") -> str:
        """As the office: a line for the hook."""
        wake.leave(self.seat.wake, id, f"ORG-{id}: {words}")
        return f"ORG-{id}: {words}"

    def claimed(self, id: int) -> bool:
        return wake.claimed(self.seat.wake, id)

    def pid(self) -> int:
        """The program's."""
        found = live.of(live.read(files.sessions(self.seat)), str(self.session))
        assert found is not None and found.alive
        return found.pid

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        os.kill(self.pid(), signal.SIGKILL)
        self.until(lambda: self.grid.find(self.seat.agent).dead)


def bench_in(
    folder: Path, server: ModelServer, plan: Plan, agent: str = "junior-1", grid: Grid | None = None, **entry: object
) -> Bench:
    """A bench in a folder with a short path. entry: keys of the agent's config entry."""
    root, home = folder / "repo", folder / "person"
    if not root.exists():
        home.mkdir()
        _repository(root)
    path = f"{clis()}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {"PATH": path, "HOME": str(home), "IS_SANDBOX": "1", "ANTHROPIC_API_KEY": KEY}
    told = {"backend": "claude", "base_url": server.url, "key_env": "ANTHROPIC_API_KEY", **entry}
    seat = seat_in(root, agent, environ, **told)
    git(root, "worktree", "add", "-q", "--no-track", "-b", agent, str(seat.worktree))
    seat.prompt.parent.mkdir(parents=True, exist_ok=True)
    seat.prompt.write_text(f"You are {agent}. THE-ROLE-OF-{agent}\n")
    made = grid or Grid(folder / "s", "lab", conf.write(folder / "conf", folder / "s", "demo", folder, ["true"]))
    bench = Bench(folder, made, server, plan, seat, Claude().watcher(seat))
    made.ensure([PaneSpec("office", ["sleep", "3600"], folder, window="office")])  # the server must stand to remember
    made.remember({"ANTHROPIC_API_KEY": KEY, "MY_OWN_KEY": "another-key"})
    return bench


def _repository(root: Path) -> None:
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / ".gitignore").write_text("comms/\nworktrees/\n")
    git(root, "add", ".")
    git(root, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "first")


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout
