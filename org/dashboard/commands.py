"""The command palette: every verb, for everything it can be used on right now; then every verb to be typed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from org.dashboard.actions import ACTIONS, Action, On, is_possible
from org.dashboard.state import LabState
from org.model.experiment import Experiment


class Actions(Protocol):
    """What a person can do; asker.Asker does it."""

    @property
    def known(self) -> Mapping[str, str]: ...

    def act(self, action: Action, target: str = "") -> None: ...

    def go(self, agent: str) -> None: ...

    def answer(self, message_id: str, to: str, body: str) -> None: ...

    def type(self, start: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Command:
    title: str
    help: str
    call: Callable[[], object]


def of(lab: LabState, do: Actions, selected: Experiment | None = None) -> Iterator[Command]:
    """In the order of need: answers, the lab, agents, programs, experiments that are open or selected, any verb."""
    for q in lab.questions:
        yield Command(f"Answer {q.asker}: {q.text[:50]}", "Answer this question", lambda q=q: do.answer(q.id, q.asker, q.text))  # type: ignore[misc]
    yield from _for(do, On.LAB, [("", lab)])
    agents = [(line.agent.name, line) for line in lab.agents]
    for name, _ in agents:
        yield Command(f"Go to the pane of {name}", "See it work", lambda name=name: do.go(name))  # type: ignore[misc]
    yield from _for(do, On.AGENT, agents)
    yield from _for(do, On.PROGRAM, [(line.program.slug, line.program) for line in lab.programs])
    open_ones = {line.experiment.id: line.experiment for line in lab.agents if line.experiment}
    known = ({selected.id: selected} if selected else {}) | open_ones
    yield from _for(do, On.EXPERIMENT, list(known.items()))
    for verb, what in do.known.items():
        yield Command(f"org {verb} …", what, lambda verb=verb: do.type(f"{verb} "))  # type: ignore[misc]


def _for(do: Actions, on: On, targets: Iterable[tuple[str, object]]) -> Iterator[Command]:
    for name, target in targets:
        for action in ACTIONS:
            if action.on is on and is_possible(action, target):
                title = action.title.replace("{}", name)
                yield Command(title, action.help, lambda action=action, name=name: do.act(action, name))  # type: ignore[misc]


def matching(commands: Sequence[Command], typed: str) -> list[Command]:
    """Those in which every word is found; first those whose titles have them as the beginnings of words."""
    words = typed.lower().split()
    ranked = [(_rank(command, words), command) for command in commands]
    return [command for rank, command in sorted((r for r in ranked if r[0] is not None), key=lambda r: r[0] or 0)]


def _rank(command: Command, words: Sequence[str]) -> int | None:
    """None: some word is nowhere."""
    title, help, rank = f" {command.title.lower()}", command.help.lower(), 0
    for word in words:
        if f" {word}" in title:
            continue
        if word not in title and word not in help:
            return None
        rank += 1 if word in title else 2
    return rank
