"""The machine under a run: number format, threads, and which clock runs when."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch.cuda._utils import _get_device_index

from trainer.measure import budget, loop, machine, ranks
from trainer.measure.errors import UsageError
from trainer.measure.stopping import Stopping
from trainer.measure.train import Request

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_bfloat16_is_taken_where_the_processor_multiplies_it() -> None:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        pytest.skip("what this processor can is not known from elsewhere")
    assert (machine.dtype(CPU) is torch.bfloat16) == ("avx512_bf16" in cpuinfo.read_text().split())
    assert machine.dtype(CUDA) is torch.bfloat16


def test_a_run_has_one_thread_that_waits_without_spinning_unless_it_is_given_more(
    monkeypatch: pytest.MonkeyPatch, threads: None
) -> None:
    environ = {"HOME": "/h"}
    machine.quiet(environ)
    assert (environ["OMP_NUM_THREADS"], environ["OMP_WAIT_POLICY"], environ["GOMP_SPINCOUNT"]) == ("1", "PASSIVE", "0")
    given = {"OMP_NUM_THREADS": "3"}
    machine.quiet(given)
    assert given["OMP_NUM_THREADS"] == "3"
    for asked, got in ((None, 1), ("2", 2)):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        if asked:
            monkeypatch.setenv("OMP_NUM_THREADS", asked)
        machine.device("cpu")
        assert torch.get_num_threads() == got


MAPS_THEN_HOLDS = """
import mmap, sys, types
from trainer.measure import machine
def peak():
    return machine.peak_memory_mb(types.SimpleNamespace(type="cpu"))
with open(sys.argv[1], "r+b") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
    before = peak()
    sum(mapped[at] for at in range(0, len(mapped), 4096))
    read = peak()
    held = bytearray(len(mapped))
    del held
    print(read - before, peak() - read)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not tell them apart")
def test_memory_is_what_a_run_holds_at_most_and_not_what_it_maps_of_files(tmp_path: Path) -> None:
    with (tmp_path / "tokens").open("wb") as file:
        file.truncate(64 << 20)
    command = [sys.executable, "-c", MAPS_THEN_HOLDS, tmp_path / "tokens"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    mapped, held = (float(word) for word in told.stdout.split())
    assert mapped == pytest.approx(0, abs=8) and held == pytest.approx(64, abs=8)


def test_a_gpu_has_a_number_which_some_functions_want(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: taken.append(_get_device_index(device)))
    with pytest.raises(ValueError, match="specified index"):
        torch.cuda.set_device(CUDA)
    assert [machine.device(text) for text in ("cuda", "cuda:1")] == [torch.device("cuda", 0), torch.device("cuda", 1)]
    assert taken == [0, 1]
    with pytest.raises(UsageError, match="this machine has 2 CUDA devices"):
        machine.device("cuda:2")


def test_a_gpu_is_timed_by_its_own_events(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing

        def record(self) -> None:
            told.append("record")

        def synchronize(self) -> None:
            told.append("wait")

        def elapsed_time(self, end: object) -> float:
            told.append("read")
            return 250.0  # milliseconds

    monkeypatch.setattr(torch.cuda, "Event", Event)
    watch = machine.Stopwatch(CUDA)
    for _ in range(2):
        with watch:
            told.append("work")
    assert watch.seconds == 0.5
    assert told == ["record", "work", "record", "wait", "read"] * 2


def test_the_clock_holds_every_step_and_nothing_before_the_first(data: Path, tiny: Path, tmp_path: Path) -> None:
    asked = Request(1, budget.parse("3step"), 1, data, tmp_path, recipe=tiny)
    run = loop.begin(asked, ranks.join("cpu"))
    seconds = itertools.count()
    run.meter = budget.Meter(asked.budget, 3, now=lambda: float(next(seconds)))
    for _ in range(100):  # compiling
        next(seconds)
    with Stopping() as stopping:
        loop.train(run, stopping)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["train_seconds"] for row in rows] == [1, 2, 3]
    assert run.cpu_seconds > 0
