"""`org doctor` as a person types it: without a lab, with a broken config, in a lab, and it leaves nothing behind."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from laboratory import git, repository

ORG = Path(sys.executable).parent / "org"
CLAUDE = "  - {role: junior, backend: claude, key_env: TEAM_API_KEY}\n"


def doctor(where: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ORG_", "TMUX", "ANTHROPIC", "OPENAI", "CLAUDE", "CODEX"))}
    env |= {"ORG_DEVICE_LOCKS": str(where.parent / "locks"), "HOME": str(where.parent), "CUDA_VISIBLE_DEVICES": ""}
    command = [str(ORG), "doctor", *words]
    return subprocess.run(command, cwd=where, env=env | environ, capture_output=True, text=True, timeout=120, check=False)


def findings(where: Path, **environ: str) -> dict[str, list[dict[str, Any]]]:
    """--json, by what was looked at."""
    done = doctor(where, "--json", **environ)
    assert "Traceback" not in done.stderr, done.stderr
    told: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout):
        told.setdefault(finding["what"], []).append(finding)
    assert done.returncode == int(any(f["level"] == "problem" for group in told.values() for f in group))
    return told


def problems(told: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [f["says"] for group in told.values() for f in group if f["level"] == "problem"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a config and a role; nothing is started."""
    made = repository(tmp_path / "repository", "fit")
    (made / "roles").mkdir()
    (made / "roles" / "junior.md").write_text("You are {{ agent }}.\n")
    git(made, "add", "-A")
    git(made, "commit", "-q", "-m", "roles")
    return made


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_outside_of_any_repository_it_examines_the_machine(tmp_path: Path) -> None:
    told = findings(tmp_path)
    assert told["config"][0]["level"] == "warning" and "org init" in told["config"][0]["fix"]
    assert {"Python", "git", "tmux", "SQLite", "clock", "open files"} <= set(told)


def test_a_sound_lab_has_no_problem_and_nothing_is_left_behind(root: Path) -> None:
    before = everything(root.parent)
    told = findings(root)
    assert problems(told) == []
    assert told["roles"][0]["says"].startswith("junior in") and told["devices"][0]["says"].startswith("cpu:0, cpu:1")
    assert everything(root.parent) == before
    assert git(root, "status", "--porcelain") == ""


def test_every_finding_of_a_broken_config_is_told(root: Path) -> None:
    path = root / "config.yaml"
    path.write_text(path.read_text().replace("structure: solo", "structure: duo").replace("timeout_min: 1", "timeout_min: soon"))
    told = findings(root)
    assert [f["level"] for f in told["config"]] == ["problem", "problem"]
    assert "structure" in told["config"][0]["says"] and "timeout_min" in told["config"][1]["says"]
    done = doctor(root)
    assert done.returncode == 1 and "✗ config" in done.stdout and "→ " in done.stdout


def test_a_named_config_that_is_not_there_is_a_problem(root: Path) -> None:
    done = subprocess.run(
        [str(ORG), "--config", str(root / "other.yaml"), "doctor"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1 and "no such file" in done.stdout


def test_a_repository_without_commits_is_told(root: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    shutil.copytree(root, empty, ignore=shutil.ignore_patterns(".git"))
    git(empty, "init", "-q", "-b", "main")
    assert any("no commit" in said for said in problems(findings(empty)))


def test_a_missing_role_and_a_missing_device_are_problems(root: Path) -> None:
    path = root / "config.yaml"
    path.write_text(path.read_text().replace("role: junior", "role: juniro").replace("{cpu: 2}", "[cuda:77]"))
    told = findings(root)
    assert "juniro" in told["roles"][0]["says"] and "cuda:77" in told["devices"][0]["says"]


def test_a_gpu_s_ladder_on_a_cpu_is_a_warning(root: Path) -> None:
    path = root / "config.yaml"
    path.write_text(path.read_text().replace("{run_budget: 100step}", "{depth: 8, run_budget: 300s}"))
    (found,) = findings(root)["devices"]
    assert found["level"] == "warning" and "depth 8" in found["says"] and "--profile laptop" in found["fix"]


def test_a_key_in_a_file_is_a_problem_and_is_not_printed(root: Path) -> None:
    key, other = "sk-" + "a1B2c3D4" * 5, "correct-horse-battery"
    (root / "config.yaml").write_text((root / "config.yaml").read_text() + f"# {key}\n")
    (root / "roles" / "junior.md").write_text(f"Use {other}.\n")
    done = doctor(root, TEAM_API_KEY=other)
    assert done.returncode == 1 and done.stdout.count("a key stands in") == 2
    assert key not in done.stdout and other not in done.stdout + done.stderr


def test_folders_that_git_would_keep_are_a_warning(root: Path) -> None:
    (root / ".gitignore").write_text("worktrees/\n")
    told = findings(root)
    assert "comms/ is not ignored" in told["git"][1]["says"] and ".gitignore" in told["git"][1]["fix"]


def test_a_program_that_is_not_there_is_a_problem(root: Path) -> None:
    path = root / "config.yaml"
    path.write_text(path.read_text().replace('command: "{python} -m fit train', 'command: "no-such-program train'))
    assert "no-such-program" in findings(root)["task.command"][0]["says"]


def claude(folder: Path, version: str) -> str:
    """A PATH on which claude is this version."""
    folder.mkdir()
    script = folder / "claude"
    script.write_text(f"#!/bin/sh\necho '{version} (Claude Code)'\n")
    script.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_an_agent_s_program_is_examined(root: Path, tmp_path: Path) -> None:
    path = root / "config.yaml"
    path.write_text(path.read_text().replace("  - {role: junior, backend: offline, count: 2}\n", CLAUDE))
    tested = findings(root, PATH=claude(tmp_path / "a", "2.1.329"), TEAM_API_KEY="correct-horse-battery")
    assert tested["claude"][0]["level"] == "ok"
    newer = findings(root, PATH=claude(tmp_path / "b", "9.9.9"), TEAM_API_KEY="correct-horse-battery")
    assert newer["claude"][0]["level"] == "warning" and "2.1.329" in newer["claude"][0]["says"]
    if os.geteuid() == 0:
        assert tested["root"][0]["level"] == "warning"
    without = findings(root, PATH=claude(tmp_path / "c", "2.1.329"))
    assert any("TEAM_API_KEY" in said or "claude" in said for said in problems(without))
