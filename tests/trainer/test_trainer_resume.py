"""A run that is stopped or killed goes on to the very bits of a run that was not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from trainer.measure import resume
from trainer.measure.errors import RunFailed
from trainer.measure.metrics import Metrics

# Noise from torch's own generator, as dropout would draw it, and the signal after the fifth step.
STEP = "        losses = []\n"
NOISY = """        if self.optimizer.count == 4 and "STOP" in os.environ:
            os.kill(os.getpid(), getattr(signal, os.environ["STOP"]))
        targets_total = targets_total * (1 + torch.rand(()))
        losses = []
"""


@pytest.fixture
def noisy(snapshot):
    """A trainer whose steps draw random numbers, and that signals itself where STOP names a signal."""
    snapshot.edit("step.py", STEP, NOISY)
    snapshot.edit("step.py", "import torch\n", "import os\nimport signal\n\nimport torch\n")
    return snapshot


def _arguments(data: Path, out: Path, tiny: Path, *more: str) -> tuple[str | Path, ...]:
    return ("train", "--seed", "1", "--budget", "9step", "--depth", "1", "--data", data, "--out", out, "--recipe", tiny, *more)


def _record(run: Path) -> dict:
    return json.loads((run / "train.json").read_text())


def _steps(run: Path) -> list[tuple[int, float]]:
    return [(row["step"], row["loss"]) for row in map(json.loads, (run / "metrics.jsonl").read_text().splitlines())]


@pytest.mark.parametrize(("name", "left"), [("SIGTERM", 4), ("SIGKILL", -9)])
def test_a_stopped_run_goes_on_to_the_same_bits(noisy, data: Path, tiny: Path, tmp_path: Path, name: str, left: int) -> None:
    assert noisy.run(*_arguments(data, tmp_path / "whole", tiny)).returncode == 0
    often = ("--save-minutes", "0") if name == "SIGKILL" else ()
    cut = noisy.run(*_arguments(data, tmp_path / "cut", tiny, *often), STOP=name)
    assert cut.returncode == left
    assert (tmp_path / "cut" / resume.NAME).exists()
    if name == "SIGTERM":
        assert "stopped by SIGTERM after step 5; the same command goes on from there" in cut.stderr
        assert (_record(tmp_path / "cut")["status"], _record(tmp_path / "cut")["steps"]) == ("stopped", 5)
        assert noisy.run("evaluate", "--run", tmp_path / "cut", "--data", data).returncode == 1
    done = noisy.run(*_arguments(data, tmp_path / "cut", tiny, *often))
    assert done.returncode == 0, done.stderr
    whole, cut = _record(tmp_path / "whole"), _record(tmp_path / "cut")
    assert cut["continued_at"] == [5 if name == "SIGTERM" else 4]
    for key in (
        "checkpoint_digest",
        "loss",
        "steps",
        "tokens",
        "flops",
        "epochs",
        "kept_fraction",
        "data_order_digest",
        "status",
    ):
        assert cut[key] == whole[key], key
    assert _steps(tmp_path / "cut") == _steps(tmp_path / "whole")
    assert sorted(path.name for path in (tmp_path / "cut").iterdir()) == ["checkpoint.pt", "metrics.jsonl", "train.json"]


def test_saving_changes_no_bit(tmp_path: Path, train: Callable[..., int]) -> None:
    assert train(tmp_path / "a") == 0
    assert train(tmp_path / "b", more=("--save-minutes", "0")) == 0
    assert _record(tmp_path / "a")["checkpoint_digest"] == _record(tmp_path / "b")["checkpoint_digest"]


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """A folder with the state of a run that asked for seed 1."""
    resume.save(tmp_path, {"steps": 3}, {"seed": 1, "code_digest": "abc"})
    return tmp_path


def test_another_request_does_not_go_on_from_it(
    unfinished: Path, train: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert resume.load(unfinished, {"seed": 1, "code_digest": "abc"})["steps"] == 3
    before = (unfinished / resume.NAME).read_bytes()
    assert train(unfinished, seed=2) == 2
    assert "belongs to a run with seed 1, not 2; repeat that, or choose another --out" in capsys.readouterr().err
    assert [path.name for path in unfinished.iterdir()] == [resume.NAME]
    assert (unfinished / resume.NAME).read_bytes() == before


def test_a_run_whose_data_comes_otherwise_does_not_go_on() -> None:
    resume.served_alike({"steps": 3}, rows=7)
    resume.served_alike({"rows": 7}, rows=7)
    with pytest.raises(RunFailed, match=r"packing\.py answers otherwise than before the stop"):
        resume.served_alike({"rows": 7}, rows=8)


def test_a_damaged_state_is_named(unfinished: Path, train: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    (unfinished / resume.NAME).write_bytes(b"half a file")
    assert train(unfinished) == 2
    assert f"{resume.NAME} is damaged" in capsys.readouterr().err


def test_a_writer_that_dies_leaves_the_older_state(unfinished: Path) -> None:
    class Unwritable:
        def __reduce__(self) -> tuple[object, ...]:
            raise OSError("disk full")

    before = (unfinished / resume.NAME).read_bytes()
    with pytest.raises(OSError, match="disk full"):
        resume.save(unfinished, {"steps": Unwritable()}, {})
    assert {path.name: path.read_bytes() for path in unfinished.iterdir()} == {resume.NAME: before}


def test_lines_after_the_saved_step_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"ste')
    with Metrics(path, after=2) as metrics:
        metrics.write({"step": 3})
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n{"step": 3}\n'


def test_generators_draw_on_where_they_stood() -> None:
    import random

    import numpy

    resume.seed_generators(5, 0)
    before = resume.generators()
    first = (torch.rand(3).tolist(), numpy.random.rand(3).tolist(), random.random())
    resume.seed_generators(5, 1)
    assert torch.rand(3).tolist() != first[0], "each rank draws its own"
    resume.set_generators(before)
    assert (torch.rand(3).tolist(), numpy.random.rand(3).tolist(), random.random()) == first
