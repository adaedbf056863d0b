"""The script of time-to-GPT-2: what it runs and in what order, that it goes on where it was, and once all of it at toy scale."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "runs" / "speedrun.sh"
PYTHON = """#!/usr/bin/env bash
# In Python's place: writes what the trainer would, and one line a call.
if [ "$1" = -c ]; then exec "$REAL" "$@"; fi
echo "$*" >> "$CALLS"
run=""; mode=""; failed=3
case "$*" in *torch.distributed.run*) failed=1 ;; esac  # whatever its processes exit with
while [ $# -gt 0 ]; do
  case "$1" in
    --run | --out) run="$2" ;;
    train | evaluate | core | plan) mode="$1" ;;
    --seed) seed="$2" ;;
  esac
  shift
done
case "$mode" in
  plan) echo '{"budget": "4e19flop"}' ;;
  train)
    [ -e "$run/checkpoint.resume.pt" ] || [ ! -e "$run/metrics.jsonl" ] || exit 2
    touch "$run/metrics.jsonl"
    [ "${STOP_AT:-}" != "$seed" ] || exit "${WITH:-4}"
    status=succeeded; [ "${FAIL_AT:-}" != "$seed" ] || status=failed
    printf '{\\n "status": "%s",\\n "reason": "%s",\\n "checkpoint_digest": "%s"\\n}\\n' \
      "$status" "${REASON:-nan: step 3}" "$$" > "$run/train.json"
    [ "$status" = succeeded ] || exit "$failed" ;;
  evaluate) cp "$run/train.json" "$run/result.json" ;;
  core) cp "$run/train.json" "$run/core.json" ;;
esac
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    path = tmp_path / "python"
    path.write_text(PYTHON)
    path.chmod(0o755)
    return path


