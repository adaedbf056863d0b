"""The numbers of the plots, against ledgers whose answer is known by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import many
import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.lab import pictures
from org.lab.devices import reading
from org.lab.lab import Lab
from org.model.experiment import State
from org.model.merge import Kind, Merge
from org.model.merge import State as MergeState
from org.model.run import Purpose
from org.model.study import Kind as StudyKind
from org.model.study import State as StudyState
from org.model.study import Study
from org.plots import axes, compute, devices, effects, kinds, progress, stairs
from org.plots.devices import Stretch, Use
from org.plots.stairs import Moves
from org.plots.tried import Tried, decided
from org.store import reads
from org.store.reads import PoolValues
from org.store.tables import EXPERIMENTS, MERGES, RUNS, STUDIES

Ledgers = Callable[[int], Lab]
AT = datetime(2026, 3, 1, tzinfo=UTC)


def one(number: int, state: State, pool: int = 1, program: str = "a", metric: float | None = None) -> Tried:
    return Tried(f"E{number}", program, state, AT + timedelta(hours=number), pool, metric, f"change {number}", 0.1)


def merge(id: int, experiment: str, tree: str, hours: float, kind: Kind = Kind.MERGE, program: str = "a") -> Merge:
    at = AT + timedelta(hours=hours)
    return Merge(id, experiment, program, "ref", "o", "n", tree, MergeState.DONE, at, at, kind)


def steps(chosen: list[Tried], *merges: Merge, **studied: float) -> list[tuple[float, float, str]]:
    found = progress.build(chosen, Moves(merges, studied), POOLS, False)
    return [(stair.x, round(stair.level, 6), stair.why) for stair in found.stairs]


POOLS = [PoolValues(1, "base", 0, (1.0, 1.02)), PoolValues(2, "t2", 0, (0.9, 0.92))]


def test_the_staircase_begins_at_the_root_and_falls_with_each_merge() -> None:
    chosen = [one(1, State.DISCARDED, metric=1.1), one(2, State.MERGED, metric=0.9), one(3, State.DISCARDED, 2, metric=0.95)]
    found = progress.build(chosen, Moves((merge(1, "E2", "t2", 2),)), POOLS, False)
    assert [(s.x, s.level) for s in found.stairs] == [(0, 1.01), (2, 0.91)]
    assert found.root == 1.01 and found.head == 0.91
    assert [(d.y, d.kind) for d in found.dots] == [(1.1, kinds.DISCARDED), (0.9, kinds.MERGED), (0.95, kinds.DISCARDED)]
    assert found.sigma == pytest.approx(0.02 / 2**0.5)


def test_a_revert_moves_the_staircase_back_where_it_happened() -> None:
    chosen = [one(1, State.DISCARDED), one(2, State.REVERTED), one(3, State.DISCARDED), one(4, State.DISCARDED)]
    moves = merge(1, "E2", "t2", 2), merge(2, "E2", "base", 3.5, Kind.REVERT)
    assert steps(chosen, *moves) == [(0, 1.01, ""), (2, 0.91, ""), (3, 1.01, "E2 out")]


def test_a_revert_that_nobody_measured_yet_takes_back_what_its_merge_gained() -> None:
    chosen = [one(1, State.REVERTED), one(2, State.MERGED, metric=0.8)]
    moves = merge(1, "E1", "t2", 1), merge(2, "E2", "t3", 2), merge(3, "E1", "unmeasured", 3, Kind.REVERT)
    assert steps(chosen, *moves)[-1] == (2, 0.9, "E1 out")


def test_a_merge_without_a_pool_is_worth_what_its_runs_said() -> None:
    assert steps([one(1, State.MERGED, metric=0.87)], merge(1, "E1", "t9", 1))[-1] == (1, 0.87, "")


def test_a_stack_enters_the_labs_head_which_is_the_best_of_all_programs_together() -> None:
    chosen = [one(1, State.MERGED), one(2, State.DISCARDED, program="b"), one(3, State.DISCARDED)]
    moves = merge(1, "E1", "t2", 1), merge(2, "S4", "stacked", 2.5, Kind.STACK, "")
    assert steps(chosen, *moves, stacked=0.85) == [(0, 1.01, ""), (1, 0.91, ""), (2, 0.85, "stack S4")]
    assert steps(chosen, *moves) == [(0, 1.01, ""), (1, 0.91, "")], "nobody says what it is worth"


def test_a_program_that_begins_on_a_better_head_does_not_rewrite_the_past() -> None:
    chosen = [one(1, State.DISCARDED), one(2, State.DISCARDED), one(3, State.DISCARDED, 2, "late")]
    assert steps(chosen) == [(0, 1.01, ""), (3, 0.91, "late begins")]


def test_another_root_begins_where_a_person_gave_it() -> None:
    chosen = [one(1, State.DISCARDED), one(2, State.DISCARDED)]
    assert steps(chosen, merge(1, "c0ffee", "t2", 1.5, Kind.ROOT))[-1] == (1, 0.91, "new root")


def test_where_higher_is_better_the_head_of_all_programs_is_the_highest() -> None:
    found = progress.build([one(1, State.DISCARDED), one(2, State.MERGED, 2, "b")], Moves(), POOLS, True)
    assert found.head == 1.01


def test_a_lab_without_verdicts_has_an_empty_plot() -> None:
    found = progress.build([], Moves(), POOLS, False)
    assert (found.dots, found.stairs, found.head) == ((), (), None)


def test_only_what_has_a_verdict_is_a_dot_in_the_order_of_verdicts() -> None:
    late, early = replace(one(1, State.DISCARDED), at=AT + timedelta(hours=9)), one(2, State.MERGED)
    assert [t.id for t in decided([late, one(3, State.RACING), early, one(4, State.VETOED)])] == ["E2", "E1"]


def test_the_moves_of_the_ledger_are_those_of_heads_with_what_their_studies_measured(ledgers: Ledgers, tmp_path: Path) -> None:
    lab = many.opened(many.copied(tmp_path / "cache", tmp_path / "lab", 10))
    with lab.ledger.transaction() as tx:
        STUDIES.insert(tx, Study("S90", StudyKind.STACK, "E1", StudyState.DONE, "office", AT, plan={}))
        MERGES.insert(tx, merge(900, "S90", "stacked", 1, Kind.STACK, ""))
        run = replace(RUNS.select(tx, "WHERE purpose = 'race' LIMIT 1")[0], id="R9999", purpose=Purpose.STUDY, experiment=None,
                      pool=None, study="S90", tree="stacked", metric=1.5)  # fmt: skip
        RUNS.insert(tx, run)
    found = stairs.read(lab.ledger.reader)
    assert found.merges[-1].kind is Kind.STACK and found.studied == {"stacked": 1.5}
    assert stairs.read(lab.ledger.reader, "optimizer").merges == tuple(m for m in found.merges if m.program == "optimizer")


def test_head_against_root_comes_from_fresh_seeds_only(ledgers: Ledgers) -> None:
    lab = ledgers(700)
    found = progress.read(lab.ledger.reader, "val_bpb", False, "optimizer")
    assert found.fresh is not None and found.fresh.seeds == 8 and found.fresh.program == "optimizer"
    rows = lab.ledger.reader.execute(
        "SELECT tree, avg(metric) FROM runs WHERE purpose = 'fresh' AND program = 'optimizer' GROUP BY tree"
    ).fetchall()
    low, high = sorted(float(row[1]) for row in rows)
    assert (found.fresh.head, found.fresh.root) == pytest.approx((low, high))
    assert found.fresh.gain == pytest.approx(high - low) and 0 < found.fresh.se < 0.002
    assert found.head is not None and found.head != found.fresh.head


def test_head_and_root_are_compared_at_one_budget(tmp_path: Path) -> None:
    lab = many.opened(many.copied(tmp_path / "cache", tmp_path / "lab", 10))
    con, root = lab.ledger.reader, EXPERIMENTS.get(lab.ledger.reader, "E1")
    moves = Moves((merge(900, "E1", "the head", 1, program=root.program),))
    like = replace(RUNS.select(con, "WHERE purpose = 'race' LIMIT 1")[0], program=root.program, experiment=None, pool=None,
                   purpose=Purpose.FRESH)  # fmt: skip

    def run(number: int, tree: str, budget: str) -> None:
        with lab.ledger.transaction() as tx:
            RUNS.insert(tx, replace(like, id=f"R{number}", tree=tree, budget=budget, seed=number % 10, metric=number / 1000))

    for seed in (0, 1):
        run(9000 + seed, root.base_tree, "1step")
        run(9010 + seed, "the head", "2step")
    assert progress.fresh(con, moves, False) is None
    for seed in (0, 1):
        run(9020 + seed, root.base_tree, "2step")
    found = progress.fresh(con, moves, False)
    assert found is not None and (found.root, found.gain) == (pytest.approx(9.0205), pytest.approx(0.01))


def test_over_hours_a_dot_lies_where_the_lab_had_spent_so_much(ledgers: Ledgers) -> None:
    con = ledgers(700).ledger.reader
    found = progress.read(con, "val_bpb", False, None, "hours")
    xs = [d.x for d in found.dots]
    spent = con.execute("SELECT sum(total_seconds * gang) / 3600 FROM runs WHERE finished_at IS NOT NULL").fetchone()[0]
    assert xs == sorted(xs) and 0 < xs[0] < 3 and 0.9 * spent < xs[-1] <= spent


def test_a_certified_effect_is_told_by_its_fresh_runs_and_misses_come_by_their_z(ledgers: Ledgers) -> None:
    found = effects.read(ledgers(700).ledger.reader, "val_bpb")
    certified = [e for e in found.effects if e.kind is kinds.CERTIFIED]
    assert certified and all(e.fresh is not None and e.best is e.fresh for e in certified)
    gains = [e.best.gain for e in certified]
    assert gains == sorted(gains, reverse=True)
    missed = [e for e in found.effects if e.kind not in (kinds.CERTIFIED, kinds.MERGED)]
    zs = [e.raced.gain / e.raced.se for e in missed]
    assert len(missed) == effects.MISSES and zs == sorted(zs, reverse=True) and found.more_missed > 0
    assert all(e.fresh is None and e.raced.low < e.raced.gain < e.raced.high for e in missed)


def test_the_curve_is_the_one_that_labels_use(ledgers: Ledgers) -> None:
    lab = ledgers(700)
    found = compute.read(lab.ledger.reader, "val_bpb", False, lab.protocol)
    assert found.curve and not found.why and len(found.base) == 8 and len(found.others) == 4
    at_one = min(found.curve, key=lambda b: abs(b.flops - many.FLOPS))
    assert at_one.y == pytest.approx(sum(p.y for p in found.base) / 8, abs=3 * many.SIGMA)
    assert found.curve[0].y > at_one.y > found.curve[-1].y and all(b.se > 0 for b in found.curve)
    assert found.candidates and all(c.se > 0 for c in found.candidates)


def test_of_one_experiment_only_itself_is_shown_beside_its_own_baseline(ledgers: Ledgers) -> None:
    lab = ledgers(700)
    found = compute.read(lab.ledger.reader, "val_bpb", False, lab.protocol, experiment="E5")
    assert [c.experiment for c in found.candidates] == ["E5"]
    assert found.pool == reads.named_experiments(lab.ledger.reader, ["E5"])[0].pool


def test_without_flops_the_plot_says_why_it_is_empty(ledgers: Ledgers) -> None:
    lab = ledgers(0)
    assert compute.read(lab.ledger.reader, "val_bpb", False, lab.protocol).why == compute.NO_RUN


def test_every_stretch_of_a_device_is_drawn_once_and_idleness_has_its_cause(ledgers: Ledgers) -> None:
    lab = ledgers(700)
    found: devices.Timeline = pictures.devices_of(lab, many.NOW, many.NOW - timedelta(hours=6)).numbers
    assert [row.device for row in found.rows] == [f"cuda:{n}" for n in range(8)]
    for row in found.rows:
        times = sorted((s.begin, s.end) for s in row.stretches)
        assert all(a[1] <= b[0] for a, b in pairwise(times))
        assert row.busy is not None and 0 < row.busy <= 1
        assert all(gap.cause for gap in row.idle)
    runs = lab.ledger.reader.execute(
        "SELECT count(*) FROM runs WHERE started_at < ? AND (finished_at > ? OR state = 'running')",
        (many.NOW.isoformat(), (many.NOW - timedelta(hours=6)).isoformat()),
    ).fetchone()[0]
    assert sum(s.runs for row in found.rows for s in row.stretches) == runs


def test_a_timeline_does_not_begin_before_the_lab(ledgers: Ledgers) -> None:
    lab = ledgers(10)
    first = reading.began(lab.ledger.reader)
    assert pictures.devices_of(lab, many.NOW, many.NOW - timedelta(days=30)).numbers.since == first
    assert pictures.devices_of(lab, many.NOW).numbers.since == first


def test_neighbours_of_one_use_become_one_stretch() -> None:
    minute = timedelta(minutes=1)
    runs = [Stretch(AT + n * 5 * minute, AT + (n * 5 + 4) * minute, Use.RACE if n < 3 else Use.STUDY, 1) for n in range(4)]
    found = devices.joined(runs, 2 * minute)
    assert [(s.use, s.runs) for s in found] == [(Use.RACE, 3), (Use.STUDY, 1)]
    assert found[0].end == AT + 14 * minute
    assert len(devices.joined(runs, minute / 2)) == 4


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_ticks_are_round_and_inside(low: float, width: float, count: int) -> None:
    found = axes.ticks(low, low + width, count)
    assert len(found) <= count + 2
    slack = 1e-6 * width + 1e-12 * abs(low)  # what a double can tell apart
    assert all(low - slack <= t <= low + width + slack for t in found)


def test_ticks_and_their_words_by_hand() -> None:
    assert axes.ticks(0.0, 10.0, 5) == [0, 2, 4, 6, 8, 10]
    marks = axes.ticks(1.991, 2.004, 7)
    assert [axes.label(m, marks) for m in marks] == ["1.992", "1.994", "1.996", "1.998", "2.000", "2.002", "2.004"]


def test_the_worst_tenth_does_not_stretch_the_axis() -> None:
    low, high = axes.limits([*[1.0 + n / 100 for n in range(19)], 9.0], [1.0], 0.01, False)
    assert low < 1.0 and 1.17 < high < 1.4
    low, high = axes.limits([*[1.0 + n / 100 for n in range(19)], -9.0], [1.0], 0.01, True)
    assert 0.8 < low < 1.0
