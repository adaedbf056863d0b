"""The plot as numbers."""

from dataclasses import replace

import ledgers
import pytest
from standing import Build

from org.dashboard import curve
from org.dashboard.curve import Curve, Dot, Stair
from org.dashboard.follower import Follower
from org.dashboard.state import LabState
from org.dashboard.widgets.curve_plot import corners, limits, row_beside
from org.model.experiment import VERDICTS, State
from org.store.layout import Layout
from org.store.reads import PoolValues


def read(layout: Layout) -> LabState:
    return Follower(layout.ledger, layout, ledgers.CONFIG, lambda: ledgers.NOW).look()


def test_every_verdict_is_a_dot_in_the_order_of_verdicts(lab: Build) -> None:
    seen = read(lab(60, 8))
    dots = curve.of(seen).dots
    assert [dot.x for dot in dots] == list(range(1, 61))
    assert {dot.state for dot in dots} <= VERDICTS
    assert all(dot.y is None for dot in dots if dot.state is State.FAILED)


def test_a_kept_experiment_moves_the_head_where_its_dot_is(lab: Build) -> None:
    seen = read(lab(60, 8))
    found = curve.of(seen, "optimizer")
    assert len(found.stairs) == 1 + sum(merge.program == "optimizer" for merge in seen.merges)
    merged = {dot.x for dot in found.dots if dot.state in (State.MERGED, State.CERTIFIED)}
    assert {stair.x for stair in found.stairs[1:]} == merged
    assert found.head is not None and found.root is not None and found.head < found.root


def test_a_head_is_worth_its_pool(lab: Build) -> None:
    seen = read(lab(60, 8))
    pool = next(p for p in seen.pools if p.tree == [m for m in seen.merges if m.program == "optimizer"][-1].tree)
    assert curve.of(seen, "optimizer").head == pytest.approx(sum(pool.values) / len(pool.values))


def test_a_head_without_a_pool_is_worth_what_was_merged(lab: Build) -> None:
    seen = read(lab(60, 8))
    merge = [m for m in seen.merges if m.program == "optimizer"][-1]
    poor = replace(seen, pools=tuple(pool for pool in seen.pools if pool.tree != merge.tree))
    value = next(point.metric for point in seen.points if point.id == merge.experiment)
    assert curve.of(poor, "optimizer").head == value


def test_all_programs_together_show_the_best_head(lab: Build) -> None:
    seen = read(lab(60, 8))
    heads = [curve.of(seen, line.program.slug).head for line in seen.programs]
    assert curve.of(seen).head == min(head for head in heads if head is not None)


def test_where_higher_is_better_the_best_head_is_the_highest(lab: Build) -> None:
    seen = read(lab(60, 8))
    up = replace(seen, setting=replace(seen.setting, higher_is_better=True))
    assert curve.of(up).root == max(curve.of(up, line.program.slug).root or 0.0 for line in up.programs)


def test_a_revert_takes_the_staircase_back_where_it_happened(lab: Build) -> None:
    seen = read(lab(60, 8))
    merge = [m for m in seen.merges if m.program == "optimizer"][-1]
    back = replace(merge, id=99, new=merge.old, tree="before", done_at=ledgers.NOW)
    root = PoolValues(99, "before", 0, (2.04, 2.06))
    found = curve.of(replace(seen, merges=(*seen.merges, back), pools=(*seen.pools, root)), "optimizer")
    assert found.stairs[-1] == Stair(len(found.dots), pytest.approx(2.05))


def test_a_lab_without_verdicts_is_an_empty_curve() -> None:
    found = curve.of(LabState())
    assert (found.dots, found.stairs, found.head) == ((), (), None)
    assert limits(found) == (0.0, 1.0)


def test_one_terrible_experiment_does_not_flatten_the_plot() -> None:
    dots = tuple(Dot(x, 2.0 + x / 1000, State.DISCARDED, f"E{x}") for x in range(1, 20))
    low, high = limits(Curve((*dots, Dot(20, 90.0, State.DISCARDED, "E20")), (), 0.001, False))
    assert low < 2.001 and high < 2.1


def test_a_staircase_is_drawn_with_corners_to_the_end() -> None:
    found = Curve((), (Stair(0, 2.0), Stair(5, 1.9)), 0.0, False)
    assert corners(found, 9) == ([0, 5, 5, 10], [2.0, 2.0, 1.9, 1.9])


@pytest.mark.parametrize("level", [0.03, 0.31, 0.5, 0.77, 0.97])
def test_the_noise_lies_in_other_rows_than_the_head(level: float) -> None:
    rows = 20
    own = round(level * (4 * rows - 1)) // 4
    above, below = (round(row_beside(level, side, rows, 0.0, 1.0) * (rows - 1)) for side in (1, -1))
    assert (above, below) == (own + 1, own - 1)
