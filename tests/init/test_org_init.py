"""`org init`: every generated lab loads and can be founded, and nobody's file is overwritten."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from laboratory import git

import org
from org import config
from org.agents import briefing
from org.lab import briefs, environment, prompts, scaffold
from org.model.errors import Refused
from org.workspace import changes

ORG = Path(sys.executable).parent / "org"
SOURCE = scaffold.shipped(Path(org.__file__).parent)
EVERY = [(profile, task) for profile in scaffold.PROFILES for task in scaffold.TASKS]


def run(where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ORG_", "TMUX"))}
    env |= {"ORG_DEVICE_LOCKS": str(where.parent / "locks"), "OMP_WAIT_POLICY": "PASSIVE", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run([str(ORG), *words], cwd=where, env=env, capture_output=True, text=True, timeout=120, check=False)


def made(root: Path, profile: str = "laptop", task: str = "trainer") -> config.Config:
    scaffold.scaffold(root, SOURCE, profile, task, "config.yaml")
    return config.load(root / "config.yaml")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty repository."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


@pytest.mark.parametrize(("profile", "task"), EVERY)
def test_every_generated_config_loads_with_its_roles_and_briefs(tmp_path: Path, profile: str, task: str) -> None:
    root = tmp_path / "lab"
    loaded = made(root, profile, task)
    for entry in loaded.agents:
        briefing.role(root / "roles", entry.role, prompts.variables(loaded, "agent"))
    found = [briefs.read(path) for path in briefs.shipped(root / "prompts")]
    assert found and all(set(brief.editable) <= set(loaded.task.editable) for brief in found)
    for path in loaded.task.editable:
        assert changes.is_editable(path, loaded.task.editable, loaded.task.protected)


@pytest.mark.parametrize(("profile", "task"), EVERY)
def test_every_command_of_a_generated_config_fills_in(tmp_path: Path, profile: str, task: str) -> None:
    """Commands are split as by a shell and every placeholder is known, braces of a shell script included."""
    told = made(tmp_path / "lab", profile, task).task
    once = {"python": "/p", "data": "/a b/data", "device": "cuda"}
    rung = told.ladder[0]
    depth = "" if rung.depth is None else str(rung.depth)
    of_a_run = {**once, "seed": "3", "data_seed": "3", "budget": rung.run_budget, "depth": depth, "run": "/a b/run"}
    for template in filter(None, (told.prepare, told.fingerprint)):
        assert "{" not in " ".join(environment.fill(template, once))
    for template in filter(None, (told.command, told.evaluate, told.epochs)):
        words = environment.fill(template, of_a_run)
        assert "{" not in " ".join(words)
        assert not any(word.endswith("b/data") and " " not in word for word in words), "a path was torn apart"


def test_a_shell_script_of_a_task_is_one(tmp_path: Path) -> None:
    words = environment.fill(made(tmp_path, "gpu1", "nanochat").task.prepare or "", {"data": "/a b/data"})
    assert words[:2] == ["sh", "-c"] and words[3] == "/a b/data" and len(words) == 4
    subprocess.run(["sh", "-n", "-c", words[2]], check=True)


def test_the_reference_machine_gets_the_reference_lab(tmp_path: Path) -> None:
    loaded = made(tmp_path, "h100x8", "trainer")
    assert [(e.role, e.backend, e.count) for e in loaded.agents] == [
        ("chief_scientist", "claude", 1), ("junior", "claude", 4), ("junior", "codex", 4),
    ]  # fmt: skip
    assert [(r.depth, r.devices) for r in loaded.task.ladder] == [(8, 1), (12, 1), (24, 8)]
    assert "climbmix" in (loaded.task.prepare or "") and "--context 2048" in (loaded.task.prepare or "")


def test_a_lab_with_gpus_gets_their_recipe_and_a_laptop_the_shipped_one(tmp_path: Path) -> None:
    shipped = (SOURCE.trainer / "recipe.yaml").read_text()
    for profile in scaffold.PROFILES:
        made(tmp_path / profile, profile)
    recipes = {profile: (tmp_path / profile / "trainer" / "recipe.yaml").read_text() for profile in scaffold.PROFILES}
    assert recipes["laptop"] == shipped and recipes["gpu1"] == recipes["h100x8"] != shipped
    changed = [line.split("#")[0].split() for line in recipes["gpu1"].splitlines() if line not in shipped.splitlines()]
    wanted = (SOURCE.trainer / "recipe_gpu.yaml").read_text().splitlines()
    assert changed == [line.split() for line in wanted if not line.startswith("#")]
    columns = {line.index("#") for line in recipes["gpu1"].splitlines() if " # " in line and ":" in line.split("#")[0]}
    assert len(columns) == 1, "comments stay in their column"


def test_a_recipe_laid_over_another_names_keys_that_are_there() -> None:
    with pytest.raises(Refused, match="has no key hidden_size"):
        scaffold.laid_over("width: 3\n", "hidden_size: 4\n")


@pytest.mark.parametrize(
    ("task", "printed", "value"),
    [
        ("autoresearch", "---\nval_bpb:          0.997900\ntraining_seconds: 300.1\n", "0.997900"),
        ("nanochat", "Step 00000 | Validation bpb: 3.2\nStep 00700 | Validation bpb: 0.861234\n", "0.861234"),
        ("command", "epoch 3\nscore:  -1.5e-3\n", "-1.5e-3"),
    ],
)
def test_a_foreign_score_is_read_from_what_the_program_prints(tmp_path: Path, task: str, printed: str, value: str) -> None:
    import re

    assert re.findall(made(tmp_path, "gpu1", task).task.pattern or "", printed)[-1] == value


def test_what_a_person_wrote_stays_byte_for_byte(root: Path) -> None:
    mine = {"roles/junior.md": "my junior\n", "comms/README.md": "mine\n", "prompts/programs/free-research.md": "mine\n"}
    for name, text in mine.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".gitignore").write_text("*.pyc\n.env")
    done = run(root, "init", ".")
    assert done.returncode == 0, done.stderr
    assert {name: (root / name).read_text() for name in mine} == mine
    ignored = (root / ".gitignore").read_text()
    assert ignored.startswith("*.pyc\n.env\n/comms/*\n") and "!/worktrees/README.md" in ignored
    assert "kept as it was" in done.stdout and "roles/junior.md" in done.stdout and "added to .gitignore" in done.stdout
    assert git(root, "status", "--porcelain", "--untracked-files=no") == "", "nothing is added or committed"


def test_a_config_that_is_there_is_refused_and_nothing_is_written(root: Path) -> None:
    (root / "config.yaml").write_text("lab: mine\n")
    done = run(root, "init", ".")
    assert done.returncode == 1 and "stays as it is" in done.stderr and "--out" in done.stderr
    assert [p.name for p in root.iterdir() if p.name != ".git"] == ["config.yaml"]
    assert run(root, "init", ".", "--out", "gpu.yaml", "--profile", "gpu1").returncode == 0
    assert (root / "config.yaml").read_text() == "lab: mine\n" and config.load(root / "gpu.yaml").agents


def test_a_link_at_the_config_s_place_is_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "config.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(Refused):
        made(root)
    assert not (tmp_path / "elsewhere.yaml").exists()


@pytest.mark.parametrize("name", ["../config.yaml", "/tmp/x.yaml", "a/b.yaml", "", "config.txt"])
def test_the_config_s_name_stays_inside(root: Path, name: str) -> None:
    done = run(root, "init", ".", "--out", name)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert [p.name for p in root.iterdir()] == [".git"]


def test_a_second_time_ignores_nothing_twice(root: Path) -> None:
    made(root)
    (root / "config.yaml").unlink()
    before = (root / ".gitignore").read_text()
    made(root)
    assert (root / ".gitignore").read_text() == before


def test_a_folder_inside_a_repository_is_refused(root: Path) -> None:
    (root / "sub").mkdir()
    done = run(root, "init", "sub")
    assert done.returncode == 1 and f"org init {root}" in done.stderr and not list((root / "sub").iterdir())


def test_another_s_trainer_is_not_taken_for_ours(root: Path) -> None:
    (root / "trainer").mkdir()
    (root / "trainer" / "main.py").write_text("")
    done = run(root, "init", ".")
    assert done.returncode == 1 and "--task command" in done.stderr and not (root / "config.yaml").exists()


def next_commands(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line.strip() for line in done.stdout.partition("next:\n")[2].splitlines()]


def commit(root: Path, commands: list[str]) -> None:
    """What `org init` printed, as far as git goes."""
    for line in commands:
        if line.startswith("git "):
            identity = "-c user.name=t -c user.email=t@example.invalid"
            subprocess.run(line.replace("git ", f"git {identity} ", 1), shell=True, cwd=root, check=True, capture_output=True)


def test_a_lab_on_the_trainer_is_founded_by_the_commands_that_are_printed(tmp_path: Path) -> None:
    root = tmp_path / "lab"
    commands = next_commands(run(tmp_path, "init", "lab"))
    assert commands[0] == f"cd {root}" and commands[1] == "git init -b main" and commands[-1] == "org start"
    path = root / "config.yaml"  # a corpus of seconds
    path.write_text(path.read_text().replace("trainer prepare --data", "trainer prepare --max-mb 0.4 --vocab 512 --data"))
    commit(root, commands)
    assert git(root, "status", "--porcelain") == "", "everything that was written is committed"
    done = run(root, "start", "--no-grid", "--detach")
    assert done.returncode == 0, done.stderr
    assert "founded lab main" in done.stdout and "hired junior-2 (junior, offline)" in done.stdout
    assert git(root, "status", "--porcelain") == "", "what the lab writes is ignored"
    assert (root / "comms" / "data" / "data.json").exists()


def test_a_lab_on_a_command_is_founded_in_a_repository_that_was_there(root: Path) -> None:
    (root / "train.py").write_text("print('score:', 1.0)\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "mine")
    commit(root, next_commands(run(root, "init", ".", "--task", "command")))
    done = run(root, "start", "--no-grid", "--detach")
    assert done.returncode == 0, done.stderr
    assert "hired junior-1 (junior, human)" in done.stdout
    assert run(root, "program", "new", "free-research").returncode == 0
    assert git(root, "status", "--porcelain") == ""
