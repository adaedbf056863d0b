"""The door to git: errors a person can act on, and nothing taken over from the caller."""

from pathlib import Path

import pytest
from git_repository import Repository, shell_git

from org.model.errors import WorkspaceError
from org.workspace.git import Git, GitError


def test_an_error_carries_what_git_said(repository: Repository) -> None:
    with pytest.raises(GitError, match="no-such-ref") as caught:
        repository.git.run("rev-parse", "--verify", "no-such-ref^{commit}")
    assert caught.value.code == 128


def test_the_callers_index_and_repository_are_ignored(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert repository.git.run("rev-parse", "HEAD") == repository.first


def test_a_call_that_takes_too_long_is_stopped_with_its_children(repository: Repository) -> None:
    with pytest.raises(WorkspaceError, match=r"stopped after 0\.2 s"):
        repository.git.run("-c", "alias.wait=!sleep 60", "wait", timeout=0.2)


def test_a_folder_without_a_repository_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="git init"):
        Git(tmp_path).require()


def test_a_repository_without_commits_is_refused_with_the_way_out(tmp_path: Path) -> None:
    shell_git(tmp_path, "init", "-q")
    with pytest.raises(WorkspaceError, match="git commit"):
        Git(tmp_path).require()


def test_a_missing_git_says_what_to_install(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.root))
    with pytest.raises(WorkspaceError, match=r"git is missing.*apt install git.*brew install git"):
        repository.git.require()


def test_a_repository_with_a_commit_is_accepted(repository: Repository) -> None:
    repository.git.require()


def test_the_common_folder_is_found_from_a_linked_worktree(repository: Repository, tmp_path: Path) -> None:
    shell_git(repository.root, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    assert Git(tmp_path / "linked").common_dir == repository.git.common_dir == repository.root / ".git"
