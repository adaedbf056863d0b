"""What is refused as a proposal, each thing by its name, and what a refusal leaves behind."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from laboratory import Laboratory, git, make, set_values

from org.lab import branches
from org.model.agent import State as AgentState
from org.model.errors import OrgError, Refused
from org.model.experiment import Claim, State
from org.store import agents
from org.store.tables import EXPERIMENTS
from org.workspace import refs


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """One lab for all refusals: a refusal changes nothing, so none is in another's way."""
    lab = make(tmp_path_factory.mktemp("shared"))
    lab.program()
    yield lab
    assert not EXPERIMENTS.select(lab.lab.ledger.reader)
    lab.lab.ledger.close()


def test_a_protected_path_is_refused_by_name(shared: Laboratory) -> None:
    shared.edit("junior-1", {"fit/__main__.py": lambda text: text + "\n# mine\n"})
    with pytest.raises(Refused, match=r"fit/__main__.py was changed, but only these may be edited: fit/model.py"):
        shared.propose("junior-1")


def test_an_added_file_is_refused_by_name(shared: Laboratory) -> None:
    shared.edit("junior-1", {"fit/extra.py": "x = 1\n"})
    with pytest.raises(Refused, match=r"fit/extra.py was added"):
        shared.propose("junior-1")


def test_a_deleted_file_is_refused_by_name(shared: Laboratory) -> None:
    branches.next_(shared.lab, "junior-1", datetime.now(UTC))
    path = shared.lab.layout.worktree("junior-1")
    git(path, "rm", "-q", "config.yaml")
    git(path, "commit", "-q", "-m", "away")
    with pytest.raises(Refused, match=r"config.yaml was deleted"):
        shared.propose("junior-1")


def test_a_symbolic_link_at_an_editable_path_is_refused(shared: Laboratory) -> None:
    branches.next_(shared.lab, "junior-1", datetime.now(UTC))
    path = shared.lab.layout.worktree("junior-1")
    (path / "fit/model.py").unlink()
    os.symlink("/etc/hostname", path / "fit/model.py")
    git(path, "commit", "-q", "-a", "-m", "link")
    with pytest.raises(Refused, match=r"fit/model.py is a symbolic link"):
        shared.propose("junior-1")


def test_a_submodule_is_refused(shared: Laboratory) -> None:
    branches.next_(shared.lab, "junior-1", datetime.now(UTC))
    path = shared.lab.layout.worktree("junior-1")
    commit = git(path, "rev-parse", "HEAD")
    git(path, "update-index", "--add", "--cacheinfo", f"160000,{commit},vendored")
    (path / "vendored").mkdir()
    git(path, "commit", "-q", "-m", "a submodule")
    with pytest.raises(Refused, match="vendored is a submodule"):
        shared.propose("junior-1")


def test_uncommitted_changes_are_refused_by_name(shared: Laboratory) -> None:
    shared.edit("junior-2", {"fit/recipe.yaml": lambda text: set_values(text, {"lr": 0.3})})
    recipe = shared.lab.layout.worktree("junior-2") / "fit/recipe.yaml"
    committed = recipe.read_text()
    recipe.write_text(committed + "# later\n")
    with pytest.raises(Refused, match=r"fit/recipe.yaml has changes that are not committed"):
        shared.propose("junior-2")
    recipe.write_text(committed)


def test_a_tip_that_changes_nothing_is_refused(shared: Laboratory) -> None:
    branches.next_(shared.lab, "junior-1", datetime.now(UTC))
    with pytest.raises(Refused, match="the same tree as its base"):
        shared.propose("junior-1")


def test_a_branch_without_common_history_is_refused(shared: Laboratory) -> None:
    branches.next_(shared.lab, "junior-1", datetime.now(UTC))
    path = shared.lab.layout.worktree("junior-1")
    git(path, "checkout", "-q", "--orphan", "org/test/junior/junior-1/orphan")
    git(path, "commit", "-q", "-m", "from nowhere")
    with pytest.raises(Refused, match="does not start at a head of free; `org next`"):
        shared.propose("junior-1")


