"""A pane as observations, from its screen alone: there are no hooks and no files to read.

A line of the organization counts as taken up when its token stands above the box and not in it. A person's line counts
when words that were seen in the box have left it and stand above. Both are what can be known from outside, no more: a
line typed and sent between two looks is missed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from org.agents.backend import Seat
from org.agents.command import screen as shown
from org.agents.command.program import Program
from org.agents.command.screen import View
from org.agents.observation import NOTHING_NEW, Composer, Observation, Prompt
from org.model.agent import Cause, State

TOKEN = re.compile(r"\bORG-([1-9]\d*)\b")
NOTHING_KNOWN = timedelta(seconds=45)  # a screen that shows nothing known for so long is told
COMPARED = 30  # characters of a person's line that are looked for
TOLD = "told"  # in the agent's home: the tokens that were reported, one a line
STARTED = "started"  # in the agent's home: it had a conversation


@dataclass(slots=True)
class ScreenWatcher:
    """Keeps the last screen, the last words in the box, and what was reported."""

    seat: Seat
    program: Program
    told: set[str] = field(default_factory=set)
    waits: set[str] = field(default_factory=set)  # tokens reported as queued
    text: str = ""
    draft: str = ""
    before: tuple[State, Cause] | None = None  # of the last look: a state counts when it is seen twice
    said: tuple[State, Cause] | None = None
    unknown_since: datetime | None = None

    def __post_init__(self) -> None:
        record = self.seat.home / TOLD
        if record.is_file():
            self.told.update(record.read_text(encoding="utf-8").split())

    def look(self, screen: Callable[[], str], now: datetime) -> Observation:
        """What the screen tells beyond the last look."""
        text = screen()
        view = shown.read(self.program.screen, text)
        moved, self.text = text != self.text, text
        prompts, queued = self._taken(view, now)
        if (typed := self._typed(view)) is not None:
            prompts.append(Prompt(now, typed))
        self.draft = view.draft if view.composer is Composer.DRAFT else ""
        state = self._state(view, moved, now)
        if not (moved or prompts or queued or state):
            return NOTHING_NEW
        if state and state[0] is not State.WAITING:
            (self.seat.home / STARTED).touch()
        return Observation(
            state[0] if state else None, state[1] if state else Cause.NONE, reason=view.reason if state else "",
            heard_at=now if moved else None, prompts=tuple(prompts), queued=tuple(queued),
        )  # fmt: skip

    def _state(self, view: View, moved: bool, now: datetime) -> tuple[State, Cause] | None:
        """The state, when this look and the last agree on it; again only when the screen moves."""
        found = _state_of(view)
        if found is None:
            self.before = self.said = None
            self.unknown_since = self.unknown_since or now
            return (State.WAITING, Cause.UNKNOWN) if now - self.unknown_since > NOTHING_KNOWN else None
        self.unknown_since = None
        agreed, self.before = found == self.before, found
        if not agreed or (found == self.said and not moved):
            return None
        self.said = found
        return found

    def _taken(self, view: View, now: datetime) -> tuple[list[Prompt], list[str]]:
        """Lines of the organization that left the box: into the conversation, or into a queue behind a turn."""
        queued = [line for line in view.queued if (t := TOKEN.search(line)) and t[1] not in self.told | self.waits]
        self.waits |= {t[1] for line in queued if (t := TOKEN.search(line))}
        waiting = {t for line in view.queued for t in TOKEN.findall(line)}
        prompts = []
        for line in view.above if view.composer is not Composer.UNKNOWN else ():
            new = [t for t in TOKEN.findall(line) if t not in self.told | waiting]
            if new:
                prompts.append(Prompt(now, line.strip()))
                self._remember(new)
        return prompts, queued

    def _remember(self, tokens: list[str]) -> None:
        self.told.update(tokens)
        self.seat.home.mkdir(parents=True, exist_ok=True)
        with (self.seat.home / TOLD).open("a", encoding="utf-8") as file:
            file.write("\n".join(tokens) + "\n")

    def _typed(self, view: View) -> str | None:
        """A person's words that were in the box and are in the conversation now."""
        words = self.draft
        if not words or TOKEN.search(words) or view.draft.startswith(words[:COMPARED]):
            return None
        return words if any(words[:COMPARED] in line for line in view.above[-40:]) else None


def _state_of(view: View) -> tuple[State, Cause] | None:
    if view.composer is Composer.UNKNOWN:
        return None
    if view.cause is not Cause.NONE:
        return State.WAITING, view.cause
    return (State.WORKING if view.busy else State.IDLE), Cause.NONE
