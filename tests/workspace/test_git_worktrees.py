"""Worktrees: made once, adopted afterwards, never cleaned; and what a killed git leaves behind."""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from git_repository import Repository, shell_git

from org.model.errors import WorkspaceError
from org.workspace import refs
from org.workspace.repair import repair
from org.workspace.unfinished import noted
from org.workspace.worktrees import ensure, hide, status, switch_new_branch

BRANCH = "org/main/junior/junior-1/first"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "trees" / "junior-1"


def make(repository: Repository, place: Path, branch: str = BRANCH) -> bool:
    return ensure(repository.git, place, branch, repository.first, "org main junior-1")


def test_a_worktree_is_made_on_its_branch_and_locked(repository: Repository, place: Path) -> None:
    assert make(repository, place)
    now = status(place)
    assert (now.branch, now.commit, now.dirty, now.untracked) == (BRANCH, repository.first, (), ())
    assert "locked org main junior-1" in shell_git(repository.root, "worktree", "list", "--porcelain")


def test_an_existing_worktree_is_adopted_with_all_that_is_in_it(repository: Repository, place: Path) -> None:
    make(repository, place)
    (place / "notes.txt").write_text("mine")
    (place / "README.md").write_text("half done")
    assert not make(repository, place)
    assert (place / "notes.txt").read_text() == "mine"
    assert status(place).dirty == ("README.md",) and status(place).untracked == ("notes.txt",)


def test_a_folder_with_something_else_is_refused_and_kept(repository: Repository, place: Path) -> None:
    place.mkdir(parents=True)
    (place / "thesis.tex").write_text("years")
    with pytest.raises(WorkspaceError, match="no worktree of this repository"):
        make(repository, place)
    assert (place / "thesis.tex").read_text() == "years"


def test_a_worktree_whose_folder_was_deleted_is_made_again_with_its_commits(repository: Repository, place: Path) -> None:
    make(repository, place)
    tip = repository.write({"trainer/model.py": "WIDTH = 2\n"}, at=place)
    shutil.rmtree(place)
    assert make(repository, place)
    assert status(place).commit == tip


def test_a_branch_in_use_elsewhere_is_refused_by_name(repository: Repository, place: Path) -> None:
    make(repository, place)
    with pytest.raises(WorkspaceError, match=f"{BRANCH} is checked out in .*junior-1"):
        make(repository, place.with_name("other"))


def test_a_persons_branch_is_never_given_to_an_agent(repository: Repository, place: Path) -> None:
    with pytest.raises(WorkspaceError, match="refs/heads/main belongs to a person"):
        make(repository, place, "main")


def test_sixteen_at_once_all_succeed(repository: Repository, tmp_path: Path) -> None:
    agents = [f"junior-{n}" for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda a: make(repository, tmp_path / "trees" / a, f"org/main/junior/{a}/x"), agents))
    assert made == [True] * 16
    assert {status(tmp_path / "trees" / a).commit for a in agents} == {repository.first}


def test_the_next_branch_starts_at_the_given_commit_and_keeps_untracked_files(repository: Repository, place: Path) -> None:
    make(repository, place)
    repository.write({"trainer/model.py": "WIDTH = 2\n"}, at=place)
    (place / "notes.txt").write_text("mine")
    for _ in range(2):
        switch_new_branch(place, "org/main/junior/junior-1/second", repository.first)
    now = status(place)
    assert (now.branch, now.commit) == ("org/main/junior/junior-1/second", repository.first)
    assert now.untracked == ("notes.txt",)


def test_the_next_branch_is_refused_while_tracked_files_are_changed(repository: Repository, place: Path) -> None:
    make(repository, place)
    (place / "README.md").write_text("half done")
    with pytest.raises(WorkspaceError, match=r"README\.md.*git commit.*git restore"):
        switch_new_branch(place, "org/main/junior/junior-1/second", repository.first)
    assert (place / "README.md").read_text() == "half done"


def test_names_with_spaces_renames_and_conflicts_are_told(repository: Repository, place: Path) -> None:
    make(repository, place)
    shell_git(place, "mv", "trainer/old.py", "trainer/new name.py")
    assert status(place).dirty == ("trainer/new name.py", "trainer/old.py")


def test_hidden_files_are_not_told_as_untracked_and_hiding_twice_adds_nothing(repository: Repository, place: Path) -> None:
    make(repository, place)
    (place / ".agent").mkdir()
    (place / ".agent" / "settings.json").write_text("{}")
    assert status(place).untracked == (".agent/",)
    hide(place, ["/.agent/"])
    exclude = (repository.root / ".git/info/exclude").read_text()
    hide(place, ["/.agent/"])
    assert status(place).untracked == ()
    assert (repository.root / ".git/info/exclude").read_text() == exclude


def entry_of(repository: Repository, name: str) -> Path:
    return repository.root / ".git/worktrees" / name


def test_an_emptied_commondir_is_written_again_and_no_work_is_lost(repository: Repository, place: Path) -> None:
    make(repository, place)
    (place / "README.md").write_text("half done")
    (entry_of(repository, "junior-1") / "commondir").write_text("")
    assert repository.git.ask("worktree", "list").code != 0
    assert "commondir" in repair(repository.git)[0]
    assert str(place) in repository.git.run("worktree", "list")
    assert (place / "README.md").read_text() == "half done"
    assert repair(repository.git) == []


def test_a_worktree_whose_maker_was_killed_is_removed_and_made_anew(repository: Repository, place: Path) -> None:
    with pytest.raises(RuntimeError), noted(repository.git.common_dir, place):
        shell_git(repository.root, "worktree", "add", "-q", "--lock", "-b", BRANCH, str(place), repository.first)
        (entry_of(repository, "junior-1") / "commondir").write_text("")
        raise RuntimeError("killed")
    assert repair(repository.git) == [f"removed the half-made worktree {place}"]
    assert not place.exists()
    assert make(repository, place)


def test_a_strangers_half_made_worktree_is_set_aside_and_its_files_stay(repository: Repository, tmp_path: Path) -> None:
    tree = tmp_path / "theirs"
    shell_git(repository.root, "worktree", "add", "-q", "--detach", str(tree))
    entry = entry_of(repository, "theirs")
    (entry / "locked").write_text("initializing")
    (entry / "commondir").write_text("")
    [said] = repair(repository.git)
    assert "still has files and was left" in said
    assert (tree / "README.md").exists()
    assert repository.git.ask("worktree", "list").code == 0


def test_old_lock_files_of_the_lab_are_removed_and_a_persons_stay(repository: Repository, place: Path) -> None:
    make(repository, place)
    ours = repository.root / ".git/refs/heads" / f"{BRANCH}.lock"
    theirs = repository.root / ".git/refs/heads/main.lock"
    fresh = ours.with_name("fresh.lock")
    for lock in (ours, theirs, fresh):
        lock.touch()
    for lock in (ours, theirs):
        os.utime(lock, (time.time() - 300,) * 2)
    assert repair(repository.git) == [f"removed the stale lock {ours}"]
    assert theirs.exists() and fresh.exists()


def test_a_healthy_repository_needs_no_repair(repository: Repository, place: Path) -> None:
    make(repository, place)
    assert repair(repository.git) == []
    assert refs.head(repository.git, BRANCH) == repository.first
