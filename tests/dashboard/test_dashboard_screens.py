"""Every screen in terminals of three sizes, of labs with 0, 10 and 10,000 experiments and 1, 8 and 64 agents, as a person
reads it; and its colours, in three themes. After a change on purpose: pytest tests/dashboard --snapshot-update, then read the
difference.

One app a combination, for starting one costs most. Of the 27 combinations nine are quick: every two of ledger, agents, size
and theme meet in them; their dialogues are opened over ten experiments. Of the others only digests are kept: where one is
another than before, all their screens are printed."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import ledgers
import lived
import pytest
import screen
from recorder import Recorder
from settling import Visitor, eventually
from standing import Dashboard
from syrupy.assertion import SnapshotAssertion
from textual.geometry import Region
from textual.widgets import Input

from org.dashboard import keys, palette
from org.dashboard.app import VIEWS
from org.dashboard.screens.finder import Finder
from org.dashboard.screens.form import Form
from org.dashboard.screens.help import Help
from org.dashboard.screens.page import Page
from org.dashboard.screens.said import Said

LEDGERS, AGENTS, SIZES = (0, 10, 10_000), (1, 8, 64), ((80, 24), (160, 50), (320, 100))
THEMES = (palette.DARK.name, palette.LIGHT.name, "ansi-dark")
DIALOGUES = (
    (("question_mark",), Help, "On the selected agent"), (("ctrl+p",), Finder, "Standup now"),
    (("colon",), Form, "doctor"), (("b",), Form, "Write to everybody"), (("f",), Said, "done: findings"),
)  # fmt: skip


@dataclass(frozen=True)
class Combination:
    ledger: int
    agents: int
    size: tuple[int, int]
    theme: str
    quick: bool

    def __str__(self) -> str:
        return f"{self.ledger}-{self.agents}-{self.size[0]}x{self.size[1]}"


def combinations() -> list[Combination]:
    numbers = product(range(3), repeat=3)
    return [Combination(LEDGERS[a], AGENTS[b], SIZES[c], THEMES[(a + 2 * b) % 3], (a + b + c) % 3 == 0) for a, b, c in numbers]


def test_every_two_of_ledger_agents_size_and_theme_meet_in_the_quick_ones() -> None:
    parts = [(c.ledger, c.agents, c.size, c.theme) for c in combinations() if c.quick]
    assert len(parts) == 9
    for one, other in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)):
        assert len({(part[one], part[other]) for part in parts}) == 9


@pytest.mark.parametrize(
    "of", [pytest.param(c, marks=() if c.quick else pytest.mark.slow, id=str(c)) for c in combinations()]
)  # fmt: skip
async def test_every_screen_reads_as_it_did(
    of: Combination, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, snapshot: SnapshotAssertion
) -> None:
    layout = lived.copied(tmp_path_factory.getbasetemp() / "lived", tmp_path, of.ledger, of.agents)
    app = Dashboard(layout.ledger, layout, Recorder(), lived.config(layout), lambda: ledgers.NOW)
    shown, looked = {}, {}
    async with app.run_test(size=of.size) as pilot:
        visitor = Visitor(pilot)
        await eventually(visitor, lambda: app.looked)
        app.theme = of.theme
        await visitor.settled()
        async for name in screens(app, visitor, dialogues=of.ledger == 10 or not of.quick):
            shown[name] = "\n".join(screen.rows(app, of_dialogue(app)))
            looked[name] = screen.looks(app, of_dialogue(app))
    if of.quick:
        assert told(shown) == snapshot(name="words")
        assert told(looked) == snapshot(name="colours")
    else:
        print(told(shown))
        assert "\n".join(digest(name, shown[name] + looked[name]) for name in shown) == snapshot(name="digests")


def told(screens: dict[str, str]) -> str:
    return "\n".join(f"== {name}\n{words}" for name, words in screens.items())


def digest(name: str, words: str) -> str:
    return f"{name} {hashlib.sha256(words.encode()).hexdigest()[:16]}"


def of_dialogue(app: Dashboard) -> Region | None:
    """Where on the screen a dialogue lies; None: there is none."""
    found = app.screen.query(".sheet, .dialogue") if len(app.screen_stack) > 1 else ()
    return found.first().region if found else None


async def screens(app: Dashboard, visitor: Visitor, dialogues: bool) -> AsyncIterator[str]:
    """Open one screen after the other; the name of each while it is open."""
    for number, name in enumerate(keys.TABS, start=1):
        await visitor.press(str(number))
        children = [child for child in app.query_one(VIEWS[name]).children if child.display]
        assert children and all(app.screen.region.contains_region(child.region) for child in children)
        assert "q Quit" in screen.lines(app)[-1]
        yield name
        if name == "plot":
            for plot in ("effects", "compute", "devices"):
                await visitor.press("down")
                yield f"plot of {plot}"
    if not dialogues:
        return
    await visitor.press("2", "end", "enter")
    if isinstance(app.screen, Page):
        for part in ("page", "diff", "evidence"):
            yield part
            await visitor.press("tab")
        await visitor.press("escape")
    await visitor.press("1")
    for pressed, kind, words in DIALOGUES:
        await visitor.press(*pressed)
        await eventually(visitor, lambda kind=kind, words=words: isinstance(app.screen, kind) and words in screen.text(app))
        for field in app.screen.query(Input):
            field.cursor_blink = False
        await visitor.settled()
        yield f"behind {pressed[0]}"
        await visitor.press("escape")
