"""The claim "not worse by more than a margin": three answers, and a parked race that goes on."""

from collections.abc import Callable

import pytest
from click.testing import Result
from played import Played

from org.lab.verdicts import continuing, simplifying
from org.model.experiment import Claim, Experiment, State
from org.model.request import State as Asked
from org.store import mail
from org.store.tables import PROGRAMS


def simplify(lab: Played, margin: float | None, gain: float) -> Experiment:
    lab.edit("junior-1", {"fit/recipe.yaml": lambda text: text.replace("decay: 0.0", "decay: 0.01")})
    made = lab.propose("junior-1", claim=Claim.SIMPLIFY, margin=margin)
    lab.gains[made.run_tree] = gain
    return made


def settle(lab: Played, made: Experiment, ticks: int = 80) -> Experiment:
    for _ in range(ticks):
        if lab.settled(made.id)():
            return lab.experiment(made.id)
        lab.ticks(1)
    raise AssertionError(lab.experiment(made.id))


def test_a_harmless_change_holds_within_its_margin(played: Played) -> None:
    found = settle(played, simplify(played, 0.05, 0.0))
    assert found.state is State.MERGED and "no regression beyond 0.05" in found.reason


def test_a_harmful_change_regresses_and_says_by_how_much(played: Played, fill: Callable[[Played], None]) -> None:
    fill(played)
    found = settle(played, simplify(played, 0.002, -0.3))
    assert found.state is State.DISCARDED and "regresses by 0.3" in found.reason


def test_what_cannot_be_told_is_parked_and_says_how_many_more_runs_would_decide(played: Played) -> None:
    found = settle(played, simplify(played, 0.0001, -0.002))
    assert found.state is State.PARKED and "cannot tell at" in found.reason and "would decide" in found.reason
    assert f"`org continue {found.id} --runs" in found.reason and "default margin" in found.reason
    letter = mail.of_reader(played.lab.ledger.reader, "junior-1")[-1]
    assert "parked" in letter.subject


def test_a_parked_experiment_is_raced_on_by_the_runs_granted_and_no_further(played: Played) -> None:
    made = simplify(played, 0.0001, -0.002)
    parked = settle(played, made)
    before = parked.decision["candidate_runs"]
    asked = played.ask("continue", experiment=made.id, runs=3)
    assert asked.state is Asked.DONE and played.experiment(made.id).state is State.RACING
    found = settle(played, made)
    assert before < found.decision["candidate_runs"] <= before + 3
    if found.state is State.PARKED:
        assert found.decision["candidate_runs"] == before + 3
    letters = [m for m in mail.of_reader(played.lab.ledger.reader, "junior-1") if made.id in m.subject]
    assert len(letters) == 2, "its second verdict is told too"
    again = played.ask("continue", experiment=made.id, runs=2)
    assert again.state is Asked.DONE or found.state is not State.PARKED
    final = settle(played, made)
    assert final.decision["candidate_runs"] <= before + 5


def test_only_a_parked_experiment_is_continued(played: Played, say: Callable[..., Result]) -> None:
    made = settle(played, played.change("junior-1", -0.05, lr=0.3))
    refused = played.ask("continue", experiment=made.id, runs=3)
    assert refused.state is Asked.REFUSED and "only a parked experiment can be continued" in refused.answer
    assert "queued as request" in say(played, "continue", made.id, "--runs", "3").output
    assert say(played, "continue", made.id, "--runs", "0").exit_code != 0


def test_an_experiment_without_a_grant_has_the_usual_protocol(played: Played) -> None:
    made = simplify(played, 0.05, 0.0)
    usual = continuing.protocol(played.lab, played.lab.ledger.reader, made)
    assert usual.max_runs == played.lab.protocol.max_runs and usual.futility_bars == played.lab.protocol.futility_bars


def test_without_a_margin_the_noise_suggests_one(played: Played, fill: Callable[[Played], None]) -> None:
    fill(played)
    con = played.lab.ledger.reader
    usual = simplifying.default_margin(played.lab, con, PROGRAMS.get(con, "free"))
    assert usual is not None and usual.value > 0
    assert simplify(played, None, 0.0).margin == pytest.approx(usual.value)
