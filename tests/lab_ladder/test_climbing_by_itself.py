"""protocol.promote: auto: the lab sends up what its thresholds pass, on devices that would idle; the chief; bundles; gates."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import Result
from climbing import Climbing
from laboratory import git, set_values

from org.lab import programs
from org.lab.guiding import decisions
from org.lab.merging import roots
from org.lab.rungs import ladder
from org.lab.rungs import offers as promote_offers
from org.model.experiment import State
from org.model.message import OFFICE
from org.model.study import State as StudyState
from org.science import rules
from org.store import events, mail, meta
from org.store.tables import STUDIES

Say = Callable[..., Result]


def by(lab: Climbing, promote: str, **protocol: object) -> None:
    """Another value of protocol.promote, and of the ladder's rules."""
    config = lab.lab.config
    told = config.model_copy(update={"protocol": config.protocol.model_copy(update={"promote": promote})})
    lab.office.lab = lab.lab = replace(
        lab.lab, config=told, protocol=replace(lab.lab.protocol, ladder=rules.Ladder(**protocol))  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_lab_promotes_by_itself_what_passes_the_threshold(lab: Climbing) -> None:
    e = lab.merged(0.06, lr=0.3)
    by(lab, "auto")
    lab.ticks(4)
    (study,) = lab.promotions()
    assert (study.asked_by, study.plan["agreed"], study.plan["rung"]) == (OFFICE, OFFICE, 1)
    lab.play()
    assert lab.experiment(e.id).state is State.CONFIRMED


def test_it_waits_for_a_device_that_would_idle(lab: Climbing) -> None:
    lab.merged(0.06, lr=0.3)
    by(lab, "auto")
    lab.held = True
    lab.change("junior-1", 0.0, lr=0.5)
    lab.ticks(5)
    assert lab.promotions() == []


def test_what_waits_for_a_paused_program_holds_no_promotion_up(lab: Climbing) -> None:
    lab.merged(0.06, lr=0.3)
    lab.program("other")
    lab.held = True
    lab.change("junior-1", 0.0, lr=0.5)
    lab.ticks(2)
    programs.pause(lab.lab, "other", lab.now(), "human", "later")
    by(lab, "auto")
    lab.ticks(2)
    assert lab.queued() and len(lab.promotions()) == 1


def test_what_is_under_the_threshold_is_passed_over_once(lab: Climbing) -> None:
    e = lab.merged(0.021, lr=0.3)
    by(lab, "auto")
    lab.ticks(5)
    told = [x for x in events.latest(lab.lab.ledger.reader, 50, e.id) if x.kind == promote_offers.PASSED_OVER]
    assert lab.promotions() == [] and len(told) == 1 and "is under 2.5" in told[0].detail["reason"]


def test_a_dear_one_is_asked_about_once_and_holds_nothing_up(lab: Climbing) -> None:
    e = lab.merged(0.06, lr=0.3)
    by(lab, "auto")
    lab.ticks(30)
    small, dear = lab.promotions()
    assert small.outcome["held"] and dear.plan["rung"] == 2 and dear.plan["agreed"] is None
    other = lab.merged(0.13, lr=0.4)
    lab.ticks(30)
    assert [s.subject for s in lab.promotions()] == [e.id, e.id, other.id, other.id]
    asked = [m for m in mail.of_reader(lab.lab.ledger.reader, "human") if m.subject.startswith("May ")]
    assert len(asked) == 2


def test_a_chief_who_promotes_finds_it_among_its_decisions(lab: Climbing) -> None:
    e = lab.merged(0.06, lr=0.3)
    by(lab, "chief")
    due = decisions.due(lab.lab, lab.lab.ledger.reader)
    assert [d for d in due if d.startswith(f"{e.id} may go to rung 1 (300step)") and f"`org promote {e.id}`" in d]


def test_enough_small_confirmations_go_as_one_bundle(lab: Climbing, say: Say) -> None:
    made = [lab.merged(0.06, lr=0.3), lab.merged(0.12, lr=0.4), lab.merged(0.18, lr=0.5)]
    by(lab, "auto", bundle_from=3)
    lab.ticks(3)
    (study,) = lab.promotions()
    assert study.plan["bundle"] and study.plan["experiments"] == [e.id for e in made]
    assert (study.plan["base"], study.plan["tip"]) == (made[0].base_tree, made[2].run_tree)
    lab.play()
    assert {lab.experiment(e.id).state for e in made} == {State.CONFIRMED}
    assert "only the bundle is claimed" in lab.experiment(made[1].id).reason
    assert "bundle S1" in say(lab, "findings", "--transfer").output


def test_what_was_merged_onto_an_earlier_root_goes_up_one_by_one(lab: Climbing) -> None:
    made = [lab.merged(0.06, lr=0.3), lab.merged(0.12, lr=0.4)]
    stands_on_a_new_root(lab)
    by(lab, "chief", bundle_from=2)
    due = decisions.due(lab.lab, lab.lab.ledger.reader)
    assert [f"`org promote {e.id}`" in words for e, words in zip(made, due, strict=True)] == [True, True], due
    by(lab, "auto", bundle_from=2)
    lab.ticks(3)
    assert [(s.subject, s.plan["bundle"]) for s in lab.promotions()][:1] == [(made[0].id, False)]


def stands_on_a_new_root(lab: Climbing) -> None:
    top = lab.lab.layout.root
    (top / "fit/recipe.yaml").write_text(set_values((top / "fit/recipe.yaml").read_text(), {"pause": 0.001}))
    git(top, "commit", "-q", "-a", "-m", "mine")
    commit = git(top, "rev-parse", "HEAD")
    asked = lab.ask("root", commit=commit, program=None, why="a new baseline", task=roots.task_of(lab.lab, commit, None))
    assert "is the root of" in asked.answer


def test_a_base_that_does_not_run_on_a_rung_is_not_asked_about_again_there(lab: Climbing) -> None:
    e = lab.merged(0.06, lr=0.3)
    lab.broken.add((1, e.base_tree))
    by(lab, "auto")
    lab.ticks(12)
    (study,) = lab.promotions()
    assert study.state is StudyState.FAILED and lab.experiment(e.id).state is State.MERGED
    with lab.lab.ledger.transaction() as tx:
        meta.put(tx, "environment", "another one, in which it may run")
    lab.broken.clear()
    lab.ticks(12)
    assert lab.promotions()[1].outcome["held"], lab.promotions()[1].reason


def test_a_bundle_that_fails_says_nothing_of_its_parts(lab: Climbing, say: Say) -> None:
    made = [lab.merged(0.06, lr=0.3), lab.merged(0.12, lr=0.4)]
    lab.there[1, made[1].run_tree] = -0.05
    assert say(lab, "promote", "--bundle").exit_code == 0
    study = lab.play()[0]
    assert not study.outcome["held"] and {lab.experiment(e.id).state for e in made} == {State.MERGED}


def test_a_bundle_that_holds_does_not_confirm_what_failed_alone_there(lab: Climbing, say: Say) -> None:
    made = [lab.merged(0.06, lr=0.3), lab.merged(0.12, lr=0.4), lab.merged(0.18, lr=0.5)]
    lab.there[1, made[1].run_tree] = 0.0
    assert say(lab, "promote", made[1].id).exit_code == 0
    lab.play()
    assert say(lab, "promote", "--bundle").exit_code == 0
    bundle = lab.play()[-1]
    assert bundle.plan["bundle"] and bundle.outcome["held"] and made[1].id in bundle.plan["experiments"]
    con = lab.lab.ledger.reader
    assert [lab.experiment(e.id).state for e in made] == [State.CONFIRMED, State.FAILED_TRANSFER, State.CONFIRMED]
    assert "was not seen at rung 1" in lab.experiment(made[1].id).reason and ladder.standing(con, made[1].id) is None
    assert made[1].id in say(lab, "findings", "--failed-transfer").output


def test_one_change_is_no_bundle(lab: Climbing, say: Say) -> None:
    lab.merged(0.06, lr=0.3)
    assert "a bundle needs two" in str(say(lab, "promote", "--bundle").exception)


def test_a_rung_that_foretells_nothing_no_longer_gates(lab: Climbing, say: Say) -> None:
    weak = lab.merged(0.021, lr=0.3)
    con = lab.lab.ledger.reader
    assert not ladder.step(lab.lab, con, weak).promoted and ladder.next_rung(lab.lab, con, 0) == 1
    # In all; each adds more than the last one on the first rung, and less on the target.
    for gain, mid, target in ((0.08, 0.22, 0.32), (0.16, 0.42, 0.52), (0.26, 0.62, 0.62)):
        e = lab.merged(gain, lr=gain)
        lab.there[1, e.run_tree], lab.there[2, e.run_tree] = mid, target
        for _ in range(2):
            say(lab, "promote", e.id, "--yes")
            lab.play()
    assert len(ladder.pairs(lab.lab, con, 0)) == 3
    by(lab, "human", gate_pairs=3)
    assert ladder.step(lab.lab, con, weak).promoted and "no longer gates" in ladder.step(lab.lab, con, weak).reason
    told = say(lab, "findings", "--transfer").output
    assert "rung 0 (100step) → rung 2 (900step): 3 of 15 pairs" in told


@pytest.mark.parametrize("ladder_of", [1])
def test_a_ladder_with_one_rung_promotes_nothing(lab: Climbing, say: Say, ladder_of: int) -> None:
    e = lab.merged(0.06, lr=0.3)
    task = lab.lab.config.task
    config = lab.lab.config.model_copy(update={"task": task.model_copy(update={"ladder": task.ladder[:ladder_of]})})
    lab.office.lab = lab.lab = replace(lab.lab, config=config)
    by(lab, "auto")
    lab.ticks(5)
    assert STUDIES.count(lab.lab.ledger.reader, "WHERE kind = 'rung'") == 0 and lab.experiment(e.id).state is State.MERGED
