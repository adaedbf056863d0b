"""The command palette: every verb, for everything it can be used on right now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from org.dashboard.state import AgentLine, LabState
from org.dashboard.verbs import LAB
from org.model.agent import Control, State
from org.model.program import State as ProgramState


class Actions(Protocol):
    """What a person can do; asker.Asker does it."""

    def takeover(self, agent: str) -> None: ...

    def handback(self, agent: str) -> None: ...

    def pause(self, target: str) -> None: ...

    def resume(self, target: str) -> None: ...

    def go(self, agent: str) -> None: ...

    def answer(self, message_id: str, to: str, body: str) -> None: ...

    def standup_now(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Command:
    title: str
    help: str
    call: Callable[[], None]


def of(lab: LabState, do: Actions) -> Iterator[Command]:
    """In the order of need: answers, the lab, agents, programs."""
    for q in lab.questions:
        yield Command(f"Answer {q.asker}: {q.text[:50]}", "Answer this question", lambda q=q: do.answer(q.id, q.asker, q.text))  # type: ignore[misc]
    yield Command("Standup now", "Ask everybody for a section and write today's page", do.standup_now)
    if lab.paused is None:
        yield Command("Pause the lab", "No new run starts; running runs finish", lambda: do.pause(LAB))
    else:
        yield Command("Resume the lab", "Runs start again", lambda: do.resume(LAB))
    for line in lab.agents:
        yield from _of_agent(line, do)
    for program in lab.programs:
        slug = program.program.slug
        if program.program.state is ProgramState.OPEN:
            yield Command(f"Pause program {slug}", "None of its experiments starts", lambda s=slug: do.pause(s))  # type: ignore[misc]
        elif program.program.state is ProgramState.PAUSED:
            yield Command(f"Resume program {slug}", "Its experiments go on", lambda s=slug: do.resume(s))  # type: ignore[misc]


def _of_agent(line: AgentLine, do: Actions) -> Iterator[Command]:
    name = line.agent.name
    if line.agent.control is not Control.HUMAN:
        yield Command(f"Take over {name}", "Hold its mail and nudges; its pane is yours", lambda: do.takeover(name))
    if line.agent.control is not Control.AGENT:
        yield Command(f"Hand back {name}", "It gets one message on what you did", lambda: do.handback(name))
    yield Command(f"Go to the pane of {name}", "See it work", lambda: do.go(name))
    if line.agent.state is State.PAUSED:
        yield Command(f"Resume {name}", "It goes on", lambda: do.resume(name))
    else:
        yield Command(f"Pause {name}", "It starts nothing new", lambda: do.pause(name))
