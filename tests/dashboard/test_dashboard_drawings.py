"""The plots of the dashboard are those of `org plot`, read again only where something happened that they show."""

import json
from collections.abc import Iterator
from datetime import timedelta

import ledgers
import pytest
from standing import Build

from org.dashboard import drawings
from org.dashboard.drawings import Drawings
from org.dashboard.follower import Follower, setting_of
from org.dashboard.state import Asked, LabState, Plot, Wanted
from org.lab.devices import drawn
from org.model import experiment
from org.model.experiment import State
from org.plots import compute, effects, progress
from org.plots.cells import TERMINAL
from org.store import experiments, ledger, meta
from org.store.ledger import Ledger

SETTING = setting_of(ledgers.CONFIG)


@pytest.fixture
def book(lab: Build) -> Iterator[Ledger]:
    found = ledger.open_existing(lab(60, 8).ledger)
    yield found
    found.close()


def follower(book: Ledger) -> Follower:
    layout = ledgers.layout_of(book.path.parents[1])
    return Follower(book.path, layout, ledgers.CONFIG, lambda: ledgers.NOW)


def look(looking: Follower, asked: Asked) -> LabState:
    return looking.look(wanted=Wanted("plot", asked=asked))


@pytest.mark.parametrize("program", [None, "optimizer"])
def test_a_plot_is_the_one_of_org_plot(book: Ledger, program: str | None) -> None:
    looking, con = follower(book), book.reader
    wanted = {
        Plot.PROGRESS: progress.read(con, "val_bpb", False, program),
        Plot.EFFECTS: effects.read(con, "val_bpb", program),
        Plot.COMPUTE: compute.read(con, "val_bpb", False, SETTING.protocol, program),
        Plot.DEVICES: drawn.timeline(con, [f"cuda:{n}" for n in range(8)], ledgers.NOW),
    }
    for plot, numbers in wanted.items():
        picture = look(looking, Asked(plot, program)).picture
        assert picture is not None and picture.asked == Asked(plot, program) and picture.numbers == numbers


def test_the_curve_of_the_overview_is_the_progress_of_all_programs(book: Ledger) -> None:
    seen = follower(book).look()
    assert seen.curve == progress.read(book.reader, "val_bpb", False)
    assert seen.curve.head is not None and len(seen.curve.dots) == 60


def test_a_heartbeat_leaves_the_plot_and_a_verdict_changes_it(book: Ledger) -> None:
    looking, asked = follower(book), Asked()
    before = look(looking, asked).picture
    with book.transaction() as con:
        meta.put(con, "supervisor_seen_at", (ledgers.NOW + timedelta(seconds=1)).isoformat())
        experiments.move(con, "E61", experiment.Event.PARK, ledgers.NOW)
        experiments.move(con, "E61", experiment.Event.RACE, ledgers.NOW)
    assert look(looking, asked).picture is before, "it races as it did"
    with book.transaction() as con:
        experiments.move(con, "E61", experiment.Event.DISCARD, ledgers.NOW, reason="futile")
    after = look(looking, asked).picture
    assert before is not None and after is not None
    assert len(after.numbers.dots) == len(before.numbers.dots) + 1


@pytest.mark.parametrize("plot", [Plot.PROGRESS, Plot.EFFECTS, Plot.COMPUTE])
def test_a_config_that_was_applied_meanwhile_is_drawn(book: Ledger, plot: Plot) -> None:
    """Another metric, and another direction of it."""
    looking, task = follower(book), {"metric": "accuracy", "direction": "max"}
    before = look(looking, Asked(plot))
    with book.transaction() as con:
        meta.put(con, "config", json.dumps(ledgers.CONFIG | {"task": task}))
    after = look(looking, Asked(plot))
    assert before.picture is not None and after.picture is not None
    assert (before.picture.numbers.metric, after.picture.numbers.metric) == ("val_bpb", "accuracy")
    assert look(looking, Asked(plot)).picture is after.picture


def test_what_is_drawn_again_is_what_reading_everything_gives(book: Ledger) -> None:
    kept = Drawings()
    for number in range(3):
        seen = follower(book).look()
        again = kept.curve(book.reader, SETTING, seen.points, seen.moves, seen.pools)
        assert again == seen.curve and again is kept.curve(book.reader, SETTING, seen.points, seen.moves, seen.pools)
        with book.transaction() as con:
            move = next(e for e in seen.points if e.state is State.RACING)
            experiments.move(con, move.id, experiment.Event.DISCARD, ledgers.NOW, reason=f"{number}")


@pytest.mark.parametrize("plot", Plot)
@pytest.mark.parametrize(("width", "height"), [(78, 18), (158, 43), (318, 93), (20, 4)])
def test_a_plot_fits_its_tab(book: Ledger, plot: Plot, width: int, height: int) -> None:
    seen = look(follower(book), Asked(plot))
    assert seen.picture is not None
    found = drawings.lines(seen.picture, seen, width, height, TERMINAL)
    assert found and (height < 18 or len(found) <= height)
    small = drawings.small(seen.curve, width, height, TERMINAL)
    assert small


def test_a_lab_without_verdicts_says_when_the_first_dot_comes(lab: Build) -> None:
    seen = follower(ledger.open_existing(lab(0, 1).ledger)).look()
    assert "No verdicts yet" in drawings.small(seen.curve, 60, 9, TERMINAL)[0].plain
