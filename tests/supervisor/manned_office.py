"""An office whose junior-1 sits in a real pane, in which a tiny program stands for a coding agent's."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from laboratory import Laboratory
from tiny_backend import TinyBackend

from org import bootstrap
from org import config as configs
from org.model.message import Kind
from org.store import mail, nudges
from org.store.tables import AGENTS, NUDGES
from org.supervisor import hearing, leases, nudging
from org.supervisor import mail as mail_step
from org.supervisor.desk import Desk
from org.terminal.panes import PaneSpec

AGENT = "junior-1"


@dataclass
class Manned(Laboratory):
    """A laboratory whose junior-1 sits in a pane. offset moves the office's clock on."""

    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def seat(self, backend: TinyBackend) -> None:
        """Put junior-1 into a pane."""
        assert self.office.grid is not None
        entry = dict(configs.agent_names(self.lab.config))[AGENT]
        seat = bootstrap.seat(self.lab, AGENT, entry)
        self.office.desks[AGENT] = Desk(seat, backend, backend.watcher(seat))
        backend.prepare(seat)
        command = backend.pane_command(seat)
        self.office.grid.ensure([PaneSpec(AGENT, command.argv, command.cwd)])

    def letter(self, subject: str = "a thought", kind: Kind = Kind.NOTE, sender: str = "chief") -> None:
        self.offset += timedelta(milliseconds=1)  # the times of letters are their order
        with self.lab.ledger.transaction() as tx:
            mail.post(tx, sender, AGENT, kind, subject, "words", self.now())

    def step(self) -> None:
        """Mail, hearing, nudging: what the office does for its agents."""
        for part in (mail_step, hearing, nudging):
            part.step(self.office, self.now())

    def leases(self) -> None:
        assert self.office.grid is not None
        leases.step(self.office, self.office.grid.panes(), self.now())

    def nudge(self) -> Any:
        return nudges.last_of(self.lab.ledger.reader, AGENT)

    def all_nudges(self) -> list[Any]:
        return NUDGES.select(self.lab.ledger.reader, "ORDER BY id")

    def agent(self) -> Any:
        return AGENTS.get(self.lab.ledger.reader, AGENT)

    def prompts(self) -> list[str]:
        """What the program took up, in order."""
        return [e["prompt"] for e in self.events("UserPromptSubmit")]

    def events(self, name: str) -> list[dict[str, Any]]:
        hooks = self.lab.layout.hooks(AGENT)
        rows = [json.loads(line)["event"] for line in hooks.read_text().splitlines()] if hooks.exists() else []
        return [row for row in rows if row["hook_event_name"] == name]

    def type(self, text: str) -> None:
        """What a person types there (no terminal is attached, so nobody is seen at the pane)."""
        assert self.office.grid is not None
        self.office.grid.tmux.run(["send-keys", "-t", self.office.grid.find(AGENT).pane_id, "-l", text])

    def draft(self, text: str) -> None:
        """Type so much that the office sees it stand in the box."""
        self.type(text)
        self.eventually(lambda: f"box> {text}" in self.screen(), stepping=False)

    def screen(self) -> str:
        assert self.office.grid is not None
        return self.office.grid.screen(AGENT)

    def eventually(self, done: Callable[[], object], seconds: float = 120.0, stepping: bool = True) -> None:
        """Step until done() holds; or only look."""
        deadline = datetime.now(UTC) + timedelta(seconds=seconds)
        while not done():
            if stepping:
                self.step()
            assert datetime.now(UTC) < deadline, f"it took too long: {self.all_nudges()[-1:]} {self.agent()}"
