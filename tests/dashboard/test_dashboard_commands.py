"""The palette has every verb, for everything it can be used on."""

from dataclasses import replace

import click
import ledgers
import pytest
from recorder import Recorder
from settling import eventually
from standing import Build, Running

from org.cli import main
from org.dashboard import commands
from org.dashboard.actions import ACTIONS, ELSEWHERE, Action
from org.dashboard.follower import Follower
from org.dashboard.screens.finder import Finder
from org.dashboard.state import LabState
from org.model import program
from org.model.agent import State
from org.store.layout import Layout


class Doing:
    """Remembers what was asked, as the words of the verb."""

    known = Recorder.known

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def act(self, action: Action, target: str = "") -> None:
        self.calls.append(action.line(target, tuple("words" for _ in action.fields)))

    def go(self, agent: str) -> None:
        self.calls.append(("go", agent))

    def answer(self, message_id: str, to: str, body: str) -> None:
        self.calls.append(("answer", message_id, to))

    def type(self, start: str = "") -> None:
        self.calls.append(("type", start))


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
    assert found["Pause junior-2"] == ("pause", "--reason", "words", "junior-2")
    assert found["Write to junior-2"] == ("send", "--", "junior-2", "words")
    assert found["Pause program attention"] == ("pause", "--reason", "words", "attention")
    assert found["Assign an agent to attention"] == ("program", "assign", "--", "attention", "words")
    assert found["Veto E11"] == ("veto", "--reason", "words", "E11")
    assert found["Pause the lab"] == ("pause", "--reason", "words")
    assert found["Standup now"] == ("standup", "now")
    assert next(iter(found.values()))[:3] == ("answer", "q-1", "chief")
    assert "Take over junior-3" not in found and "Hand back junior-1" not in found


def test_every_verb_of_org_is_in_the_palette(lab: Build) -> None:
    found = offered(read(lab()))
    for verb in set(main.VERBS) - ELSEWHERE:
        assert found[f"org {verb} …"] == ("type", f"{verb} ")
    assert {action.words[0] for action in ACTIONS} <= set(main.VERBS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_is_a_line_that_org_understands(action: Action) -> None:
    """Parsed by the verb itself, not run."""
    typed = tuple({"agent": "junior-1", "runs": "3", "hours": "2"}.get(field.name, "-5 % of it") for field in action.fields)
    verb, *rest = action.line("E1", typed)
    command = main.org.get_command(click.Context(main.org), verb)
    while isinstance(command, click.Group):
        command, rest = command.get_command(click.Context(command), rest[0]), rest[1:]
    assert command is not None
    command.make_context(verb, list(rest))


def test_what_is_paused_can_be_resumed(lab: Build) -> None:
    seen = read(lab())
    paused = replace(seen.agents[0], agent=replace(seen.agents[0].agent, state=State.PAUSED))
    halted = replace(seen.programs[0], program=replace(seen.programs[0].program, state=program.State.PAUSED))
    found = offered(replace(seen, paused="", agents=(paused,), programs=(halted,)))
    assert found["Resume chief"] == ("resume", "chief")
    assert found["Resume program optimizer"] == ("resume", "optimizer")
    assert found["Resume the lab"] == ("resume",)
    assert "Pause the lab" not in found


async def test_the_palette_calls_the_verb(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("ctrl+p")
        await eventually(visitor, lambda: isinstance(app.screen, Finder))
        await visitor.press(*"take", "space", *"junior-2")
        await visitor.press("down", "enter")  # there is one
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("takeover", "junior-2")]
