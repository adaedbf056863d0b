"""Refs move by compare-and-swap under the lab's own names; merges need no checkout; recipes merge key by key."""

import pytest
from git_repository import RECIPE, Repository, shell_git

from org.model.errors import WorkspaceError
from org.workspace import diff, merges, recipe, refs
from org.workspace.git import Identity
from org.workspace.merges import Conflict, Merged

PATH = "trainer/recipe.yaml"


def test_branches_are_named_as_the_design_says() -> None:
    assert refs.head_branch("main") == "org/main/head"
    assert refs.program_branch("main", "wider-mlp") == "org/main/program/wider-mlp"
    assert refs.junior_branch("main", "junior-2", "x") == "org/main/junior/junior-2/x"


@pytest.mark.parametrize("name", ["", "..", "a/b", "a..b", "-x", ".x", "x.lock", "x.", "a b", "a~1", "é", "x\n"])
def test_a_name_that_leaves_its_place_is_refused(name: str) -> None:
    with pytest.raises(WorkspaceError, match="is no name"):
        refs.program_branch("main", name)


def test_a_ref_is_created_moved_and_found(repository: Repository) -> None:
    tip = repository.branch_off("tip", {"README.md": "x\n"})
    refs.update(repository.git, "org/main/head", repository.first, refs.NOTHING)
    refs.update(repository.git, "org/main/head", tip, repository.first)
    assert refs.head(repository.git, "org/main/head") == tip
    assert refs.head(repository.git, "org/main/none") is None


def test_a_stale_old_value_moves_nothing_and_both_values_are_told(repository: Repository) -> None:
    tip = repository.branch_off("tip", {"README.md": "x\n"})
    refs.update(repository.git, "org/main/head", tip, refs.NOTHING)
    for old in (refs.NOTHING, repository.first):
        with pytest.raises(WorkspaceError, match=f"expected {old}, found {tip}"):
            refs.update(repository.git, "org/main/head", repository.first, old)
    assert refs.head(repository.git, "org/main/head") == tip


@pytest.mark.parametrize("ref", ["refs/heads/main", "main", "refs/tags/v1", "refs/heads/organ", "refs/heads/org/../main"])
def test_a_persons_ref_is_never_written(repository: Repository, ref: str) -> None:
    with pytest.raises(WorkspaceError, match=r"belongs to a person|is no name"):
        refs.update(repository.git, ref, repository.first, refs.NOTHING)
    assert refs.head(repository.git, "main") == repository.first


def test_a_kept_try_stays_reachable_and_is_never_replaced(repository: Repository) -> None:
    tip = repository.branch_off("tip", {"README.md": "x\n"})
    for _ in range(2):
        assert refs.keep_try(repository.git, "main", "e17", tip) == "refs/org/main/tries/e17"
    shell_git(repository.root, "branch", "-D", "tip")
    assert tip in shell_git(repository.root, "rev-list", "--all")
    with pytest.raises(WorkspaceError, match=f"keeps {tip} already"):
        refs.keep_try(repository.git, "main", "e17", repository.first)


def two_sides(repository: Repository, ours: str, theirs: str) -> tuple[str, str]:
    return repository.branch_off("ours", {PATH: ours}), repository.branch_off("theirs", {PATH: theirs})


def merged_recipe(repository: Repository, ours: str, theirs: str) -> str:
    outcome = merges.merge(repository.git, *two_sides(repository, ours, theirs), [PATH])
    assert isinstance(outcome, Merged)
    return repository.git.run("show", f"{outcome.tree}:{PATH}") + "\n"


def test_neighbouring_lines_of_a_recipe_merge_and_comments_stay(repository: Repository) -> None:
    ours, theirs = RECIPE.replace("depth: 4", "depth: 6"), RECIPE.replace("width: 256", "width: 512")
    assert isinstance(merges.merge(repository.git, *two_sides(repository, ours, theirs)), Conflict)
    shell_git(repository.root, "branch", "-D", "ours", "theirs")
    assert merged_recipe(repository, ours, theirs) == RECIPE.replace("depth: 4", "depth: 6").replace("width: 256", "width: 512")


def test_changes_far_apart_keep_the_comments_of_both(repository: Repository) -> None:
    ours = RECIPE.replace("depth: 4", "depth: 6  # ours")
    theirs = RECIPE.replace("betas: [0.9, 0.95]", "# theirs\nbetas: [0.9, 0.99]")
    merged = merged_recipe(repository, ours, theirs)
    assert merged == ours.replace("betas: [0.9, 0.95]", "# theirs\nbetas: [0.9, 0.99]")


def test_one_key_added_in_two_places_is_found_though_the_lines_merge(repository: Repository) -> None:
    ours, theirs = "wd: 0.1\n" + RECIPE, RECIPE + "wd: 0.2\n"
    outcome = merges.merge(repository.git, *two_sides(repository, ours, theirs), [PATH])
    assert isinstance(outcome, Conflict) and outcome.detail == f"{PATH}: wd: ours 0.1, theirs 0.2, before nothing"


def test_a_key_that_one_side_takes_out_or_adds_goes_or_comes(repository: Repository) -> None:
    ours = RECIPE.replace("depth: 4\n", "depth: 4\nheads: 8\n")
    theirs = RECIPE.replace("depth: 4\n", "depth: 4\nrope: 1e4\n").replace("betas: [0.9, 0.95]\n", "")
    merged = merged_recipe(repository, ours, theirs)
    assert merged.splitlines()[:4] == ["# the model", "depth: 4", "rope: 1e4", "heads: 8"]
    assert "betas" not in merged and "# the optimizer\nlr: 3e-4\n" in merged