def test_words_come_before_runs(shared: Laboratory) -> None:
    shared.edit("junior-1", {"fit/recipe.yaml": lambda text: set_values(text, {"lr": 0.35})})
    with pytest.raises(Refused, match="--subject needs words"):
        shared.propose("junior-1", subject="  ")


def test_a_simplification_without_a_margin_is_refused(shared: Laboratory) -> None:
    shared.edit("junior-1", {"fit/recipe.yaml": lambda text: set_values(text, {"lr": 0.35})})
    with pytest.raises(Refused, match="needs a margin"):
        shared.propose("junior-1", claim=Claim.SIMPLIFY)


def test_a_paused_agent_proposes_nothing(shared: Laboratory) -> None:
    shared.edit("junior-1", {"fit/recipe.yaml": lambda text: set_values(text, {"lr": 0.36})})
    with shared.lab.ledger.transaction() as tx:
        agents.set_state(tx, "junior-1", AgentState.PAUSED, datetime.now(UTC), "lunch")
    with pytest.raises(Refused, match=r"junior-1 is paused \(lunch\); `org resume junior-1`"):
        shared.propose("junior-1")
    with shared.lab.ledger.transaction() as tx:
        agents.set_state(tx, "junior-1", AgentState.IDLE, datetime.now(UTC))


def test_a_persons_commit_under_the_branch_is_part_of_the_change(fit: Laboratory) -> None:
    root = fit.lab.layout.root
    git(root, "commit", "-q", "--allow-empty", "-m", "a person's own commit")
    branches.next_(fit.lab, "junior-1", datetime.now(UTC))
    path = fit.lab.layout.worktree("junior-1")
    git(path, "reset", "-q", "--hard", "main")
    recipe = path / "fit/recipe.yaml"
    recipe.write_text(set_values(recipe.read_text(), {"lr": 0.3}))
    git(path, "commit", "-q", "-a", "-m", "on a person's branch")
    made = fit.propose("junior-1")
    assert made.base_commit == git(root, "rev-parse", "main~1"), "a person's commit is part of the change, not of the base"


def test_a_tree_that_was_tried_before_names_the_earlier_experiment(fit: Laboratory) -> None:
    fit.recipe("junior-1", lr=0.3)
    fit.edit("junior-2", {"fit/recipe.yaml": lambda text: set_values(text, {"lr": 0.3})})
    with pytest.raises(Refused, match="E1 by junior-1 was this very tree against the same base: proposed"):
        fit.propose("junior-2")


def test_a_third_open_experiment_is_refused_with_the_other_two(fit: Laboratory) -> None:
    fit.recipe("junior-1", lr=0.3)
    fit.recipe("junior-1", lr=0.4)
    with pytest.raises(Refused, match=r"2 open experiments: E1 \(proposed\), E2 \(proposed\)"):
        fit.recipe("junior-1", lr=0.5)


def test_a_refused_proposal_does_not_block_the_next_one(fit: Laboratory) -> None:
    """The ref that keeps the tip was made before the transaction was rolled back."""
    fit.edit("junior-1", {"fit/recipe.yaml": lambda text: set_values(text, {"lr": 0.3})})
    with pytest.raises(OrgError, match="no idea 99"):
        fit.propose("junior-1", idea=99)
    assert refs.head(fit.lab.git, "refs/org/test/tries/E1") is None
    assert fit.recipe("junior-2", lr=0.4).id == "E1"


def test_a_ref_that_a_killed_proposal_left_does_not_block_the_next_one(fit: Laboratory) -> None:
    refs.keep_try(fit.lab.git, "test", "E1", git(fit.lab.layout.root, "rev-parse", "HEAD"))
    made = fit.recipe("junior-1", lr=0.3)
    assert (made.id, made.state) == ("E1", State.PROPOSED)
    assert refs.head(fit.lab.git, "refs/org/test/tries/E1") == made.tip_commit


def test_a_subject_is_one_line(fit: Laboratory) -> None:
    assert fit.recipe("junior-1", "two\nlines ", lr=0.3).subject == "two lines"
