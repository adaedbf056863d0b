"""A Codex agent as observations: its hooks first, its rollouts second, its screen when both are silent.

Hooks and rollouts tell much of the same. Taken together in order of time they agree on the state; a prompt, which both
tell, counts once. The screen is asked for what neither tells: dialogs before the first prompt, requests that are tried
again, lines that wait behind a turn.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from org.agents.backend import Seat
from org.agents.codex import conversation, files, reports
from org.agents.codex import screen as shown
from org.agents.codex.rollout import Rollout
from org.agents.codex.step import Step
from org.agents.observation import NOTHING_NEW, Composer, Observation, Prompt
from org.agents.tail import Tail
from org.model.agent import Cause, State

NEARLY_FULL = 0.85  # share of the window; Codex compacts by itself a little later
LOOK_EVERY = timedelta(seconds=2)  # at a screen, while files are silent
LOOK_WHEN_IDLE_EVERY = timedelta(seconds=5)
SETTLED = timedelta(seconds=10)  # a box without a turn, silent for so long, is idle whatever was heard
NOTHING_KNOWN = timedelta(seconds=45)  # a program that was never heard and shows nothing known
STRANGER = timedelta(seconds=60)  # a hook's row waits so long for its rollout, to learn whose it is
COMPARED = 400  # characters of a prompt that tell it from another


@dataclass(slots=True)
class CodexWatcher:
    """Keeps where it read, and the state that was told last."""

    seat: Seat
    hooks: Tail = field(init=False)
    rollouts: dict[Path, Rollout] = field(default_factory=dict)
    pending: list[Step] = field(default_factory=list)  # hooks' steps of conversations that are not known yet
    told: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # prompts reported
    heard: dict[str, Counter[tuple[str, str, str]]] = field(default_factory=lambda: {"hook": Counter(), "rollout": Counter()})
    session: str = ""
    state: State | None = None
    state_at: datetime | None = None  # of the step that told it: the two sources are not read in the same moment
    cause: Cause = Cause.NONE
    reason: str = ""
    context: float = 0.0
    silent_since: datetime | None = None
    looked_at: datetime | None = None
    held_up_by: Cause = Cause.NONE  # what the last look at the screen showed
    queued: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.hooks = Tail(self.seat.hooks)

    def look(self, screen: Callable[[], str], now: datetime) -> Observation:
        """What is new since the last look."""
        steps = self._steps(now)
        if steps:
            self.silent_since, self.looked_at = None, now
            return self._observation(steps)
        self.silent_since = self.silent_since or now
        pace = LOOK_WHEN_IDLE_EVERY if self.state is State.IDLE else LOOK_EVERY
        if self.looked_at is not None and now - self.looked_at < pace:
            return NOTHING_NEW
        self.looked_at = now
        return self._seen(shown.read(screen()), now)

    def _steps(self, now: datetime) -> list[tuple[str, Step]]:
        """New steps of the pane's own conversations in order of time, each with its source."""
        for path in conversation.rollouts(files.home(self.seat)):
            if path not in self.rollouts:
                self.rollouts[path] = Rollout(path, self.seat.agent)
        found = [("rollout", step) for rollout in self.rollouts.values() for step in rollout.steps()]
        own = {r.session: r.own for r in self.rollouts.values() if r.own is not None}
        waiting = self.pending + [step for line in self.hooks.lines() if (step := reports.read(line))]
        found += [("hook", step) for step in waiting if own.get(step.session)]
        self.pending = [step for step in waiting if step.session not in own and now - step.at < STRANGER]
        return sorted(found, key=lambda pair: pair[1].at)

    def _observation(self, steps: list[tuple[str, Step]]) -> Observation:
        until, words, state = None, "", None
        prompts = [prompt for source, step in steps if (prompt := self._prompt(source, step))]
        for _, step in steps:
            words = step.words or words
            self.context = step.context if step.context is not None else self.context
            if step.state is not None and (self.state_at is None or step.at >= self.state_at):
                self.state_at = step.at
                state, self.cause, until, self.reason = step.state, step.cause, step.until, step.reason
        self.state = state or self.state
        self._keep(steps[-1][1].session)
        if state in (State.IDLE, State.WORKING) and self.cause is Cause.NONE and self.context >= NEARLY_FULL:
            self.cause = Cause.CONTEXT
        return Observation(
            state, self.cause if state else Cause.NONE, until, self.reason if state else "", words, self.session or None,
            self.context or None, steps[-1][1].at, tuple(prompts), usage=tuple(s.usage for _, s in steps if s.usage),
        )  # fmt: skip

    def _keep(self, session: str) -> None:
        """Remember a conversation that is new."""
        own = any(r.own and r.session == session for r in self.rollouts.values())
        if own and session != self.session:
            self.session = session
            conversation.remember(self.seat, session)

    def _prompt(self, source: str, step: Step) -> Prompt | None:
        """The prompt of this step, unless the other source told it before."""
        if step.prompt is None:
            return None
        key = (step.session, step.turn, " ".join(step.prompt.split())[:COMPARED])
        self.heard[source][key] += 1
        if self.heard[source][key] <= self.told[key]:
            return None
        self.told[key] += 1
        return Prompt(step.at, step.prompt, step.session)

    def _seen(self, view: shown.View, now: datetime) -> Observation:
        """What the screen tells beyond what was heard."""
        before, self.held_up_by = self.held_up_by, view.cause if view.busy else Cause.NONE
        new = tuple(line for line in view.queued if line not in self.queued)
        self.queued = view.queued
        assert self.silent_since is not None
        silent = now - self.silent_since
        if view.composer is Composer.DIALOG:
            return self._say(State.WAITING, view.cause, view.reason, new, again=True)
        if view.busy and view.cause is not Cause.NONE:
            return self._say(State.WAITING, view.cause, view.reason, new) if view.cause is before else self._only(new)
        if view.busy:
            return self._say(State.WORKING, Cause.NONE, "", new)
        if view.composer is Composer.UNKNOWN and self.state is None and silent > NOTHING_KNOWN:
            return self._say(State.WAITING, Cause.UNKNOWN, "nothing known is on its screen", new)
        if view.composer in (Composer.EMPTY, Composer.DRAFT) and self._lags() and silent > SETTLED:
            return self._say(State.IDLE, Cause.NONE, "", new)
        return self._only(new)

    def _lags(self) -> bool:
        """Whether the state that was told last ends with a box that takes keys."""
        closed = (Cause.PERMISSION, Cause.PERSON, Cause.UNKNOWN)
        return self.state in (None, State.WORKING) or (self.state is State.WAITING and self.cause in closed)

    def _say(self, state: State, cause: Cause, reason: str, queued: tuple[str, ...], again: bool = False) -> Observation:
        """A state, when it is another than the last; `again`: in any case, for the program may have been started anew.
        What was heard of the same state says it better."""
        if (state, cause) != (self.state, self.cause):
            self.state, self.cause, self.reason = state, cause, reason
        elif not again:
            return self._only(queued)
        return Observation(state, cause, reason=self.reason, queued=queued)

    def _only(self, queued: tuple[str, ...]) -> Observation:
        return Observation(queued=queued) if queued else NOTHING_NEW
