"""The shared trainer on two cpu slots at once, through the lab: gloo, real keepers, the lab's own score."""

import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from laboratory import Laboratory, git, open_, repository

from org.lab import collect, schedule
from org.model.run import Purpose, Run, State
from org.model.study import Kind
from org.store import runs, studies
from org.store.tables import RUNS
from org.workspace import trees

TRAINER = Path(__file__).resolve().parents[2] / "trainer"
LADDER = "ladder: [{depth: 1, run_budget: 8step}, {depth: 2, run_budget: 6step, devices: 2, pool: 3}]"


def ended(lab: Laboratory, run: Run) -> Run:
    deadline = time.monotonic() + 240
    while RUNS.get(lab.lab.ledger.reader, run.id).finished_at is None:
        schedule.step(lab.lab, datetime.now(UTC))
        collect.step(lab.lab, datetime.now(UTC))
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.2)
    return RUNS.get(lab.lab.ledger.reader, run.id)


@pytest.mark.slow
def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "repository", "gpt", lambda text: text.replace("ladder: [{depth: 1, run_budget: 8step}]", LADDER)
    )
    shutil.copytree(TRAINER, root / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "the trainer")
    lab, now = open_(root), datetime.now(UTC)
    tree = trees.tree_of(lab.lab.git, "HEAD")
    with lab.lab.ledger.transaction() as tx:
        study = studies.ask(tx, Kind.RUNG, "E1", "me", now, agreed="human")
        gang = Run("", Purpose.STUDY, State.QUEUED, tree, 7, 0, 1, 2, "6step", now, gang=2, study=study.id)
        both = [runs.queue(tx, gang), runs.queue(tx, replace(gang, gang=1, slot=1))]
    two, one = (ended(lab, run) for run in both)
    assert (two.state, one.state) == (State.SUCCEEDED, State.SUCCEEDED), (two.reason, one.reason)
    assert (two.device, one.device) == ("cpu:0-1", "cpu:0")
    assert two.metric == pytest.approx(one.metric, rel=2e-3) and two.result["valid"] is True
    assert two.record["tokens"] == one.record["tokens"] and two.record["flops"] == pytest.approx(one.record["flops"], rel=1e-6)
    lab.lab.ledger.close()
