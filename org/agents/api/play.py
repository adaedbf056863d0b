"""Puts an agent together from its seat and runs it in this terminal: what `org pane NAME` does for the backend api."""

import asyncio
import fcntl
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from org.agents.api import asking, options
from org.agents.api.agent import Agent
from org.agents.api.backend import INSTALL, missing_key
from org.agents.api.conversation import Conversation, Item
from org.agents.api.desk import Desk, Face
from org.agents.api.instructions import Role
from org.agents.api.letters import Letters
from org.agents.api.model import Model
from org.agents.api.options import Options
from org.agents.api.paths import Places
from org.agents.api.rows import Rows
from org.agents.api.tally import Cost, Tally
from org.agents.api.toolbox import Toolbox
from org.agents.api.transcript import Read, Transcript
from org.agents.api.turn import Turns
from org.agents.backend import Seat
from org.agents.offline.pane import Mark
from org.model.errors import ConfigError, OrgError

CONVERSATION, ALLOWANCE, LOCK = "conversation.jsonl", "allowance.json", "lock"
LOCK_SECONDS = 10.0  # for an earlier life that is just ending


def run(seat: Seat, cost: Cost, lock_seconds: float = LOCK_SECONDS) -> None:
    """Be this agent until the terminal is gone or the process is ended. ConfigError, at once, for what lacks; OrgError where
    after lock_seconds another process still is this agent."""
    told = options.read(seat.entry)
    model = connect(told, seat)
    with _alone(seat.home / LOCK, seat.agent, lock_seconds):
        asyncio.run(_run(seat, told, model, cost))


def connect(told: Options, seat: Seat) -> Model:
    """The provider's model. ConfigError where its SDK or key lacks."""
    key = seat.environment.get(told.key_env)
    if not key:
        raise ConfigError(f"agent {seat.agent}: {missing_key(told)}")
    try:
        if told.provider == "openai":
            from org.agents.api.responses import Responses

            return Responses(told, key)
        from org.agents.api.messages import Messages

        return Messages(told, key)
    except ImportError as error:
        raise ConfigError(f"agent {seat.agent}: backend api needs {error.name}; {INSTALL}") from error


def seated(
    seat: Seat, told: Options, model: Model, face: Face, cost: Cost, may_call: Callable[[], str | None] | None = None
) -> Agent:
    """The agent with its conversation as the transcript has it. may_call: see asking.py; default: the allowance file."""
    transcript = Transcript(seat.home / CONVERSATION)
    found = transcript.read()
    if found is None:
        found = Read(Conversation(str(uuid4())), (), ())
        transcript.begin(found.conversation.session)
    conversation = found.conversation
    rows = Rows(seat.hooks, seat.agent, conversation.session)
    desk = Desk(conversation, transcript, rows, face, Tally(seat.agent, cost), lambda: datetime.now(UTC), told.window)
    asker = asking.Asker(desk, model, may_call or (lambda: asking.allowance(seat.home / ALLOWANCE)), random.Random())
    agent = Agent(desk, asker, Letters(seat.mailbox), seat.hold)
    toolbox = Toolbox(places(seat), seat.org, seat.python, child_environment(seat, told), desk.take, face.partial)
    agent.turns = Turns(desk, asker, toolbox, Role(seat.prompt), agent.news, agent.held)
    for line in found.torn:
        face.say(Mark.BAD, line)
    _greet(desk, told, found.everything)
    agent.recover(found.everything)
    return agent


def places(seat: Seat) -> Places:
    """What the agent's own tools may touch: its worktree, and to read the lab's pages, runs and its letters."""
    comms = seat.mailbox.parent
    shown = (comms / "notebook", comms / "standups", comms / "runs", seat.mailbox / "new", seat.mailbox / "cur")
    return Places(seat.worktree, shown)


def child_environment(seat: Seat, told: Options) -> dict[str, str]:
    """What commands see: this pane's environment without the key."""
    return {
        **{name: value for name, value in seat.environment.items() if name != told.key_env and name != "TMUX"},
        "ORG_AGENT": seat.agent, "ORG_LAB": seat.lab, "GIT_PAGER": "cat", "PAGER": "cat", "TERM": "dumb",
        "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true",
    }  # fmt: skip


async def _run(seat: Seat, told: Options, model: Model, cost: Cost) -> None:
    from org.agents.api import screen

    agents: list[Agent] = []
    face = screen.Screen(lambda: datetime.now().astimezone(), lambda: bar(agents[0], seat, told) if agents else ("", ""))
    with face.opened():
        agents.append(seated(seat, told, model, face, cost))
        running = asyncio.create_task(agents[0].run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, running.cancel)
        try:
            await screen.together(face, agents[0], running)
        finally:
            await model.close()


def bar(agent: Agent, seat: Seat, told: Options) -> tuple[str, str]:
    """The two lines below the input box: what it does; what it costs."""
    said = agent.desk.status
    until = f" until {said.until.astimezone():%H:%M:%S}" if said.until else ""
    why = said.reason or (f"{said.cause.value}" if said.cause else "")
    queued = len(agent.desk.conversation.queued)
    parts = [seat.agent, said.state.value + until, why, f"{queued} typed, waiting" if queued else ""]
    parts.append("held by a person" if agent.held() else "")
    cost = f"{told.model} · context {100 * agent.desk.share:.0f} % of {told.window // 1000} k · {agent.desk.tally.words}"
    return " · ".join(filter(None, parts)), cost


def _greet(desk: Desk, told: Options, everything: tuple[Item, ...]) -> None:
    server = f" at {told.base_url}" if told.base_url else ""
    desk.face.say(Mark.NEXT, f"{told.model} ({told.provider}{server})")
    if everything:
        desk.face.say(Mark.NEXT, f"the conversation goes on after {len(everything)} steps")


@contextmanager
def _alone(path: Path, agent: str, seconds: float) -> Iterator[None]:
    """One process a conversation; an earlier one gets a while to end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + seconds
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise OrgError(f"another process plays {agent}; look for its pane, or end it first") from None
                time.sleep(0.1)
        yield
    finally:
        os.close(handle)
