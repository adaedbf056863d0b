"""Changes put on and taken out by their ends, files without some hunks, recipes without some keys."""

from pathlib import Path

import pytest

from org.workspace import hunks, merges, recipe, trees
from org.workspace.git import Git, Identity
from org.workspace.merges import Conflict, Merged

ME = Identity("tester", "tester@example.invalid")
LONG = "".join(f"line {n}\n" for n in range(30))


@pytest.fixture
def git(tmp_path: Path) -> Git:
    made = Git(tmp_path)
    made.run("init", "-q")
    return made


def tree(git: Git, **files: str) -> str:
    """A tree of these files; _ stands for a dot."""
    empty = git.run("mktree", input="")
    return trees.overlay(git, empty, {name.replace("_", "."): trees.store(git, text) for name, text in files.items()})


def read(git: Git, tree: str, path: str) -> str:
    blob = trees.blob_at(git, tree, path)
    assert blob is not None
    return trees.text(git, blob)


def test_a_change_is_put_on_a_tree_that_shares_no_history_with_it(git: Git) -> None:
    before, after = tree(git, a=LONG), tree(git, a=LONG.replace("line 3\n", "line three\n"))
    onto = merges.commit(git, tree(git, a=LONG.replace("line 20\n", "line twenty\n"), b="more\n"), [], "elsewhere")
    done = merges.applied(git, onto, before, after)
    assert isinstance(done, Merged) and read(git, done.tree, "b") == "more\n"
    assert "line three\n" in read(git, done.tree, "a") and "line twenty\n" in read(git, done.tree, "a")


def test_the_other_way_round_takes_a_change_out_and_leaves_later_ones(git: Git) -> None:
    before, after = tree(git, r_yaml="lr: 0.2\nsize: 3\n"), tree(git, r_yaml="lr: 0.3\nsize: 3\n")
    now = tree(git, r_yaml="lr: 0.3\nsize: 4\n")
    done = merges.applied(git, now, after, before, ["r.yaml"])
    assert isinstance(done, Merged) and read(git, done.tree, "r.yaml") == "lr: 0.2\nsize: 4\n"


def test_a_conflict_is_told_in_the_words_of_who_asks(git: Git) -> None:
    before, after = tree(git, r_yaml="lr: 0.2\n"), tree(git, r_yaml="lr: 0.3\n")
    words = recipe.Words("now", "before it", "with it")
    clash = merges.applied(git, tree(git, r_yaml="lr: 0.4\n"), after, before, ["r.yaml"], words)
    assert isinstance(clash, Conflict) and clash.paths == ("r.yaml",)
    assert clash.detail == "r.yaml: lr: now 0.4, before it 0.2, with it 0.3"


def test_hunks_are_numbered_as_git_shows_them_and_left_out_one_by_one(git: Git) -> None:
    base = tree(git, a=LONG)
    tip = tree(git, a="new\n" + LONG.replace("line 15\n", "").replace("line 29\n", "last\n"))
    assert [h.number for h in hunks.of(git, base, tip, "a")] == [1, 2, 3]
    assert hunks.without(git, base, tip, "a", {1, 2, 3}) == LONG
    assert hunks.without(git, base, tip, "a", {2}) == "new\n" + LONG.replace("line 29\n", "last\n")
    assert hunks.without(git, base, tip, "a", {1, 3}) == LONG.replace("line 15\n", "")


def test_a_file_without_a_last_line_feed_is_itself_again(git: Git) -> None:
    base, tip = tree(git, a=LONG.rstrip("\n")), tree(git, a=LONG.rstrip("\n") + "!")
    assert hunks.without(git, base, tip, "a", {1}) == LONG.rstrip("\n")


def test_an_added_file_has_no_hunks_to_leave_out(git: Git) -> None:
    base, tip = tree(git, a="x\n"), tree(git, a="x\n", b="y\n")
    assert sorted(trees.listing(git, tip)) == ["a", "b"] and trees.blob_at(git, base, "b") is None


def test_keys_that_differ_are_named_nested_ones_with_dots() -> None:
    before, after = "lr: 1\nadam: {beta: 1, eps: 2}\nold: 1\n", "lr: 2\nadam: {beta: 1, eps: 3}\nnew: 1\n"
    assert recipe.changed_keys(before, after) == ("lr", "adam.eps", "new", "old")
    assert recipe.value(after, "adam.eps") == "3" and recipe.value(after, "old") == "nothing"


def test_a_recipe_without_some_keys_keeps_its_comments_and_the_others() -> None:
    before = "# top\nlr: 1  # step\nadam:\n  beta: 1\n  eps: 2\nold: 1\n"
    after = "# top\nlr: 2  # step\nadam:\n  beta: 5\n  eps: 3\nnew: 1\n"
    assert recipe.without(before, after, {"lr", "adam.eps"}) == "# top\nlr: 1  # step\nadam:\n  beta: 5\n  eps: 2\nnew: 1\n"
    every = recipe.changed_keys(before, after)
    assert recipe.same_values(recipe.without(before, after, every), before)
