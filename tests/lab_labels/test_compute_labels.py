"""What explains a kept change, from what its runs and its base's report that they spent."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from laboratory import git
from spending import BETTER, BIGGER, FASTER, MORE_COMPUTE, Change, Spender

from org.lab import settings
from org.model.experiment import Claim, State
from org.model.study import State as StudyState
from org.store import meta
from org.store.tables import EVENTS, MESSAGES

Labs = Callable[..., Spender]


@pytest.mark.parametrize(
    ("change", "label"),
    [
        (BIGGER, "explained by parameters"),
        (MORE_COMPUTE, "explained by compute"),
        (BETTER, "algorithm"),
        (FASTER, "systems"),
        (Change(gain=0.02), "algorithm"),
    ],
)
def test_a_kept_change_is_labelled_before_it_is_merged(labs: Labs, change: Change, label: str) -> None:
    lab = labs()
    made = lab.try_("junior-1", change, lr=0.3)
    lab.settle(made.id)
    found = lab.experiment(made.id)
    assert (found.state, found.label) == (State.MERGED, label), found.label_detail
    labelled = EVENTS.select(lab.lab.ledger.reader, "WHERE kind = 'experiment.labelled'")
    merged = EVENTS.select(lab.lab.ledger.reader, "WHERE kind = 'experiment.merged'")
    assert [e.subject for e in labelled] == [made.id] and labelled[0].id < merged[0].id
    assert found.label_detail["ratios"]["flops"] == pytest.approx(change.flops)
    assert bool(lab.curves()) is (change.flops != 1.0), "equal compute needs no curve"


def test_what_pairs_decided_at_equal_compute_is_an_algorithm_although_seeds_spread_wider(labs: Labs) -> None:
    lab = labs()
    made = lab.try_("junior-1", Change(gain=0.0006, paired=True), lr=0.3)
    lab.settle(made.id)
    found = lab.experiment(made.id)
    assert found.state is State.MERGED and found.decision["z"] < 1.64, "else the pool alone would have said it"
    assert found.label == "algorithm" and not lab.curves()


def test_a_simplification_is_matched_with_its_margin(labs: Labs) -> None:
    lab = labs()
    lab.edit("junior-1", {"fit/recipe.yaml": lambda text: text.replace("decay: 0.0", "decay: 0.01")})
    made = lab.propose("junior-1", claim=Claim.SIMPLIFY, margin=0.01)
    lab.changes[made.run_tree] = Change(gain=-0.002)
    lab.settle(made.id)
    found = lab.experiment(made.id)
    assert found.label == "algorithm" and "margin of 0.01" in found.label_detail["reason"], found.reason


def test_the_page_the_letters_and_the_table_say_the_label(labs: Labs, say: Callable[..., Result]) -> None:
    lab = labs()
    made = lab.try_("junior-1", BIGGER, lr=0.3)
    lab.settle(made.id)
    page = say(lab, "show", made.id).output
    line = next(line for line in page.splitlines() if line.startswith("**Label:**"))
    assert "explained by parameters" in line and "90 % from" in line and "no claim about learning" in line
    assert line in lab.lab.layout.page(made.id).read_text()
    assert "explained by parameters" in say(lab, "results").output
    assert json.loads(say(lab, "results", "--json").output)[0]["label"] == "explained by parameters"
    assert json.loads(say(lab, "show", made.id, "--json").output)["label_detail"]["ratios"]["parameters"] == pytest.approx(1.3)
    letter = MESSAGES.get(lab.lab.ledger.reader, f"verdict-{made.id}-merged-junior-1")
    assert "Label: explained by parameters" in letter.body
    assert "Label: explained by parameters" in git(lab.lab.layout.root, "log", "-1", "--format=%B", "org/test/program/free")


def test_a_curve_is_bought_once_and_shared_by_the_experiments_of_its_pool(labs: Labs) -> None:
    lab = labs()
    one, two = lab.try_("junior-1", BIGGER, lr=0.3), lab.try_("junior-2", MORE_COMPUTE, lr=0.4)
    lab.settle(one.id, two.id)
    first, second = lab.experiment(one.id), lab.experiment(two.id)
    assert first.label_detail["study"] == second.label_detail["study"] == "S1"
    assert [s.subject for s in lab.curves()] == ["pool-1"]
    assert sorted(r.budget for r in lab.curve_runs()) == ["140step", "140step", "70step", "70step"]
    pool_seeds = {r.seed for r in lab.runs(one.id)}
    assert not pool_seeds & {r.seed for r in lab.curve_runs()} and len({r.seed for r in lab.curve_runs()}) == 4
    assert lab.curves()[0].outcome["per_cent"] == pytest.approx(0.002, rel=0.3)


def test_when_the_head_moves_the_next_keep_gets_a_curve_of_the_new_pool(labs: Labs) -> None:
    lab = labs()
    one = lab.try_("junior-1", BIGGER, lr=0.3)
    lab.settle(one.id)
    lab.changes[lab.experiment(one.id).run_tree] = BIGGER
    two = lab.try_("junior-1", Change(flops=1.69, parameters=1.69), lr=0.5)
    lab.settle(two.id)
    assert lab.experiment(two.id).label == "explained by parameters"
    assert [s.subject for s in lab.curves()] == ["pool-1", "pool-2"]


def test_outside_the_curve_the_base_is_run_at_the_candidates_compute(labs: Labs) -> None:
    lab = labs()
    made = lab.try_("junior-1", Change(flops=2.0, parameters=2.1), lr=0.3)
    lab.settle(made.id)
    assert lab.experiment(made.id).label == "explained by parameters"
    assert [r.budget for r in lab.curve_runs()] == ["200step", "200step"]


def test_without_flops_nothing_is_matched_and_the_page_says_so(labs: Labs) -> None:
    lab = labs("{objective: flops}")
    lab.reports = False
    made = lab.try_("junior-1", Change(gain=0.02), lr=0.3)
    lab.settle(made.id)
    found = lab.experiment(made.id)
    assert (found.state, found.label) == (State.MERGED, "") and not lab.curves()
    assert "not matched for compute: the task reports no FLOPs" in lab.lab.layout.page(made.id).read_text()


def test_a_keep_waits_for_its_curve_in_nobodys_way(labs: Labs) -> None:
    lab = labs()
    waits, goes = lab.try_("junior-1", BIGGER, lr=0.3), lab.try_("junior-2", Change(gain=0.05), decay=0.01)
    lab.studies_wait = True
    lab.settle(goes.id)
    assert (lab.experiment(waits.id).state, lab.experiment(goes.id).state) == (State.QUEUED, State.MERGED)
    assert "**Label:** not known yet" in lab.lab.layout.page(waits.id).read_text()


@pytest.mark.parametrize(
    ("budget", "share", "scaled"),
    [("400step", 0.7, "280step"), ("2.9e12flop", 1.4, "4.06e12flop"), ("5e7tok", 0.7, "35000000tok"), ("300s", 0.7, "210s")],
)
def test_a_share_of_a_budget_is_in_its_own_unit(budget: str, share: float, scaled: str) -> None:
    assert settings.scaled(budget, share) == scaled


def test_a_curve_that_cannot_be_measured_leaves_a_keep_unmatched(labs: Labs) -> None:
    lab = labs()
    waits = lab.try_("junior-1", BIGGER, lr=0.3)
    lab.broken = lambda run: run.study is not None
    lab.settle(waits.id)
    found = lab.experiment(waits.id)
    assert lab.curves()[0].state is StudyState.FAILED and found.label == ""
    assert found.label_detail["reason"].startswith("not matched for compute: S1: crash")


def test_a_killed_office_buys_no_second_curve(labs: Labs, reopened: Callable[[Spender], Spender]) -> None:
    lab = labs()
    made = lab.try_("junior-1", BIGGER, lr=0.3)
    lab.until_bought()
    lab = reopened(lab)
    assert lab.experiment(made.id).state is State.QUEUED and not lab.experiment(made.id).label_detail
    lab.ticks(1)
    lab = reopened(lab)
    lab.settle(made.id)
    assert lab.experiment(made.id).label == "explained by parameters"
    assert len(lab.curves()) == 1 and len(lab.curve_runs()) == 4
    lab.lab.ledger.close()


def test_a_curve_of_a_changed_task_is_dropped_and_nobody_waits_for_it(labs: Labs) -> None:
    lab = labs()
    made = lab.try_("junior-1", BIGGER, lr=0.3)
    lab.studies_wait = True
    lab.until_bought()
    with lab.lab.ledger.transaction() as tx:
        meta.put(tx, "environment", "another")
    lab.ticks(3)
    assert lab.curves()[0].state is StudyState.CANCELLED
    assert all(r.state.value != "queued" for r in lab.curve_runs())
    found = lab.experiment(made.id)
    assert found.label == "" and "changed before" in found.label_detail["reason"]


def test_better_per_flop_but_slower_is_said_only_where_the_curve_is_there(labs: Labs) -> None:
    slower = Change(flops=0.85, tokens=0.85, gain=0.02)  # at 0.85 the curve loses 0.034; it loses 0.014
    lab = labs()
    before = lab.try_("junior-1", slower, lr=0.25)
    lab.settle(before.id)
    assert (lab.experiment(before.id).state, lab.experiment(before.id).label) == (State.DISCARDED, "")
    keeps = lab.try_("junior-1", BIGGER, lr=0.3)
    lab.until_bought()
    after = lab.try_("junior-2", slower, lr=0.21)
    lab.settle(keeps.id, after.id)
    found = lab.experiment(after.id)
    assert (found.state, found.pool, found.label) == (State.DISCARDED, 1, "better per FLOP, slower")
    assert "better per FLOP, slower" in MESSAGES.get(lab.lab.ledger.reader, f"verdict-{after.id}-discarded-junior-2").body
