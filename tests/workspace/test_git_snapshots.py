"""Proposals and the trees that runs execute: only editable paths of a tip count, everything else is named and refused."""

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from git_repository import Repository, shell_git

from org.model.errors import WorkspaceError
from org.workspace import snapshots
from org.workspace.changes import changes, is_editable, refusals
from org.workspace.git import Git
from org.workspace.worktrees import WorktreeStatus

EDITABLE = ("trainer/**",)
PROTECTED = ("trainer/measure/**",)


def files_of(git: Git, tree: str) -> dict[str, str]:
    names = git.run("ls-tree", "-r", "--name-only", tree).splitlines()
    return {name: git.run("show", f"{tree}:{name}") for name in names}


def test_a_run_executes_the_editable_changes_and_nothing_else_of_the_tip(repository: Repository) -> None:
    tip = repository.branch_off(
        "tip",
        {"trainer/model.py": "WIDTH = 2\n", "trainer/new.py": "N = 1\n", "trainer/old.py": None}
        | {"README.md": "cheat\n", "trainer/measure/loss.py": "LOSS = 0\n", "tool.sh": None, "sitecustomize.py": "x\n"},
    )
    tree = snapshots.run_tree(repository.git, repository.first, tip, EDITABLE, PROTECTED)
    wanted = files_of(repository.git, repository.first) | {"trainer/model.py": "WIDTH = 2", "trainer/new.py": "N = 1"}
    del wanted["trainer/old.py"]
    assert files_of(repository.git, tree) == wanted


def test_the_roots_own_tree_comes_back_when_nothing_changed(repository: Repository) -> None:
    root_tree = snapshots.tree_of(repository.git, repository.first)
    assert snapshots.run_tree(repository.git, repository.first, repository.first, EDITABLE) == root_tree


def test_a_file_that_became_a_folder_is_laid_over(repository: Repository) -> None:
    shell_git(repository.root, "switch", "-qc", "folder")
    (repository.root / "trainer/old.py").unlink()
    tip = repository.write({"trainer/old.py/inner.py": "I = 1\n"})
    tree = snapshots.run_tree(repository.git, repository.first, tip, EDITABLE)
    assert files_of(repository.git, tree)["trainer/old.py/inner.py"] == "I = 1"


def test_a_link_at_an_editable_path_does_not_run(repository: Repository) -> None:
    (repository.root / "trainer/link.py").symlink_to("/etc/passwd")
    tip = repository.commit(repository.root)
    with pytest.raises(WorkspaceError, match=r"trainer/link\.py"):
        snapshots.run_tree(repository.git, repository.first, tip, EDITABLE)


def test_changes_say_what_happened_to_each_path(repository: Repository) -> None:
    (repository.root / "README.md").unlink()
    (repository.root / "README.md").symlink_to("tool.sh")
    (repository.root / "tool.sh").chmod(0o644)
    tip = repository.write({"trainer/model.py": "WIDTH = 2\n", "a b\n.py": "", "trainer/old.py": None})
    got = {c.path: (c.status, c.mode) for c in changes(repository.git, repository.first, tip)}
    assert got == {
        "README.md": ("T", "120000"),
        "a b\n.py": ("A", "100644"),
        "tool.sh": ("M", "100644"),
        "trainer/model.py": ("M", "100644"),
        "trainer/old.py": ("D", "100644"),
    }


def test_everything_that_keeps_a_proposal_out_is_named(repository: Repository) -> None:
    (repository.root / "trainer/link.py").symlink_to("model.py")
    shell_git(repository.root, "update-index", "--add", "--cacheinfo", f"160000,{repository.first},trainer/vendored")
    (repository.root / "trainer/vendored").mkdir()
    tip = repository.write(
        {
            "trainer/model.py": "WIDTH = 2\n",
            "README.md": "x\n",
            "extra.py": "x\n",
            "tool.sh": None,
            "trainer/measure/loss.py": "0\n",
        }
    )
    told = refusals(
        changes(repository.git, repository.first, tip),
        EDITABLE,
        WorktreeStatus("b", tip, ("trainer/model.py",), ("n",)),
        PROTECTED,
    )
    expected = [
        "README.md was changed",
        "extra.py was added",
        "tool.sh was deleted",
        "trainer/link.py is a symbolic link",
        "trainer/measure/loss.py was changed",
        "trainer/vendored is a submodule",
        "trainer/model.py has changes that are not committed",
    ]
    assert [sentence for sentence, start in zip(told, expected, strict=True) if not sentence.startswith(start)] == []


