"""An api agent under test: its seat in a folder, the scripted server, and the agent either in this process or in a real
pane."""

import asyncio
import contextlib
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psutil
from seats import seat_in

from org.agents.api import options, play
from org.agents.api.agent import Agent
from org.agents.api.watcher import ApiWatcher
from org.agents.backend import Seat
from org.agents.observation import Observation
from org.agents.offline.pane import Mark
from org.comms import mailbox
from org.model.message import Kind, Message
from org.model.usage import Usage

KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
ROLE = "You are junior-1 of a test lab."
PRICE = 1e-5  # dollars a token


@dataclass
class Paper:
    """A face that keeps what is said."""

    said: list[tuple[Mark, str]] = field(default_factory=list)
    streamed: list[str] = field(default_factory=list)

    def say(self, mark: Mark, text: str) -> None:
        self.said.append((mark, text))

    def partial(self, text: str) -> None:
        self.streamed.append(text)

    def changed(self) -> None:
        pass

    @property
    def text(self) -> str:
        return "\n".join(text for _, text in self.said)


class HasUrls(Protocol):
    """A scripted server, or where one is."""

    @property
    def url(self) -> str: ...

    @property
    def openai_url(self) -> str: ...


def seat(folder: Path, provider: str, server: HasUrls, **entry: object) -> Seat:
    """A seat with a git worktree, a role, a mailbox, and a key for the server."""
    url = server.url if provider == "anthropic" else server.openai_url
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), KEYS[provider]: "test-key-1234"}
    made = seat_in(folder, environment=environment, backend="api", provider=provider, base_url=url, **entry)
    made.worktree.mkdir(parents=True, exist_ok=True)
    if not (made.worktree / ".git").exists():
        git(made.worktree, "init", "-q", "-b", "main")
        (made.worktree / "model.py").write_text("width = 64\n")
        git(made.worktree, "add", "-A")
        git(made.worktree, "commit", "-q", "-m", "a start")
    made.home.mkdir(parents=True, exist_ok=True)
    mailbox.make(made.mailbox)
    if not made.prompt.exists():
        made.prompt.write_text(ROLE)
    fake = folder / "org"
    reading = 'for f in "$BOX"/new/*; do [ -e "$f" ] && mv "$f" "$BOX/cur/" && cat "$BOX/cur/${f##*/}"; done'
    fake.write_text(f'#!/bin/sh\necho "org $*"\n{reading}\n')
    fake.chmod(0o755)
    return replace(made, org=(str(fake),), environment={**made.environment, "BOX": str(made.mailbox)})


def git(path: Path, *args: str) -> str:
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.invalid")
    return subprocess.run(["git", *identity, *args], cwd=path, capture_output=True, text=True, check=True).stdout.strip()


def letter(seat: Seat, id: str = "m1", subject: str = "a verdict", body: str = "Kept.") -> None:
    """Put a letter into the agent's mailbox."""
    mailbox.put(seat.mailbox, Message(id, "chief", seat.agent, Kind.NOTE, subject, body, datetime.now(UTC)))


def price(used: Usage) -> float | None:
    return PRICE * (used.input_tokens + used.output_tokens)


@dataclass
class Played:
    """An agent that runs in this process."""

    agent: Agent
    face: Paper
    seat: Seat
    watcher: ApiWatcher
    seen: list[Observation] = field(default_factory=list)

    def look(self) -> Observation:
        """What the office sees now; all looks are kept."""
        self.seen.append(self.watcher.look(lambda: "", datetime.now(UTC)))
        return self.seen[-1]

    @property
    def prompts(self) -> list[str]:
        self.look()
        return [prompt.text for seen in self.seen for prompt in seen.prompts]

    @property
    def usage(self) -> list[Usage]:
        self.look()
        return [used for seen in self.seen for used in seen.usage]

    def state(self) -> Observation:
        """The last state that was told."""
        self.look()
        return next((seen for seen in reversed(self.seen) if seen.state is not None), self.seen[-1])

    async def until(self, done: Callable[[], Any], seconds: float = 120) -> Any:
        """Wait for it while the agent runs."""
        deadline = time.monotonic() + seconds
        while not (found := done()):
            assert time.monotonic() < deadline, f"after {seconds} s: {self.face.text}"
            await asyncio.sleep(0.02)
        return found

    async def idle(self, seconds: float = 120) -> Observation:
        """Wait until it idles with nothing left to do."""
        await self.until(lambda: not self.agent.working and self.state().state == "idle", seconds)
        return self.state()


@asynccontextmanager
async def playing(at: Seat, cost: Callable[[Usage], float | None] = price) -> AsyncIterator[Played]:
    """The agent of a seat, running until the block ends."""
    told = options.read(at.entry)
    model = play.connect(told, at)
    face = Paper()
    agent = play.seated(at, told, model, face, cost)
    running = asyncio.create_task(agent.run())
    try:
        yield Played(agent, face, at, ApiWatcher(at))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await model.close()


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def lines(seat: Seat) -> list[dict[str, Any]]:
    """The whole lines of the transcript."""
    rows = []
    for line in (seat.home / play.CONVERSATION).read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            rows.append(json.loads(line))
    return rows
