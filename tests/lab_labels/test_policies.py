"""What a kept and labelled change must still pass: the program's objective, and whether it is worth its code."""

from collections.abc import Callable

import pytest
from spending import BETTER, BIGGER, FASTER, Change, Spender

from org.lab.drift import freezing
from org.lab.drift.freezing import Freeze
from org.lab.guiding import decisions
from org.model.errors import ConfigError
from org.model.experiment import Experiment, State
from org.store import meta
from org.store.tables import MESSAGES

Labs = Callable[..., Spender]
MERGED, NOT = State.MERGED, State.NOT_MERGED


@pytest.mark.parametrize(
    ("config", "brief", "change", "state"),
    [
        ("time", "", BIGGER, MERGED),
        ("flops", "", BIGGER, NOT),
        ("flops", "", BETTER, MERGED),
        ("flops", "", FASTER, NOT),
        ("both", "", FASTER, MERGED),
        ("both", "", BIGGER, NOT),
        ("flops", "time", BIGGER, MERGED),
        ("time", "flops", BIGGER, NOT),
    ],
)
def test_the_objective_merges_by_label_and_the_brief_wins(
    labs: Labs, config: str, brief: str, change: Change, state: State
) -> None:
    lab = labs(f"{{objective: {config}}}", objective=brief)
    made = lab.try_("junior-1", change, lr=0.3)
    lab.settle(made.id)
    found = lab.experiment(made.id)
    assert found.state is state, found.reason
    if state is NOT:
        assert found.reason.startswith(f"the objective of free is {brief or config}: {found.label}: gain at equal FLOPs")
        assert "Label: " in MESSAGES.get(lab.lab.ledger.reader, f"verdict-{made.id}-not_merged-junior-1").body


def test_what_could_not_be_matched_is_not_merged_by_label(labs: Labs) -> None:
    lab = labs("{objective: both}")
    lab.broken = lambda run: run.study is not None
    made = lab.try_("junior-1", BIGGER, lr=0.3)
    lab.settle(made.id)
    found = lab.experiment(made.id)
    assert found.state is NOT and "not matched for compute: S1: crash: boom" in found.reason


def test_what_is_merged_by_label_races_again_when_its_curve_is_of_another_task(labs: Labs) -> None:
    lab = labs("{objective: flops}")
    made = lab.try_("junior-1", BETTER, lr=0.3)
    lab.studies_wait = True
    lab.until_bought()
    with lab.lab.ledger.transaction() as tx:
        meta.put(tx, "environment", "another")
    lab.ticks(1)
    opened = lab.experiment(made.id)
    assert opened.state is not NOT and "opened again: the task" in opened.reason, opened.reason
    lab.studies_wait = False
    lab.settle(made.id)
    found = lab.experiment(made.id)
    assert (found.state, found.label, len(lab.curves())) == (MERGED, "algorithm", 2), found.reason


def longer(lab: Spender, change: Change, lines: int, agent: str = "junior-1") -> Experiment:
    """A change that adds so many lines of code."""
    more = "".join(f"# line {n} of {agent}\n" for n in range(lines))
    lab.edit(agent, {"fit/model.py": lambda text: text + f"\nUNUSED = {lines}\n{more}"})
    made = lab.propose(agent)
    lab.changes[made.run_tree] = change
    return made


SMALL = Change(gain=0.0006, paired=True)


@pytest.mark.parametrize(("change", "lines", "state"), [(SMALL, 40, NOT), (SMALL, 5, MERGED), (Change(gain=0.02), 40, MERGED)])
def test_a_gain_below_the_noise_of_one_run_is_not_worth_many_lines(labs: Labs, change: Change, lines: int, state: State) -> None:
    lab = labs()
    made = longer(lab, change, lines)
    lab.settle(made.id)
    found = lab.experiment(made.id)
    assert found.state is state, found.reason
    assert found.reason.startswith("not worth it: its gain (+0.00") is (state is NOT)