def test_a_proposal_within_its_paths_is_not_refused(repository: Repository) -> None:
    tip = repository.write({"trainer/model.py": "WIDTH = 2\n", "trainer/deep/er/x.py": "x\n"})
    assert refusals(changes(repository.git, repository.first, tip), EDITABLE, WorktreeStatus("b", tip, (), ("n",))) == []


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("trainer/model.py", "trainer/model.py", True),
        ("trainer/model.py", "trainer/model_py", False),
        ("trainer/*.py", "trainer/sub/x.py", False),
        ("trainer/**", "trainer/sub/x.py", True),
        ("trainer/**", "trainer2/x.py", False),
        ("trainer/**/x.py", "trainer/x.py", True),
        ("trainer/", "trainer/sub/x.py", True),
        ("**", "trainer/.gitattributes", False),
    ],
)
def test_patterns_match_paths(pattern: str, path: str, matches: bool) -> None:
    assert is_editable(path, [pattern]) is matches


def test_a_negated_pattern_is_refused() -> None:
    with pytest.raises(WorkspaceError, match="never negated"):
        is_editable("x", ["!trainer/model.py"])


def test_a_copy_is_read_only_and_keeps_programs_executable(repository: Repository, tmp_path: Path) -> None:
    dest = snapshots.extract(repository.git, snapshots.tree_of(repository.git, repository.first), tmp_path / "snap" / "one")
    assert (dest / "trainer/model.py").read_text() == "WIDTH = 1\n"
    assert stat.S_IMODE((dest / "trainer/model.py").stat().st_mode) == 0o444
    assert stat.S_IMODE((dest / "tool.sh").stat().st_mode) == 0o555
    assert stat.S_IMODE((dest / "trainer").stat().st_mode) == 0o555


def extract_there(root: Path, tree: str, dest: Path) -> str:
    return str(snapshots.extract(Git(root), tree, dest))


def test_two_processes_make_one_copy(repository: Repository, tmp_path: Path) -> None:
    tree, dest = snapshots.tree_of(repository.git, repository.first), tmp_path / "snap" / "one"
    with ProcessPoolExecutor(2) as pool:
        made = [pool.submit(extract_there, repository.root, tree, dest) for _ in range(4)]
        assert {job.result(60) for job in made} == {str(dest)}
    assert sorted(p.name for p in dest.parent.iterdir()) == ["one", "one.seal", "one.tree"]


def test_a_copy_that_was_cut_off_is_made_anew(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "one.partial").mkdir()
    (tmp_path / "one.partial" / "half").touch()
    dest = snapshots.extract(repository.git, snapshots.tree_of(repository.git, repository.first), tmp_path / "one")
    assert not (dest / "half").exists() and (dest / "README.md").exists()


def test_a_folder_that_is_no_copy_is_neither_used_nor_removed(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    tree = snapshots.tree_of(repository.git, repository.first)
    with pytest.raises(WorkspaceError, match="something else"):
        snapshots.extract(repository.git, tree, tmp_path / "one")
    with pytest.raises(WorkspaceError, match="not made here"):
        snapshots.remove(tmp_path / "one")
    assert (tmp_path / "one").is_dir()


def test_a_copy_of_another_tree_is_not_handed_out(repository: Repository, tmp_path: Path) -> None:
    tip = repository.write({"README.md": "x\n"})
    snapshots.extract(repository.git, snapshots.tree_of(repository.git, repository.first), tmp_path / "one")
    with pytest.raises(WorkspaceError, match="not the tree"):
        snapshots.extract(repository.git, snapshots.tree_of(repository.git, tip), tmp_path / "one")


def test_a_removed_copy_leaves_nothing_and_can_be_made_again(repository: Repository, tmp_path: Path) -> None:
    tree = snapshots.tree_of(repository.git, repository.first)
    dest = snapshots.extract(repository.git, tree, tmp_path / "snap" / "one")
    snapshots.remove(dest)
    snapshots.remove(dest)
    assert os.listdir(dest.parent) == []
    assert (snapshots.extract(repository.git, tree, dest) / "README.md").exists()


def test_a_file_that_the_archive_would_leave_out_is_an_error(repository: Repository, tmp_path: Path) -> None:
    tip = repository.write({".gitattributes": "README.md export-ignore\n"})
    with pytest.raises(WorkspaceError, match=r"README\.md.*export-ignore"):
        snapshots.extract(repository.git, snapshots.tree_of(repository.git, tip), tmp_path / "one")
    assert not (tmp_path / "one").exists()
