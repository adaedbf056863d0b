"""`org` as a person types it: fast help, one clear error each, nothing made by a wrong start."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from laboratory import git, repository

from org.cli import main

ORG = Path(sys.executable).parent / "org"
HEAVY = ("torch", "textual", "anthropic", "openai", "optuna", "scipy", "libtmux", "pydantic")


def org(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ORG_", "TMUX"))}
    env |= {"ORG_DEVICE_LOCKS": str(root.parent / "l"), "CUDA_VISIBLE_DEVICES": ""}  # a start beside idle GPUs is refused
    return subprocess.run(
        [str(ORG), *words], cwd=root, env=env | environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose config is fine; nothing is started."""
    made = repository(tmp_path / "repository", "fit")
    (made / "roles").mkdir()
    (made / "roles" / "junior.md").write_text("You are {{ agent }}.\n")
    git(made, "add", "-A")
    git(made, "commit", "-q", "-m", "roles")
    return made


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One clear error, no traceback."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_help_imports_nothing_heavy() -> None:
    ask = "main.org.main(['--help'], standalone_mode=False)"
    code = f"import sys; from org.cli import main; {ask}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]"), done.stdout
    assert "takeover" in done.stdout


def test_verbs_and_the_dashboard_import_what_they_may_never_need_only_when_they_do() -> None:
    modules = "org.cli.status, org.cli.propose, org.cli.inbox, org.dashboard.app"
    code = f"import sys, {modules}; print([m for m in ('numpy', 'scipy', 'libtmux', 'optuna', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", "a quarter of a second of every verb, 30 MB of the dashboard"


def test_every_verb_has_help() -> None:
    for verb in main.VERBS:
        told = CliRunner().invoke(main.org, [verb, "--help"])
        assert told.exit_code == 0 and "Usage" in told.output, verb


def test_an_unknown_verb_names_the_nearest(root: Path) -> None:
    refused(org(root, "stauts"), 2, "did you mean `org status`?")


def test_a_verb_before_the_first_start_says_what_to_do(root: Path) -> None:
    refused(org(root, "status"), 1, "org start")


