"""What the lab makes of runs that tamper: on disk, with its devices, with its answers; one of them whole, on the trainer."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, git, make, open_, repository
from played import Played

from org.comms import notebook
from org.lab.verdicts import crashes
from org.model.experiment import Experiment, State
from org.model.run import Run
from org.model.run import State as RunState
from org.runs import spec
from org.runs.spec import End, Outcome
from org.store import reads
from org.workspace import seals, snapshots
from trainer.measure import digests

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A lab on the shared trainer."""
    root = repository(tmp_path_factory.mktemp("gpt") / "repository", "gpt")
    shutil.copytree(digests.PACKAGE, root / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "the trainer")
    laboratory = open_(root)
    laboratory.program()
    yield laboratory
    laboratory.lab.ledger.close()


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    """A lab whose keepers are played."""
    made = make(tmp_path)
    lab = Played(made.lab, made.office)
    lab.program()
    yield lab
    lab.lab.ledger.close()


PEEK = """

_loss = GPT.loss


def _peeking(self, tokens, targets):
    open({!r}).close()
    return _loss(self, tokens, targets)


GPT.loss = _peeking
"""


def page(lab: Laboratory, experiment: Experiment) -> str:
    return lab.lab.layout.page(experiment.id).read_text(encoding="utf-8")


def test_training_on_the_validation_text_is_an_invalid_experiment_and_its_page_says_so(gpt: Laboratory) -> None:
    peek = PEEK.format(str(gpt.lab.layout.data / "validation_tokens.npy"))
    gpt.edit("junior-1", {"trainer/model.py": lambda text: text + peek})
    made = gpt.propose("junior-1", "a little more data")
    gpt.until(gpt.settled(made.id), seconds=200)
    after = gpt.experiment(made.id)
    told = "of training: it opened what it is scored on (validation_tokens.npy)"
    assert (after.state, after.reason) == (State.INVALID, told)
    runs = reads.candidate_runs(gpt.lab.ledger.reader, made.id)
    assert [(r.state, r.metric) for r in runs] == [(RunState.INVALID, None)], "it is not run again"
    gpt.until(lambda: gpt.lab.layout.page(made.id).exists() and told in page(gpt, made))
    assert "invalid" in page(gpt, made)


def ended(lab: Laboratory, experiment: str) -> list[Run]:
    return [r for r in reads.candidate_runs(lab.lab.ledger.reader, experiment) if r.finished_at is not None]


def test_code_that_is_edited_on_disk_is_named_and_laid_out_anew(fit: Laboratory) -> None:
    """Permissions keep nobody out who runs as the same user."""
    made = fit.recipe("junior-1", lr=0.9)
    lab = fit.lab
    copy = snapshots.extract(lab.git, made.run_tree, lab.layout.snapshot(made.run_tree))
    (copy / "fit").chmod(0o755)
    (copy / "fit" / "__main__.py").chmod(0o644)
    (copy / "fit" / "__main__.py").write_text((copy / "fit" / "__main__.py").read_text() + "\n# easier\n")
    (copy / "fit" / "json.py").write_text("")
    fit.until(lambda: bool(ended(fit, made.id)))
    first = ended(fit, made.id)[0]
    assert (first.state, first.reason) == (RunState.INVALID, "its snapshot was changed on disk: fit/__main__.py, fit/json.py")
    fit.until(fit.settled(made.id))
    assert fit.experiment(made.id).state is State.MERGED, "the change itself is innocent"
    assert seals.broken(lab.layout.snapshot(made.run_tree)) == []


def test_a_copied_lab_has_no_broken_seals(fit: Laboratory, tmp_path: Path) -> None:
    made = fit.recipe("junior-1", lr=0.9)
    copy = snapshots.extract(fit.lab.git, made.run_tree, fit.lab.layout.snapshot(made.run_tree))
    shutil.copytree(copy, tmp_path / "elsewhere", symlinks=True)
    shutil.copy(seals.place(copy), seals.place(tmp_path / "elsewhere"))
    assert seals.broken(tmp_path / "elsewhere") == []
    (tmp_path / "elsewhere" / "fit" / "model.py").unlink()
    assert seals.broken(tmp_path / "elsewhere") == ["fit/model.py"]


OUTCOME = """
import json, os, pathlib, time
run = pathlib.Path(os.environ["ORG_RUN"])
(run / "outcome.json").write_text(json.dumps({OUTCOME!r} | {"run": run.name}))
time.sleep(1.0)
"""


def test_an_outcome_that_a_run_writes_itself_is_not_taken(fit: Laboratory) -> None:
    """Its keeper speaks, and speaks last."""
    forged = {"schema": spec.SCHEMA, "end": "succeeded", "metric": 1e-9, "result": {"valid": True}}
    body = OUTCOME.replace("{OUTCOME!r}", repr(forged))
    fit.edit("junior-1", {"fit/model.py": lambda text: text + body})
    made = fit.propose("junior-1", "sure of itself")
    fit.until(lambda: bool(ended(fit, made.id)))
    first = ended(fit, made.id)[0]
    assert first.metric != 1e-9 and first.total_seconds and first.total_seconds > 1.0


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ({"cpu_seconds": 90.0, "train_seconds": 30.0}, "it used 90 CPU-seconds in 30 s on 1 thread(s)"),
        (
            {"train_seconds": 300.0, "record": {"total_seconds": 30.0}},
            "it took 300 s by the lab's clock and 30 s by its own",
        ),
        ({"record": {"evaluator_digest": "another"}}, "the evaluator changed between its run and the pool's"),
        ({"record": {"data_digest": "another"}}, "the prepared data files changed between its run and the pool's"),
    ],
    ids=["a second process on the device", "another clock", "another evaluator", "other data"],
)
def test_three_runs_that_did_not_measure_it_are_an_invalid_experiment(
    played: Played, outcome: dict[str, object], told: str
) -> None:
    reference = {"evaluator_digest": "e", "data_digest": "d"}

    def ends(run: Run) -> Outcome:
        mine = {"record": {}, **outcome} if run.tree == made.run_tree else {"record": reference}
        return Outcome(run.id, End.SUCCEEDED, metric=0.5 + run.slot / 100, total_seconds=36.0, **mine)  # type: ignore[arg-type]

    made = played.recipe("junior-1", lr=0.3)
    played.ends = ends
    played.held = True
    played.ticks(2)
    for run in played.queued():  # the pool's own first
        if run.tree != made.run_tree:
            played.start(run)
            played.end(run)
    played.held = False
    played.until(played.settled(made.id))
    after = played.experiment(made.id)
    assert (after.state, after.reason) == (State.INVALID, f"{crashes.FAULTS} runs of one seed did not count: {told}")
    assert told in notebook.render(played.lab.ledger.reader, made.id, "val_loss", 1.0)