def test_a_key_set_to_two_values_is_a_conflict_with_its_name_and_values(repository: Repository) -> None:
    sides = two_sides(repository, RECIPE.replace("3e-4", "6e-4"), RECIPE.replace("3e-4", "1e-4"))
    outcome = merges.merge(repository.git, *sides, [PATH])
    assert isinstance(outcome, Conflict)
    assert outcome.paths == (PATH,)
    assert outcome.detail == f"{PATH}: lr: ours 0.0006, theirs 0.0001, before 0.0003"


def test_the_same_change_on_both_sides_is_no_conflict(repository: Repository) -> None:
    ours = RECIPE.replace("3e-4", "6e-4").replace("depth: 4", "depth: 6")
    assert merged_recipe(repository, ours, RECIPE.replace("3e-4", "6e-4")) == ours


def test_nested_keys_merge_each_for_itself() -> None:
    base = "opt:\n  lr: 1e-3\n  wd: 0.1\n"
    got = recipe.merge(base, base.replace("1e-3", "2e-3"), base.replace("0.1", "0.2"))
    assert (got.text, got.conflicts) == ("opt:\n  lr: 2e-3\n  wd: 0.2\n", ())


def test_one_and_one_point_zero_and_true_are_three_values() -> None:
    assert recipe.merge("a: 0\n", "a: 1\n", "a: 1.0\n").conflicts == ("a: ours 1, theirs 1.0, before 0",)
    assert recipe.merge("a: 0\n", "a: 1\n", "a: true\n").conflicts == ("a: ours 1, theirs true, before 0",)


def test_a_recipe_that_is_not_yaml_is_a_conflict_that_says_so(repository: Repository) -> None:
    outcome = merges.merge(repository.git, *two_sides(repository, "depth: [\n", "depth: 5\n"), [PATH])
    assert isinstance(outcome, Conflict) and "ours is not YAML" in outcome.detail


def test_code_that_both_sides_changed_is_a_conflict_with_gits_words(repository: Repository) -> None:
    ours = repository.branch_off("ours", {"trainer/model.py": "WIDTH = 2\n", "README.md": "ours\n"})
    theirs = repository.branch_off("theirs", {"trainer/model.py": "WIDTH = 3\n", "trainer/old.py": None})
    outcome = merges.merge(repository.git, ours, theirs, [PATH])
    assert isinstance(outcome, Conflict)
    assert outcome.paths == ("trainer/model.py",)
    assert "CONFLICT (content)" in outcome.detail


def test_a_recipe_that_one_side_deleted_is_a_conflict(repository: Repository) -> None:
    ours = repository.branch_off("ours", {PATH: None})
    theirs = repository.branch_off("theirs", {PATH: "depth: 5\n"})
    outcome = merges.merge(repository.git, ours, theirs, [PATH])
    assert isinstance(outcome, Conflict) and "one side deleted it" in outcome.detail


def test_a_merge_commit_is_the_labs_with_the_authors_name_and_no_branch_moves(repository: Repository) -> None:
    ours, theirs = two_sides(repository, RECIPE.replace("depth: 4", "depth: 6"), RECIPE.replace("width: 256", "width: 9"))
    outcome = merges.merge(repository.git, ours, theirs, [PATH])
    assert isinstance(outcome, Merged)
    made = merges.commit(repository.git, outcome.tree, [ours, theirs], "Wider\n\nbody", Identity("human via junior-2", "j2@lab"))
    told = shell_git(repository.root, "show", "-s", "--format=%an|%ae|%cn|%ce|%P|%s", made)
    assert told == f"human via junior-2|j2@lab|org|org@localhost|{ours} {theirs}|Wider"
    assert refs.head(repository.git, "main") == repository.first


def test_files_are_committed_without_a_checkout(repository: Repository) -> None:
    made = merges.commit_files(repository.git, repository.first, {"tool.sh": "#!/bin/sh\nexit 1\n", "new/x.txt": "é"}, "weaken")
    assert shell_git(repository.root, "show", f"{made}:new/x.txt") == "é"
    assert shell_git(repository.root, "ls-tree", made, "tool.sh").startswith("100755")
    assert shell_git(repository.root, "rev-parse", f"{made}^") == repository.first
    assert shell_git(repository.root, "status", "--porcelain") == ""


def test_histories_that_share_nothing_are_refused(repository: Repository) -> None:
    alone = merges.commit(repository.git, repository.git.run("rev-parse", "HEAD^{tree}"), [], "alone")
    with pytest.raises(WorkspaceError, match="share no history"):
        merges.merge(repository.git, repository.first, alone)


def test_a_diff_is_cut_at_a_line_and_says_so(repository: Repository) -> None:
    tip = repository.branch_off("tip", {"trainer/model.py": "X = 1\n" * 200, "README.md": "y\n"})
    whole = diff.diff(repository.git, repository.first, tip, ["trainer/model.py"])
    assert "README" not in whole and whole.count("+X = 1") == 200
    short = diff.diff(repository.git, repository.first, tip, limit=300)
    assert short.splitlines()[-1].endswith(f"git diff {repository.first} {tip}]")
    assert len(short) < 500


def test_subjects_and_line_counts_of_a_range(repository: Repository) -> None:
    repository.branch_off("one", {"README.md": "x\ny\n"})
    tip = repository.branch_off("two", {"README.md": "x\n"}, start="one")
    assert diff.log_subjects(repository.git, repository.first, tip) == ["one", "two"]
    assert diff.lines(repository.git, repository.first, tip) == diff.Lines(added=1, removed=1)
