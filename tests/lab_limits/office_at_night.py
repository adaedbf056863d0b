"""Agents whose states, calls and clock a test sets; everything else of the lab is real."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from laboratory import Laboratory, make
from played import Played

from org.lab import post, schedule
from org.lab.spend import admission, spending
from org.model.agent import Agent, Cause, State
from org.model.message import Message
from org.model.usage import Usage
from org.store import agents, mail
from org.store.tables import AGENTS, MESSAGES
from org.supervisor.office import Office

AGENTS_OF_THE_NIGHT = """structure: chief
agents:
  - {role: chief_scientist, backend: claude, key_env: KEY_A, model: big-1}
  - {role: junior, name: ann, backend: claude, key_env: KEY_A, model: big-1}
  - {role: junior, name: bob, backend: claude, key_env: KEY_A, model: big-1}
  - {role: junior, name: cyd, backend: api, provider: openai, key_env: KEY_B, model: small-1}
  - {role: junior, name: dee, backend: offline}
"""
MINUTE = timedelta(minutes=1)


@dataclass
class Night(Played):
    """clock_at: what the test says the time is; it starts an hour from now, after everything that founding wrote."""

    clock_at: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(hours=1))
    keys: itertools.count = field(default_factory=itertools.count)  # type: ignore[type-arg]

    def now(self) -> datetime:
        return self.clock_at

    def later(self, **span: float) -> datetime:
        self.clock_at += timedelta(**span)
        return self.clock_at

    def agent(self, name: str) -> Agent:
        return AGENTS.get(self.lab.ledger.reader, name)

    def becomes(self, name: str, state: State, cause: Cause = Cause.NONE, until: datetime | None = None) -> None:
        with self.lab.ledger.transaction() as tx:
            agents.set_state(tx, name, state, self.now(), "", cause, until)

    def calls(self, name: str, tokens: int, model: str = "big-1", key: str | None = None) -> None:
        """One call of the agent's model, all of it input."""
        use = Usage(key or f"call-{next(self.keys)}", name, self.now(), model, input_tokens=tokens)
        with self.lab.ledger.transaction() as tx:
            spending.record(self.lab, tx, self.agent(name), [use], self.now())

    def letters(self, reader: str, words: str = "") -> list[Message]:
        """Letters of the office to that reader with these words in the subject."""
        found = mail.of_reader(self.lab.ledger.reader, reader)
        return [m for m in found if words in m.subject and m.sender == "office"]

    def reads_all(self, reader: str) -> None:
        """The agent reads its mail."""
        post.step(self.lab, self.now())
        with self.lab.ledger.transaction() as tx:
            for message in mail.of_reader(tx, reader, unread_only=True):
                MESSAGES.update(tx, message.id, delivered_at=message.delivered_at or self.now(), read_at=self.now())

    def configure(self, **parts: object) -> None:
        """The config with other values, as after `org start`."""
        self.office.lab = self.lab = replace(self.lab, config=self.lab.config.model_copy(update=parts))

    def limits(self, **most: object) -> None:
        self.configure(limits=self.lab.config.limits.model_copy(update=most))

    def own_limits(self, name: str, **most: object) -> None:
        entries = [
            e.model_copy(update={"limits": e.limits.model_copy(update=most)}) if e.name == name else e
            for e in self.lab.config.agents
        ]
        self.configure(agents=tuple(entries))

    def _play(self, office: Office, now: datetime) -> None:
        """As played, with the schedule's own question before each run."""
        if self.held or schedule.held(self.lab) is not None:
            return
        asked = admission.now(self.lab)
        for run in schedule._waiting(self.lab)[: len(self.lab.devices)]:
            if asked.refuses(run) is None:
                asked.take(run)
                self.start(run)
                self.end(run)


def make_night(folder: Path, configure: Callable[[str], str] = lambda text: text, **program: object) -> Night:
    """Found it, open a program, assign everybody; all mail so far is read."""

    def changed(text: str) -> str:
        head, _, rest = text.partition("structure: solo\nagents:\n  - {role: junior, backend: offline, count: 2}\n")
        assert rest
        return configure(head + AGENTS_OF_THE_NIGHT + rest)

    made: Laboratory = make(folder, configure=changed)
    night = Night(made.lab, made.office)
    night.program(**program)
    for name in ("chief", "ann", "bob", "cyd", "dee", "human"):
        night.reads_all(name)
        if name != "human":
            night.becomes(name, State.WORKING)
    return night