def test_outside_a_repository_it_says_so(tmp_path: Path) -> None:
    refused(org(tmp_path, "status"), 1, "no git repository")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lab: test", "lab: test\nagnets: 3", ("config.yaml:2", "agnets", "agents")),
        ("backend: offline", "backend: ofline", ("config.yaml:4", "ofline", "did you mean offline?")),
        ("devices: {cpu: 2}", "devices: {cpu: 0}", ("devices", "at least one")),
        ("role: junior", "role: juniro", ("juniro", "junior")),
        ("lab: test", "lab: [", ("config.yaml", "YAML")),
    ],
)
def test_a_wrong_config_makes_nothing(root: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    path = root / "config.yaml"
    path.write_text(path.read_text().replace(old, new))
    done = org(root, "start", "--detach")
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert not (root / "worktrees").exists()
    assert not git(root, "for-each-ref", "refs/heads/org/")


def test_several_findings_are_told_at_once(root: Path) -> None:
    path = root / "config.yaml"
    path.write_text(path.read_text().replace("structure: solo", "structure: duo").replace("timeout_min: 1", "timeout_min: soon"))
    done = org(root, "start", "--detach")
    refused(done, 2, "structure", "timeout_min")


def test_a_role_with_an_unknown_variable_fails_before_anything_is_made(root: Path) -> None:
    (root / "roles" / "junior.md").write_text("You are {{ agnet }}.\n")
    refused(org(root, "start", "--detach"), 2, "agnet", "junior.md")
    assert not (root / "worktrees").exists()


def test_a_repository_without_commits_is_told(tmp_path: Path, root: Path) -> None:
    empty = tmp_path / "empty"
    shutil.copytree(root, empty, ignore=shutil.ignore_patterns(".git"))
    git(empty, "init", "-q", "-b", "main")
    refused(org(empty, "start", "--detach"), 1, "commit")


def test_without_tmux_or_git_one_line_says_what_to_install(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    refused(org(root, "start", "--detach", PATH=str(folder)), 1, "tmux", "install")
    os.symlink(shutil.which("tmux") or "tmux", folder / "tmux")
    refused(org(root, "start", "--detach", PATH=str(folder)), 1, "git", "install")


def test_uncommitted_files_are_a_warning(root: Path) -> None:
    (root / "fit" / "model.py").write_text((root / "fit" / "model.py").read_text() + "# mine\n")
    done = org(root, "start", "--no-grid")
    assert done.returncode == 0, done.stderr
    assert "fit/model.py" in done.stderr and "HEAD" in done.stderr
    assert "# mine" not in git(root, "show", "org/test/head:fit/model.py")


def test_a_persons_branch_is_never_written(root: Path) -> None:
    before = git(root, "rev-parse", "main")
    assert org(root, "start", "--no-grid").returncode == 0
    assert git(root, "rev-parse", "main") == before
    assert git(root, "status", "--porcelain") == ""


def test_reading_verbs_print_json_and_requests_are_queued_without_an_office(root: Path) -> None:
    assert org(root, "start", "--no-grid").returncode == 0
    for verb in ("status", "results", "log", "idea"):
        json.loads(org(root, verb, "--json").stdout)
    assert "queued" in org(root, "pause").stdout
    assert "goes on" not in org(root, "resume").stdout
    assert org(root, "wait", "--for", "verdict", "--timeout", "0.2").returncode == 1


def test_verbs_work_inside_an_agents_worktree(root: Path) -> None:
    assert org(root, "start", "--no-grid").returncode == 0
    done = org(root / "worktrees" / "junior-1", "status")
    assert done.returncode == 0 and "lab test" in done.stdout


def test_a_second_lab_in_the_same_folder_is_refused(root: Path) -> None:
    assert org(root, "start", "--no-grid").returncode == 0
    path = root / "config.yaml"
    path.write_text(path.read_text().replace("lab: test", "lab: other"))
    refused(org(root, "start", "--no-grid"), 2, "belongs to lab test", "comms")


def test_a_newer_ledger_is_refused_untouched(root: Path) -> None:
    import sqlite3

    assert org(root, "start", "--no-grid").returncode == 0
    with sqlite3.connect(root / "comms" / "ledger.db") as con:
        con.execute("PRAGMA user_version = 999")
    refused(org(root, "start", "--no-grid"), 1, "newer org")
    refused(org(root, "status"), 1, "newer org")


def test_a_try_runs_uncounted_on_a_device(root: Path) -> None:
    assert org(root, "start", "--no-grid").returncode == 0
    done = org(root, "try", "--agent", "junior-1", "--steps", "60")
    assert done.returncode == 0, done.stderr
    assert "leased cpu:0" in done.stdout and "step 60/60" in done.stdout
    assert json.loads(org(root, "status", "--json").stdout)["totals"]["runs"] == 0


def test_a_try_that_never_ends_is_ended(root: Path) -> None:
    assert org(root, "start", "--no-grid").returncode == 0
    done = org(root, "try", "--agent", "junior-1", "--minutes", "0.02", "--", sys.executable, "-c", "import time; time.sleep(60)")
    assert done.returncode == 0 and "ended after" in done.stdout


def test_ideas_and_messages_keep_their_authors(root: Path) -> None:
    assert org(root, "start", "--no-grid").returncode == 0
    assert org(root, "idea", "a larger step", ORG_AGENT="junior-1").returncode == 0
    assert json.loads(org(root, "idea", "--json").stdout)[0]["author"] == "junior-1"
    refused(org(root, "idea", "a larger step"), 1, "says the same")
    refused(org(root, "send", "nobody", "hi"), 2, "junior-1")
    assert org(root, "send", "junior-1", "hi").returncode == 0
