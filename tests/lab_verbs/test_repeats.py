"""What was tried before is refused with its verdict; what comes near it is told."""

import json

import pytest
from laboratory import git, set_values
from parallel import at_once
from played import Played

from org.lab import propose
from org.lab.memory import footprints, repeats
from org.lab.propose import Proposal
from org.model.errors import Refused
from org.model.experiment import Claim, Event
from org.store import experiments, meta
from org.store.tables import EVENTS, EXPERIMENTS, PROGRAMS

RECIPE, MODEL = "fit/recipe.yaml", "fit/model.py"
PROPOSAL = Proposal(Claim.IMPROVE, "a larger step", "it may help", "a little better")


def lr(value: object):
    return lambda text: set_values(text, {"lr": value})


def discard(lab: Played, id: str, reason: str = "futile") -> None:
    with lab.lab.ledger.transaction() as tx:
        for event in (Event.APPROVE, Event.RACE, Event.DISCARD):
            experiments.move(tx, id, event, lab.now(), reason=reason)


def test_another_layout_of_an_earlier_change_is_refused_with_its_verdict(played: Played) -> None:
    played.edit("junior-1", {MODEL: lambda t: t.replace("x**power", "x**(power + 0)")})
    first = played.propose("junior-1", "a sum that does nothing")
    discard(played, first.id)
    again = '"""Other words."""\n\nimport numpy as np\n\n\ndef features(x: np.ndarray, degree: int) -> np.ndarray:\n'
    again += "    # a comment\n\n    return np.stack(\n        [x**(power+0)   for power in range(degree + 1)], axis=1\n    )\n"
    played.edit("junior-2", {MODEL: again})
    told = "E1 by junior-1 was the same but for comments and layout, against the same base: discarded; futile"
    with pytest.raises(Refused, match=told):
        played.propose("junior-2", "something quite different")


def test_a_change_of_comments_and_order_alone_is_nothing_to_measure(played: Played) -> None:
    played.edit("junior-1", {RECIPE: "# other words\ndegree: 3\nlr: 2.0e-1\ndecay: 0.0\nunused: 1\npause: 0.0\n"})
    with pytest.raises(Refused, match="only comments, layout or spelling differ"):
        played.propose("junior-1")


def test_a_file_that_does_not_parse_is_compared_to_the_letter(played: Played) -> None:
    played.edit("junior-1", {MODEL: lambda t: t + "def broken(:\n"})
    played.propose("junior-1", "a typo")
    played.edit("junior-2", {MODEL: lambda t: t + "def broken(:\n# another\n"})
    assert played.propose("junior-2", "another typo").id == "E2"


def test_the_same_values_from_a_later_head_are_refused_unless_it_is_said_why(played: Played) -> None:
    wide = played.change("junior-1", -0.5, lr=0.7)
    played.until(played.settled(wide.id))
    merged = played.change("junior-2", 0.5, degree=5)
    played.until(played.settled(merged.id))
    assert PROGRAMS.get(played.lab.ledger.reader, "free").head_commit != wide.base_commit
    told = r"E1 by junior-1 was the same recipe values \(lr 0.2 → 0.7\) from another base: discarded.*--again"
    with pytest.raises(Refused, match=told):
        played.recipe("junior-2", lr=0.7)
    made = played.propose("junior-2", "lr again", again="five degrees want larger steps")
    assert made.id == "E3"
    [proposed] = EVENTS.select(played.lab.ledger.reader, "WHERE subject = 'E3' AND kind = 'experiment.proposed'")
    assert proposed.detail["again"] == "five degrees want larger steps"


def test_what_never_got_a_verdict_is_in_nobodys_way(played: Played) -> None:
    first = played.recipe("junior-1", lr=0.3)
    with played.lab.ledger.transaction() as tx:
        experiments.move(tx, first.id, Event.REFUSE, played.now(), reason="no reason was given")
    played.edit("junior-1", {RECIPE: lr(0.3)})
    assert played.propose("junior-1", "with a reason this time").id == "E2"


def test_a_verdict_under_another_budget_is_in_nobodys_way(played: Played) -> None:
    from dataclasses import replace

    first = played.change("junior-1", -0.5, lr=0.7)
    played.until(played.settled(first.id))
    task = played.lab.config.task
    rung = task.ladder[0].model_copy(update={"run_budget": "900step"})
    config = played.lab.config.model_copy(update={"task": task.model_copy(update={"ladder": (rung,)})})
    later = replace(played.lab, config=config)
    Played(later, played.office).edit("junior-2", {RECIPE: lr(0.7)})
    assert Played(later, played.office).propose("junior-2").id == "E2"


