"""What an offline agent has in hand. The ledger is for reading only; every change goes through a verb."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from org.agents import hooks
from org.agents.offline import recipe
from org.agents.offline.pane import Mark, Pane
from org.agents.offline.recipe import Value
from org.agents.verbs import Answer, Verbs
from org.agents.worktree import Worktree
from org.comms import mailbox
from org.model.agent import Agent, Control, State
from org.model.message import HUMAN, Message
from org.store import agents, meta
from org.store.layout import Layout
from org.store.ledger import Ledger
from org.store.tables import AGENTS

CHIEF = "chief"  # what the role of a chief starts with
DOUBTED = frozenset({State.STARTING, State.STALLED, State.CRASHED})


@dataclass(slots=True)
class Desk:
    """One agent's tools. recipe_path: of the recipe inside the worktree. clock: aware UTC."""

    name: str
    layout: Layout
    ledger: Ledger
    org: Verbs
    worktree: Worktree
    pane: Pane
    recipe_path: str
    clock: Callable[[], datetime]
    reported: tuple[State, str, bool] | None = None
    complained: set[str] = field(default_factory=set)
    recipes: dict[str, Mapping[str, Value] | None] = field(default_factory=dict)

    @property
    def con(self) -> sqlite3.Connection:
        """For SELECTs."""
        return self.ledger.reader

    @property
    def box(self) -> Path:
        return self.layout.mailbox(self.name)

    def me(self) -> Agent:
        return AGENTS.get(self.con, self.name)

    def is_held(self) -> bool:
        """A person has the pane, or asked for it: nothing new is started."""
        return self.me().control is not Control.AGENT

    def is_paused(self) -> bool:
        """`org pause` named this agent: mail is answered, nothing new is started."""
        return self.me().state is State.PAUSED

    def is_chief(self) -> bool:
        return self.me().role.startswith(CHIEF)

    def chief(self) -> str:
        """Who directs this agent: the chief, or the person where there is none (and for the chief)."""
        chiefs = [a.name for a in agents.everyone(self.con) if a.role.startswith(CHIEF) and a.name != self.name]
        return chiefs[0] if chiefs else HUMAN

    def lab_pause(self) -> str:
        """Why the whole lab starts nothing new; empty when it does."""
        if reason := meta.get(self.con, "paused"):
            return f"the lab is paused: {reason}"
        if meta.get(self.con, "stopping"):
            return "the lab is stopping"
        return meta.get(self.con, "disk_low") or ""

    def recipe_at(self, commit: str) -> Mapping[str, Value] | None:
        """The recipe's values at a commit; None when it is not there."""
        if commit not in self.recipes:
            text = self.worktree.show(commit, self.recipe_path)
            self.recipes[commit] = None if text is None else recipe.values(text)
        return self.recipes[commit]

    def report(self, state: State, words: str) -> None:
        """Say in the hooks file what this agent does; the same again only when the lab thinks otherwise (a restart)."""
        doubted = self.me().state in DOUBTED
        if self.reported != (state, words, doubted):
            hooks.append(self.layout.hooks(self.name), hooks.Report(self.clock(), self.name, state, words))
            self.reported = (state, words, doubted)

    def mail(self) -> tuple[Message, ...]:
        """Unread mail, oldest first; a bad file is told once and never holds up the others."""
        found = mailbox.unread(self.box)
        for sentence in found.bad:
            self.complain(f"a message cannot be read: {sentence}")
        return found.messages

    def archive(self, message: Message) -> None:
        """After the turn that the message caused is saved."""
        mailbox.archive(self.box, message.id)

    def reply(self, message: Message, text: str) -> Answer:
        """Answer a message, and say so when the answer was refused."""
        answer = self.org("reply", message.id, text)
        if not answer.done:
            self.pane.say(Mark.BAD, f"the reply to {message.id} was refused: {answer.reason}")
        return answer

    def complain(self, sentence: str) -> None:
        """Say something in the pane once."""
        if sentence not in self.complained:
            self.complained.add(sentence)
            self.pane.say(Mark.BAD, sentence)
