"""The protocol on the shared trainer itself: a tiny corpus, one layer, runs of seconds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, git, open_, repository

from org.model.errors import Refused
from org.model.experiment import State
from org.store import reads

TRAINER = Path(__file__).resolve().parents[2] / "trainer"


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """One lab for the tests of this file: preparing the corpus takes longer than a run."""
    folder = tmp_path_factory.mktemp("gpt")
    root = repository(folder / "repository", "gpt")
    shutil.copytree(TRAINER, root / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "the trainer")
    laboratory = open_(root)
    laboratory.program()
    yield laboratory
    laboratory.lab.ledger.close()


def test_an_edit_of_model_code_changes_the_metric(gpt: Laboratory) -> None:
    gpt.edit("junior-1", {"trainer/model.py": lambda text: text.replace("relu_squared(self.up", "2.0 * relu_squared(self.up")})
    made = gpt.propose("junior-1", "twice the activation")
    gpt.until(gpt.settled(made.id), seconds=150)
    experiment = gpt.experiment(made.id)
    run = reads.candidate_runs(gpt.lab.ledger.reader, made.id)[0]
    base = reads.pool_values(gpt.lab.ledger.reader, experiment.pool or 0, 8)
    assert run.metric is not None, run.reason
    assert base[0] is not None and run.metric != base[0]
    assert run.record["trainer_path"] == "trainer" and run.result["valid"] is True


def test_a_comment_in_the_code_is_refused_and_code_that_does_nothing_has_no_effect(gpt: Laboratory) -> None:
    gpt.edit("junior-2", {"trainer/schedule.py": lambda text: text + "\n# nothing\n"})
    with pytest.raises(Refused, match="only comments, layout or spelling differ"):
        gpt.propose("junior-2", "a comment")
    gpt.edit("junior-2", {"trainer/schedule.py": lambda text: text + "\nUNUSED = 0\n"})
    made = gpt.propose("junior-2", "a constant that nothing reads")
    gpt.until(gpt.settled(made.id), seconds=150)
    after = gpt.experiment(made.id)
    assert after.state is State.DISCARDED and after.decision["cause"] == "no_effect", after.reason


def test_an_edited_evaluator_is_refused_by_name(gpt: Laboratory) -> None:
    gpt.edit("junior-1", {"trainer/measure/nats.py": lambda text: text + "\n# mine\n"})
    with pytest.raises(Exception, match=r"trainer/measure/nats\.py"):
        gpt.propose("junior-1")