def test_a_way_back_to_an_earlier_head_is_no_experiment(played: Played) -> None:
    merged = played.change("junior-1", 0.5, lr=0.7)
    played.until(played.settled(merged.id))
    played.edit("junior-2", {RECIPE: lambda text: set_values(text, {"lr": 0.20})})
    with pytest.raises(Refused, match="an earlier head of the lab"):
        played.propose("junior-2")


def test_a_value_close_to_an_earlier_one_is_told_and_taken(played: Played, say) -> None:
    discard(played, played.recipe("junior-1", lr=0.3).id)
    played.edit("junior-2", {RECIPE: lr(0.33)})
    words = ("--subject", "a larger step", "--because", "it may", "--predict", "better")
    done = say(played, "junior-2")("propose", *words)
    assert done.exit_code == 0, done.output
    assert "near E1 by junior-1 (its lr 0.2 → 0.3): discarded; futile" in done.output
    assert "next: `org next`" in done.output
    played.edit("junior-1", {RECIPE: lr(0.9)})
    told = json.loads(say(played, "junior-1")("propose", *words, "--json").output)
    assert (told["experiment"], told["near"]) == ("E3", [])


def test_the_same_lines_or_title_in_the_same_file_are_near(played: Played) -> None:
    lines = "\n\nSCALE = 2.0\nSHIFT = 0.5\n\n\ndef scaled(x):\n    return SCALE * x + SHIFT\n"
    played.edit("junior-1", {MODEL: lambda t: t + lines})
    discard(played, played.propose("junior-1", "scale the inputs of the fit").id)
    played.edit("junior-2", {MODEL: lambda t: t + lines + "\n\nUNUSED = 1\n"})
    near = _near(played, "junior-2", "an innocent title")
    assert [n.experiment for n in near] == ["E1"] and "of the changed lines are the same" in near[0].why
    played.edit("junior-2", {MODEL: lambda t: t + "\n\ndef other(y):\n    return y\n"})
    near = _near(played, "junior-2", "Scale the fit's inputs")
    assert near[0].experiment == "E1" and near[0].why == "its title reads alike"


def test_two_at_once_enter_once(played: Played) -> None:
    for agent, spelled in (("junior-1", "0.3"), ("junior-2", "3.0e-1")):
        played.edit(agent, {RECIPE: lr(spelled)})
    ends = at_once(lambda agent, lab: propose.propose(lab, agent, PROPOSAL, played.now()), played, "junior-1", "junior-2")
    assert sorted(type(end).__name__ for end in ends) == ["Experiment", "Refused"]
    assert EXPERIMENTS.count(played.lab.ledger.reader) == 1


def test_footprints_survive_the_loss_of_their_file_and_a_torn_line(played: Played) -> None:
    made = played.recipe("junior-1", lr=0.3)
    known = footprints.of(played.lab, [made])
    assert known["E1"].surfaces == ("lr",) and known["E1"].values == {"lr": 0.3}
    path = played.lab.layout.footprints
    path.write_text(path.read_text() + '{"version": "1 py')
    assert footprints.of(played.lab, [made]) == known
    path.unlink()
    assert footprints.of(played.lab, [made]) == known


def test_a_new_root_leaves_what_was_worked_out(played: Played) -> None:
    made = played.recipe("junior-1", lr=0.3)
    known = footprints.of(played.lab, [made])
    git(played.lab.layout.root, "commit", "--quiet", "--allow-empty", "-m", "a person's")
    with played.lab.ledger.transaction() as tx:
        meta.put(tx, "root_commit", git(played.lab.layout.root, "rev-parse", "HEAD").strip())
    assert footprints.known(played.lab, [made]) == known


def test_a_footprint_of_code_names_its_files(played: Played) -> None:
    played.edit("junior-1", {MODEL: lambda t: t + "\nx = 1\n", RECIPE: lr(0.5)})
    made = played.propose("junior-1", claim=Claim.IMPROVE)
    assert footprints.of(played.lab, [made])["E1"].surfaces == ("lr", MODEL)
    assert git(played.lab.layout.root, "status", "--porcelain") == ""


def _near(lab: Played, agent: str, title: str) -> list[repeats.Near]:
    made = lab.propose(agent, title)
    con = lab.lab.ledger.reader
    return repeats.near(lab.lab, con, PROGRAMS.get(con, made.program), made)