@pytest.mark.parametrize(("who", "reader"), [("chief", "chief"), ("human", "human")])
def test_the_chief_or_a_person_is_asked_once_and_nothing_else_waits(labs: Labs, who: str, reader: str) -> None:
    lab = labs(f"{{worth_it: {who}}}", chief=True)
    first, second = longer(lab, Change(gain=0.02), 3), lab.try_("junior-2", BIGGER, lr=0.3)
    for _ in range(30):
        lab.ticks(1)
    assert [lab.experiment(e.id).state for e in (first, second)] == [State.QUEUED] * 2
    letters = MESSAGES.select(lab.lab.ledger.reader, "WHERE subject LIKE ?", f"Is {first.id} worth its code%")
    assert [m.to for m in letters] == [reader]
    body = letters[0].body
    expected = (
        "after shrinking; noise of one run", "label: algorithm", "+5 −0 lines in fit/model.py", "new recipe knobs: none",
        "peak memory 100 MB, base 100 MB (+0.0 %)", "step time 10 ms, base 10 ms", f"`org refuse {first.id}",
    )  # fmt: skip
    for told in expected:
        assert told in body, body
    due = decisions.due(lab.lab, lab.lab.ledger.reader)
    assert any(first.id in line and "worth its code" in line for line in due) is (who == "chief")
    assert lab.ask("approve", who, experiment=second.id).answer == f"{second.id} may be merged"
    lab.settle(second.id)
    assert (lab.experiment(second.id).state, lab.experiment(first.id).state) == (MERGED, State.QUEUED)
    assert lab.experiment(second.id).label_detail["worth_it"] == who


def test_a_refused_keep_stays_better_and_is_not_merged(labs: Labs, reopened: Callable[[Spender], Spender]) -> None:
    lab = labs("{worth_it: human}")
    made = longer(lab, Change(gain=0.02), 3)
    for _ in range(30):
        lab.ticks(1)
    lab = reopened(lab)
    lab.ticks(2)
    assert MESSAGES.count(lab.lab.ledger.reader, "WHERE subject LIKE 'Is E%'") == 1
    assert lab.ask("refuse", experiment=made.id, reason="too clever").answer == f"{made.id} is not merged"
    found = lab.experiment(made.id)
    assert (found.state, found.reason, found.label) == (NOT, "not worth it, says human: too clever", "algorithm")
    lab.lab.ledger.close()


def test_a_keep_that_is_opened_again_is_asked_about_again(labs: Labs) -> None:
    """The person says yes while a drift is looked into; the race that follows has other numbers, if as many runs."""
    lab = labs("{worth_it: human}")
    made = lab.try_("junior-1", Change(gain=0.02), lr=0.3)
    runs = []
    for times in (1, 2, 3):
        until_asked(lab, times)
        runs.append(lab.experiment(made.id).decision["candidate_runs"])
        with lab.lab.ledger.transaction() as tx:
            freezing.begin(tx, Freeze("S1", made.base_tree, "it drifts", "", ""), lab.now())
        assert lab.ask("approve", experiment=made.id).answer == f"{made.id} may be merged"
    assert runs[1] == runs[2], "else the count alone would tell the letters apart"
    until_asked(lab, 4)
    lab.ask("approve", experiment=made.id)
    lab.settle(made.id)
    assert lab.experiment(made.id).state is MERGED


def until_asked(lab: Spender, times: int) -> None:
    lab.until(lambda: MESSAGES.count(lab.lab.ledger.reader, "WHERE subject LIKE 'Is E%'") == times)


def test_the_answer_comes_after_the_question(labs: Labs) -> None:
    lab = labs("{worth_it: human}")
    made = lab.try_("junior-1", BIGGER, lr=0.3)
    lab.studies_wait = True
    lab.until_bought()
    answer = lab.ask("approve", experiment=made.id)
    assert answer.state.value == "refused" and "nobody was asked" in answer.answer
    assert lab.experiment(made.id).state is State.QUEUED


def test_an_unknown_objective_is_refused(labs: Labs) -> None:
    with pytest.raises(ConfigError, match="objective"):
        labs("{objective: speed}")
