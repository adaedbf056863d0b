"""A run that is forked from an image of torch (org/runs/warm.py) beside one that imported it."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from org.runs import devices, environment, executor, spec
from org.runs.devices import Device
from org.runs.spec import Spec
from org.runs.warm import Images

T = TypeVar("T")
SAME = ("status", "loss", "steps", "flops", "flops_per_step", "tokens", "code_digest", "evaluator_digest", "data_order_digest",
        "checkpoint_digest", "trainer_path", "dtype", "threads", "outside", "tampering", "parameters")  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="images are Linux only")
def test_it_has_the_bits_of_a_cold_run_and_imports_less(snapshot, data: Path, tiny: Path, tmp_path: Path) -> None:
    images, records, imported = Images(patience_seconds=120), [], []
    try:
        for name in ("cold", "warm"):
            folder = tmp_path / name
            lease = devices.lease("cpu:0", tmp_path / "locks", name)
            assert lease is not None
            executor.start(folder, told(folder, snapshot.root, data, tiny), lease, images=images)
            outcome = eventually(lambda folder=folder: spec.read_outcome(folder))
            assert outcome.metric == 8, outcome.reason
            records.append(outcome.record)
            imported.append((folder / "train.log").read_text())
            eventually(lambda: devices.holder("cpu:0", tmp_path / "locks") is None)
            eventually(lambda: all(image.is_ready() for image in images._images.values()))
    finally:
        images.close()
    cold, warm = records
    assert {key: warm[key] for key in SAME} == {key: cold[key] for key in SAME}
    assert warm["peak_memory_mb"] == pytest.approx(cold["peak_memory_mb"], rel=0.05), "the two are compared"
    assert cold["outside"] == cold["tampering"] == []
    assert [" torch.nn\n" in text for text in imported] == [True, False]
    assert not any("torch._dynamo" in text for text in imported), "more than a second of every run on a CPU"


def told(folder: Path, snapshot: Path, data: Path, tiny: Path) -> Spec:
    """Eight steps of a snapshot of the trainer."""
    asked = ["--seed", "1", "--budget", "8step", "--depth", "1", "--data", data, "--out", folder, "--recipe", tiny]
    device = Device("cpu:0", "cpu")
    return Spec(
        run=folder.name, device=device.name, threads=1, snapshot=str(snapshot), evaluate=None,
        pattern=r"done: (\d+) steps",
        train=[environment.python(), "-m", "trainer", "train", *map(str, asked)], metric="steps",
        environment=environment.build(device, snapshot) | {"PYTHONPROFILEIMPORTTIME": "1"},
        timeout_seconds=300, evaluate_timeout_seconds=300, warm=("torch",),
    )  # fmt: skip


def eventually(look: Callable[[], T], seconds: float = 300.0) -> T:
    """The first true answer."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.03)
    return found
