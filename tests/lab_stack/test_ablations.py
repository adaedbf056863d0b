"""Parts of a change: how they are marked, the tree without each, and what the runs say of them."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import Result
from heads_of import RECIPE, Heads
from laboratory import git, set_values
from played import crash, set_rung

from org.lab.merging import ablate, roots
from org.lab.merging import parts as ablate_parts
from org.lab.merging.parts import Part
from org.model.errors import Refused
from org.model.experiment import Experiment
from org.model.study import State, Study
from org.store import mail, studies

Say = Callable[..., Result]
MODEL = "fit/model.py"


def raced(lab: Heads, made: Experiment) -> Experiment:
    lab.run_until(lambda: not lab.experiment(made.id).is_open)
    return lab.experiment(made.id)


def asked(lab: Heads, id: str, *marks: str) -> Study:
    answer = lab.request("ablate", experiment=id, marks=list(marks)).answer
    assert answer.startswith("S"), answer
    return lab.settle(answer.split(":")[0])


def parts_of(lab: Heads, e: Experiment, *marks: str) -> dict[str, Part]:
    return {part.name: part for part in ablate_parts.of(lab.lab, e, marks)}


def rows_of(found: Study) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in found.outcome["parts"]}


def commit(lab: Heads, agent: str, message: str, text: Callable[[str], str], path: str = MODEL) -> None:
    file = lab.lab.layout.worktree(agent) / path
    file.write_text(text(file.read_text()))
    git(lab.lab.layout.worktree(agent), "commit", "-q", "-a", "-m", message)


def test_each_recipe_key_and_each_file_is_a_part_and_is_told_what_it_does(played: Heads, say: Say) -> None:
    played.effects["lr", 0.3] = 0.1
    change = {RECIPE: lambda t: set_values(t, {"lr": 0.3, "unused": 2}), MODEL: lambda t: t + "\n# a remark\n"}
    played.edit("junior-1", change)
    e = raced(played, played.propose("junior-1", "faster"))
    found = asked(played, e.id)
    rows = rows_of(found)
    assert list(rows) == [MODEL, "lr", "unused"] and rows["lr"]["what"] == "lr 0.2 → 0.3"
    assert rows["lr"]["role"] == "carries the gain" and rows["lr"]["effect"] == pytest.approx(0.1, abs=0.01)
    for idle in ("unused", MODEL):
        assert rows[idle]["role"] == "does nothing: could be dropped (simplify)", rows[idle]
    played.ticks(1)
    for text in (played.lab.layout.page(e.id).read_text(), say(played, "explain", e.id).output):
        assert "## Its parts" in text and "| unused | unused 1 → 2 | does nothing: could be dropped" in text
    letters = [m for m in mail.of_reader(played.lab.ledger.reader, "junior-1") if m.subject.startswith(found.id)]
    assert len(letters) == 1 and "the same without" in letters[0].body and "unused" in letters[0].body


def test_runs_are_two_an_arm_and_two_more_only_where_they_do_not_tell(played: Heads) -> None:
    played.effects |= {("lr", 0.3): 0.1, ("degree", 4): 0.004}
    e = raced(played, played.recipe("junior-1", lr=0.3, degree=4, decay=0.01))
    found = asked(played, e.id)
    mine = studies.runs_of(played.lab.ledger.reader, found.id)
    count = {row["name"]: row["runs"] for row in found.outcome["parts"]}
    assert count["lr"] == 2 and sum(r.tree == found.plan["whole"] for r in mine) in (2, 4)
    assert max(count.values()) <= 4 and {r.slot for r in mine} <= {4, 5, 6, 7}
    assert all(r.experiment is None for r in mine), "they are in the way of no race"


def test_commits_are_parts_and_those_of_one_name_are_one(played: Heads) -> None:
    played.edit("junior-1", {MODEL: lambda t: t + "\n# one\n"}, "One\n\nPart: remarks")
    commit(played, "junior-1", "Faster", lambda t: set_values(t, {"lr": 0.3}), RECIPE)
    commit(played, "junior-1", "Two\n\nPart: remarks", lambda t: t.replace('"""x:', '"""X:'))
    e = played.propose("junior-1", "three steps")
    found = parts_of(played, e)
    assert "remarks" in found and len(found) == 2 and found["remarks"].what.endswith("Two")
    faster = next(part for name, part in found.items() if name != "remarks")
    assert git(played.lab.layout.root, "diff", "--name-only", e.run_tree, faster.tree) == RECIPE
    assert git(played.lab.layout.root, "diff", "--name-only", e.run_tree, found["remarks"].tree) == MODEL


def test_a_commit_that_later_ones_stand_on_cannot_be_left_out_and_says_so(played: Heads) -> None:
    played.edit("junior-1", {MODEL: lambda t: t + "\nSCALE = 1\n"}, "A constant")
    commit(played, "junior-1", "Another value", lambda t: t.replace("SCALE = 1", "SCALE = 2"))
    found = list(parts_of(played, played.propose("junior-1", "scale")).values())
    assert found[0].tree == "" and "stands on it" in found[0].why and found[1].tree


def test_commits_of_one_part_that_stand_on_each_other_are_left_out_newest_first(played: Heads) -> None:
    played.edit("junior-1", {MODEL: lambda t: t + "\nSCALE = 1\n"}, "A constant\n\nPart: scale")
    commit(played, "junior-1", "Another value\n\nPart: scale", lambda t: t.replace("SCALE = 1", "SCALE = 2"))
    commit(played, "junior-1", "Faster", lambda t: set_values(t, {"lr": 0.3}), RECIPE)
    part = parts_of(played, played.propose("junior-1", "scale"))["scale"]
    assert part.tree and "SCALE" not in git(played.lab.layout.root, "show", f"{part.tree}:{MODEL}")


def test_marked_hunks_are_left_out_by_their_number(played: Heads) -> None:
    long = (played.lab.layout.root / MODEL).read_text() + "".join(f"\nLINE_{n} = {n}" for n in range(20)) + "\n"
    commit = played.persons_commit({MODEL: long})
    task = roots.task_of(played.lab, commit, None)
    played.request("root", commit=commit, program=None, why="a longer file", task=task)
    top, bottom = "SCALE = 1.0\n", "\n\ndef unused() -> int:\n    return 1\n"
    played.edit("junior-1", {MODEL: lambda t: t.replace("import numpy as np\n", f"import numpy as np\n\n{top}") + bottom})
    e = played.propose("junior-1", "two things", parts=(f"scale={MODEL}#1", f"function={MODEL}#2"))
    found = parts_of(played, e)
    scale = git(played.lab.layout.root, "show", f"{found['scale'].tree}:{MODEL}")
    function = git(played.lab.layout.root, "show", f"{found['function'].tree}:{MODEL}")
    assert top not in scale and "def unused" in scale and top in function and "def unused" not in function
    assert found["scale"].what == f"{MODEL} hunk 1"


def test_what_no_mark_covers_is_the_rest(played: Heads) -> None:
    e = played.recipe("junior-1", lr=0.3, degree=4, decay=0.01)
    found = parts_of(played, e, f"size={RECIPE}#degree")
    assert list(found) == ["size", "rest"] and found["rest"].what == "lr 0.2 → 0.3, decay 0.0 → 0.01"
    recipe = git(played.lab.layout.root, "show", f"{found['size'].tree}:{RECIPE}")
    assert "degree: 3  # of the polynomial" in recipe and "lr: 0.3" in recipe


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ("size", "want NAME=PATH"),
        ("size=fit/other.py", "touches nothing of that name; it touches fit/recipe.yaml"),
        (f"size={RECIPE}#width", "has no width; it has lr, degree"),
    ],
)
def test_a_mark_that_fits_nothing_is_refused_with_what_there_is(played: Heads, say: Say, mark: str, told: str) -> None:
    e = raced(played, played.recipe("junior-1", lr=0.3, degree=4))
    said = say(played, "ablate", e.id, "--part", mark)
    assert said.exit_code != 0 and told in str(said.exception)
    assert told in played.request("ablate", experiment=e.id, marks=[mark]).answer


def test_a_proposal_with_a_mark_that_fits_nothing_is_refused(played: Heads) -> None:
    played.edit("junior-1", {RECIPE: lambda t: set_values(t, {"lr": 0.3})})
    with pytest.raises(Refused, match=r"has no width"):
        played.propose("junior-1", parts=(f"size={RECIPE}#width",))


def test_one_part_alone_is_refused_with_the_way_out(played: Heads, say: Say) -> None:
    e = raced(played, played.recipe("junior-1", lr=0.3))
    said = say(played, "ablate", e.id)
    assert said.exit_code != 0 and "has one part only (lr 0.2 → 0.3)" in str(said.exception)
    assert f"org ablate {e.id} --part" in str(said.exception)


def test_before_the_race_has_values_it_is_refused(played: Heads) -> None:
    e = played.recipe("junior-1", lr=0.3, degree=4)
    assert "once its race has values" in played.request("ablate", experiment=e.id, marks=[]).answer


def test_a_change_that_does_not_run_without_a_part_says_so(played: Heads) -> None:
    played.effects["lr", 0.3] = 0.1
    e = raced(played, played.recipe("junior-1", lr=0.3, degree=4))
    without = parts_of(played, e)["degree"].tree
    played.ends = lambda run: crash(run, "diverged") if run.tree == without else None
    found = asked(played, e.id)
    assert "does not run" in str(rows_of(found)["degree"]["role"]) and "diverged" in str(rows_of(found)["degree"]["role"])
    assert rows_of(found)["lr"]["role"] == "carries the gain"


def test_an_ablation_whose_base_no_longer_runs_ends_and_says_so(played: Heads) -> None:
    e = raced(played, played.recipe("junior-1", lr=0.3, degree=4))
    with played.lab.ledger.transaction() as tx:
        tx.execute("DELETE FROM pool_slots")  # as in another environment: the base has no runs in it
    played.ends = lambda run: crash(run, "no such module") if run.tree == e.base_tree else None
    found = asked(played, e.id)
    assert found.state is State.FAILED and f"the base of {e.id} does not run" in found.reason and "no such module" in found.reason
    mine = studies.runs_of(played.lab.ledger.reader, found.id)
    assert [sum(r.tree == e.base_tree and r.slot == slot for r in mine) for slot in (7, 6)] == [2, 2], "each seed once more"
    letters = [m for m in mail.of_reader(played.lab.ledger.reader, "junior-1") if m.subject.startswith(found.id)]
    assert len(letters) == 1 and found.reason in letters[0].body


def test_a_part_that_crashes_in_the_second_round_is_not_asked_for_again(played: Heads) -> None:
    played.effects["lr", 0.3] = 0.1
    e = raced(played, played.recipe("junior-1", lr=0.3, degree=4))
    rules = replace(played.lab.protocol.ablation, tail=1e-9)  # two runs an arm tell nothing
    played.office.lab = played.lab = replace(played.lab, protocol=replace(played.lab.protocol, ablation=rules))
    without = parts_of(played, e)["degree"].tree
    played.ends = lambda run: crash(run, "diverged") if (run.tree, run.slot) == (without, 5) else None
    found = asked(played, e.id)
    assert "does not run" in str(rows_of(found)["degree"]["role"])
    mine = studies.runs_of(played.lab.ledger.reader, found.id)
    assert sum((r.tree, r.slot) == (without, 5) for r in mine) == 2


def test_an_ablation_of_yesterdays_task_is_ended(played: Heads) -> None:
    e = raced(played, played.recipe("junior-1", lr=0.3, degree=4))
    played.held = True
    id = played.request("ablate", experiment=e.id, marks=[]).answer.split(":")[0]
    played.ticks(1)
    set_rung(played, run_budget="300step")
    played.ticks(2)
    assert played.study(id).state is State.CANCELLED and not studies.outstanding_of(played.lab.ledger.reader, id)


def test_it_is_asked_for_once_and_the_list_says_what_it_would_cost(played: Heads, say: Say) -> None:
    e = raced(played, played.recipe("junior-1", lr=0.3, degree=4))
    told = say(played, "ablate", e.id, "--list").output
    assert "lr 0.2 → 0.3" in told and "6 to 12 runs" in told
    assert [row["name"] for row in json.loads(say(played, "ablate", e.id, "--json").output)] == ["lr", "degree"]
    first = played.request("ablate", experiment=e.id, marks=[]).answer
    assert played.request("ablate", experiment=e.id, marks=[]).answer == first
    assert ablate.cost(played.lab, ablate.parts(played.lab, played.lab.ledger.reader, e.id)) in first