def speedrun(script: Path = SCRIPT, **values: object) -> subprocess.CompletedProcess[str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME")}
    env = keep | {"REAL": sys.executable} | {name: str(value) for name, value in values.items()}
    return subprocess.run([script], env=env, capture_output=True, text=True, check=False, timeout=500)


def calls(path: Path) -> list[str]:
    """Module and verb of each call, with the run's folder: `train 001`."""
    found = []
    for line in path.read_text().splitlines():
        words = line.split()
        start = words.index("trainer") if "trainer" in words else 0
        folder = next((words[at + 1] for at, word in enumerate(words) if word in ("--run", "--out")), "")
        found.append(f"{words[start + 1]} {Path(folder).name}".strip())
    return found


def test_the_script_is_valid_and_a_dry_run_prints_every_command(tmp_path: Path) -> None:
    assert subprocess.run(["bash", "-n", SCRIPT], check=False).returncode == 0
    done = speedrun(DRY_RUN=1, RUNS=2, PRIOR=ROOT, OUT=tmp_path / "out", BUDGET="7step")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    train = [line for line in lines if "trainer train" in line]
    assert len(train) == 4 and not (tmp_path / "out").exists()
    assert all("--nproc_per_node=8 -m trainer train --device cuda" in line and "--depth 24" in line for line in train)
    assert [line.split("--seed ")[1].split()[0] for line in train] == ["1", "1", "2", "2"]
    assert [line.split("/")[-1] for line in train] == ["001", "002", "003", "004"]
    assert [line.split("--budget ")[1].split()[0] for line in train] == ["7step", "PLANNED"] * 2  # each by its own values
    assert lines[0].split("trainer ")[1].startswith("prepare --data") and "--corpus climbmix" in lines[0]
    assert any("eval_bundle.zip" in line and line.startswith("curl") for line in lines)
    core = [line for line in lines if "trainer core" in line]
    assert len(core) == 4 and core[0].endswith("--device " + ",".join(f"cuda:{gpu}" for gpu in range(8)))
    assert speedrun(SCALE="large").returncode == 2


def test_a_run_that_was_stopped_goes_on_and_what_is_done_is_not_done_again(tmp_path: Path, python: Path) -> None:
    log = tmp_path / "calls"
    bundle = tmp_path / "bundle"
    values = {"PYTHON": python, "CALLS": log, "OUT": tmp_path / "out", "RUNS": 2, "GPUS": 1, "BUNDLE": bundle}
    first = speedrun(**values, STOP_AT=2)
    assert first.returncode == 4 and "the same command goes on from here" in first.stderr
    assert calls(log)[1:] == ["plan", "train 001", "evaluate 001", "core 001", "train 002"]
    log.unlink()
    (tmp_path / "out" / "gpt2" / "001" / "core.json").unlink()
    second = speedrun(**values)
    assert second.returncode == 0, second.stderr
    before = [call for call in calls(log) if not call.startswith("runs")]
    assert before[2:] == ["core 001", "train 002", "evaluate 002", "core 002"]
    assert "--budget 4e19flop" in log.read_text()
    log.unlink()
    assert speedrun(**values).returncode == 0
    assert [call for call in calls(log) if not call.startswith("runs")] == before[:2]
    assert second.stdout.splitlines()[-2].startswith("total 0 h 00 min")
    steps = (tmp_path / "out" / "gpt2" / "steps.tsv").read_text().splitlines()
    assert [line.split("\t")[0] for line in steps if line.endswith("\t4")] == ["002-train"]
    assert (tmp_path / "out" / "gpt2" / "logs" / "002-train.log").exists()


def test_a_run_that_failed_by_itself_is_kept_and_the_next_one_begins(tmp_path: Path, python: Path) -> None:
    log = tmp_path / "calls"
    values = {"PYTHON": python, "CALLS": log, "OUT": tmp_path / "out", "RUNS": 2, "GPUS": 1, "BUNDLE": tmp_path, "PRIOR": ROOT}
    for _ in range(2):
        done = speedrun(**values, FAIL_AT=1)
        assert done.returncode == 0, done.stderr
    trained = [call for call in calls(log) if call.startswith("train")]
    assert trained == ["train 001", "train 002", "train 003", "train 004"]  # of this tree, of the record before, …
    assert "evaluate 001" not in calls(log) and calls(log).count("evaluate 004") == 1
    assert (tmp_path / "out" / "gpt2" / "002" / "commit").read_text().strip()


def test_on_several_gpus_a_run_that_diverged_is_kept_too_and_one_that_the_machine_broke_ends_the_campaign(
    tmp_path: Path, python: Path
) -> None:
    log = tmp_path / "calls"
    values = {"PYTHON": python, "CALLS": log, "RUNS": 2, "GPUS": 8, "BUNDLE": tmp_path, "FAIL_AT": 1, "BUDGET": "1step"}
    done = speedrun(**values, OUT=tmp_path / "diverged")
    assert done.returncode == 0, done.stderr
    assert [call for call in calls(log) if "train" in call] == ["train 001", "train 002"]
    log.unlink()
    assert speedrun(**values, OUT=tmp_path / "broken", REASON="OSError: a cable").returncode == 1
    assert calls(log)[-1] == "train 001"


def test_a_run_that_was_killed_before_it_saved_anything_begins_again(tmp_path: Path, python: Path) -> None:
    values = {"PYTHON": python, "CALLS": tmp_path / "calls", "OUT": tmp_path / "out", "GPUS": 1, "BUNDLE": tmp_path}
    assert speedrun(**values, STOP_AT=1, WITH=137).returncode == 137
    done = speedrun(**values)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script in a repository of its own."""
    root = tmp_path / "checkout"
    (root / "trainer").mkdir(parents=True)
    (root / "runs").mkdir()
    for name in ("speedrun.sh", "speedrun.yaml"):
        shutil.copy(ROOT / "runs" / name, root / "runs" / name)
    git(root, "init")
    return root


def git(root: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def commit(root: Path, text: str) -> str:
    (root / "trainer" / "step.py").write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-m", text)
    return git(root, "rev-parse", "HEAD")


def test_a_run_is_of_the_commit_that_it_was_trained_with(tmp_path: Path, python: Path, checkout: Path) -> None:
    values = {"PYTHON": python, "CALLS": tmp_path / "calls", "OUT": tmp_path / "out", "GPUS": 1, "BUNDLE": tmp_path}
    values |= {"script": checkout / "runs" / "speedrun.sh", "BUDGET": "1step"}
    run = tmp_path / "out" / "gpt2" / "001"

    def of() -> str:
        return (run / "commit").read_text().strip()

    first = commit(checkout, "a mistake")
    assert speedrun(**values, STOP_AT=1).returncode == 4 and of() == first
    second = commit(checkout, "mended")
    (run / "checkpoint.resume.pt").touch()
    assert speedrun(**values, STOP_AT=1).returncode == 4 and of() == first, "it would go on"
    (run / "checkpoint.resume.pt").unlink()
    assert speedrun(**values).returncode == 0 and of() == second
    commit(checkout, "a later thought")
    assert speedrun(**values).returncode == 0 and of() == second, "it is done"
    (checkout / "trainer" / "new.py").write_text("")
    assert speedrun(**values, FIRST=2).returncode == 0
    assert (run.parent / "002" / "commit").read_text().strip().endswith("-dirty")


def test_a_run_that_was_trained_again_is_scored_again(tmp_path: Path, python: Path) -> None:
    log = tmp_path / "calls"
    values = {"PYTHON": python, "CALLS": log, "OUT": tmp_path / "out", "GPUS": 1, "BUNDLE": tmp_path, "BUDGET": "1step"}
    assert speedrun(**values).returncode == 0
    log.unlink()
    (tmp_path / "out" / "gpt2" / "001" / "train.json").unlink()
    assert speedrun(**values).returncode == 0
    assert [call for call in calls(log) if "001" in call and "line" not in call] == ["train 001", "evaluate 001", "core 001"]


@pytest.mark.slow
def test_at_toy_scale_all_of_it_runs_on_a_laptop(tmp_path: Path) -> None:
    done = speedrun(SCALE="tiny", OUT=tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "out" / "tiny" / "record.jsonl").read_text())
    assert record["status"] == "succeeded" and 0 < record["bpb"] < 6
    assert record["core"] is None and -1 <= record["partial_mean"] <= 1
    assert "this is not CORE" in done.stdout
    again = speedrun(SCALE="tiny", OUT=tmp_path / "out")
    assert again.returncode == 0 and "001-train:" not in again.stdout
    assert json.loads((tmp_path / "out" / "tiny" / "record.jsonl").read_text()) == record
