"""The palette has every verb, for everything it can be used on."""

from dataclasses import replace

import ledgers
from recorder import Recorder
from settling import eventually
from standing import Build, Running
from textual.command import CommandPalette

from org.dashboard import commands
from org.dashboard.follower import Follower
from org.dashboard.state import LabState
from org.model import program
from org.model.agent import State
from org.store.layout import Layout


class Doing:
    """Remembers what was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def __getattr__(self, verb: str):  # type: ignore[no-untyped-def]
        return lambda *words: self.calls.append((verb, *words))


def read(layout: Layout) -> LabState:
    return Follower(layout.ledger, layout, ledgers.CONFIG, lambda: ledgers.NOW).look()


def offered(lab: LabState) -> dict[str, tuple[str, ...]]:
    do = Doing()
    found = list(commands.of(lab, do))
    for command in found:
        command.call()
    return dict(zip([command.title for command in found], do.calls, strict=True))


def test_every_verb_is_offered_for_every_agent(lab: Build) -> None:
    found = offered(read(lab()))
    assert found["Take over junior-1"] == ("takeover", "junior-1")
    assert found["Hand back junior-3"] == ("handback", "junior-3")
    assert found["Go to the pane of chief"] == ("go", "chief")
    assert found["Pause junior-2"] == ("pause", "junior-2")
    assert found["Pause program attention"] == ("pause", "attention")
    assert found["Pause the lab"] == ("pause", "lab")
    assert found["Standup now"] == ("standup_now",)
    assert next(iter(found.values()))[:3] == ("answer", "q-1", "chief")
    assert "Take over junior-3" not in found and "Hand back junior-1" not in found


def test_what_is_paused_can_be_resumed(lab: Build) -> None:
    seen = read(lab())
    paused = replace(seen.agents[0], agent=replace(seen.agents[0].agent, state=State.PAUSED))
    halted = replace(seen.programs[0], program=replace(seen.programs[0].program, state=program.State.PAUSED))
    found = offered(replace(seen, paused="", agents=(paused,), programs=(halted,)))
    assert found["Resume chief"] == ("resume", "chief")
    assert found["Resume program optimizer"] == ("resume", "optimizer")
    assert found["Resume the lab"] == ("resume", "lab")


async def test_the_palette_calls_the_verb(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("ctrl+p")
        await eventually(visitor, lambda: isinstance(app.screen, CommandPalette))
        await visitor.press(*"take", "space", *"junior-2")
        await visitor.press("down", "enter")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("takeover", "junior-2")]
