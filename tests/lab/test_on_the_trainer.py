"""The protocol on the shared trainer itself: a tiny corpus, one layer, runs of seconds."""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from laboratory import Laboratory, git, open_, repository

from org.lab import collect
from org.model.errors import Refused
from org.model.experiment import State
from org.runs import executor
from org.store import reads, requests

TRAINER = Path(__file__).resolve().parents[2] / "trainer"


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """One lab for the tests of this file, for a run takes seconds. E1 edits the model's code, E2 adds a constant that nothing
    reads; they wait for the first tick together, and so share the runs of their base."""
    folder = tmp_path_factory.mktemp("gpt")
    root = repository(folder / "repository", "gpt")
    shutil.copytree(TRAINER, root / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "the trainer")
    lab = open_(root)
    lab.program()
    lab.edit("junior-1", {"trainer/model.py": lambda text: text.replace("relu_squared(self.up", "2.0 * relu_squared(self.up")})
    lab.propose("junior-1", "twice the activation")
    lab.edit("junior-2", {"trainer/schedule.py": lambda text: text + "\nUNUSED = 0\n"})
    lab.propose("junior-2", "a constant that nothing reads")
    yield lab
    for run in reads.running(lab.lab.ledger.reader):
        executor.cancel(lab.lab.layout.run(run.id))
    while reads.running(lab.lab.ledger.reader):
        collect.step(lab.lab, datetime.now(UTC))
        time.sleep(lab.PAUSE)
    lab.lab.ledger.close()


def test_an_edit_of_model_code_changes_the_metric(gpt: Laboratory) -> None:
    con = gpt.lab.ledger.reader

    def base() -> float | None:
        return reads.pool_values(con, gpt.experiment("E1").pool or 0, 8)[0]

    gpt.until(lambda: any(r.finished_at for r in reads.candidate_runs(con, "E1")) and base() is not None, seconds=300)
    run = reads.candidate_runs(con, "E1")[0]
    assert run.metric is not None, run.reason
    assert run.metric != base()
    assert run.record["trainer_path"] == "trainer" and run.result["valid"] is True
    with gpt.lab.ledger.transaction() as tx:  # what its race would say is of no interest here
        requests.ask(tx, "cancel", "human", datetime.now(UTC), experiment="E1")


def test_a_comment_in_the_code_is_refused_and_code_that_does_nothing_has_no_effect(gpt: Laboratory) -> None:
    gpt.edit("junior-2", {"trainer/schedule.py": lambda text: text + "\n# nothing\n"})
    with pytest.raises(Refused, match="only comments, layout or spelling differ"):
        gpt.propose("junior-2", "a comment")
    gpt.until(gpt.settled("E2"), seconds=300)
    after = gpt.experiment("E2")
    assert after.state is State.DISCARDED and after.decision["cause"] == "no_effect", after.reason


def test_an_edited_evaluator_is_refused_by_name(gpt: Laboratory) -> None:
    gpt.edit("junior-1", {"trainer/measure/nats.py": lambda text: text + "\n# mine\n"})
    with pytest.raises(Exception, match=r"trainer/measure/nats\.py"):
        gpt.propose("junior-1")
