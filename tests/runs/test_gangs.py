"""A run on several devices: one keeper holds them all, and every end lets all of them go."""

import sys
from pathlib import Path

import pytest
from bench import Bench, child_of, eventually, is_gone, keeper_of, kill

from org.model import gang
from org.runs import devices, environment, executor
from org.runs.devices import Device
from org.runs.spec import End, Spec

NAMES = ("cpu:0", "cpu:1")
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


def start(bench: Bench, train: str, evaluate: str | None = None, launch: list[str] | None = None) -> Path:
    folder = bench.folder / "runs" / "R1"
    leases = devices.lease_all(NAMES, bench.locks, "lab R1")
    assert leases is not None
    pair, snapshot = [Device(name, "cpu") for name in NAMES], bench.folder / "snapshot"
    told = Spec(
        run="R1", device=gang.named(NAMES), threads=1, snapshot=str(snapshot),
        train=[*(launch or [sys.executable]), str(bench.script("train.py", train)), str(folder)],
        evaluate=[sys.executable, str(bench.script("evaluate.py", evaluate)), str(folder)] if evaluate else None,
        pattern=None if evaluate else r"loss (\S+)", metric="loss", environment=environment.build(pair[0], snapshot, *pair[1:]),
        timeout_seconds=240, evaluate_timeout_seconds=240, scoring={"SCORES": "alone"},
    )  # fmt: skip
    executor.start(folder, told, *leases)
    return folder


def held(bench: Bench) -> list[str | None]:
    return [devices.holder(name, bench.locks) for name in NAMES]


def test_the_keeper_holds_every_device_of_the_gang_until_its_end(bench: Bench) -> None:
    folder = start(bench, "import time\ntime.sleep(1)\nprint('loss 0.5')")
    assert held(bench) == ["lab R1", "lab R1"]
    assert bench.outcome(folder).metric == 0.5
    eventually(lambda: held(bench) == [None, None])


def test_a_killed_keeper_lets_every_device_go(bench: Bench) -> None:
    folder = start(bench, "import time\ntime.sleep(600)")
    child = child_of(folder)
    kill(keeper_of(folder))
    eventually(lambda: held(bench) == [None, None])
    assert executor.end_orphan(folder)
    eventually(lambda: is_gone(child))


def test_one_taken_device_leaves_the_others_free(bench: Bench) -> None:
    other = devices.lease("cpu:1", bench.locks, "somebody else")
    assert other is not None
    assert devices.lease_all(NAMES, bench.locks, "lab R1") is None
    assert held(bench) == [None, "somebody else"]
    other.release()


TWO_RANKS = """
import os, sys, torch, torch.distributed as d
d.init_process_group("gloo")
total = torch.tensor([float(d.get_rank() + 1)])
d.all_reduce(total)
if d.get_rank() == 0:
    print("loss", total.item() / d.get_world_size(), "threads", os.environ["OMP_NUM_THREADS"], flush=True)
d.destroy_process_group()
"""
ONE_FAILS = """
import torch.distributed as d
d.init_process_group("gloo")
if d.get_rank() == 1:
    raise ValueError("the second process is unwell")
d.barrier()
"""
ONE_HANGS = """
import os, pathlib, sys, time, torch.distributed as d
d.init_process_group("gloo")
pathlib.Path(sys.argv[1], f"pid{d.get_rank()}").write_text(str(os.getpid()))
time.sleep(600)
"""


def test_two_processes_train_together_and_one_device_scores(bench: Bench) -> None:
    scores = "import json, os\nprint(json.dumps({'value': 2.0, 'alone': os.environ['SCORES']}))"
    outcome = bench.outcome(start(bench, TWO_RANKS, scores, TORCHRUN))
    assert (outcome.end, outcome.metric, outcome.result["alone"]) == (End.SUCCEEDED, 2.0, "alone")
    assert "loss 1.5 threads 1" in (bench.folder / "runs" / "R1" / "train.log").read_text()


def test_the_reason_of_a_failed_gang_is_the_error_that_came_first(bench: Bench) -> None:
    outcome = bench.outcome(start(bench, ONE_FAILS, launch=TORCHRUN))
    assert outcome.end is End.FAILED and outcome.reason == "[rank1]: ValueError: the second process is unwell"
    eventually(lambda: held(bench) == [None, None])


def test_a_cancelled_gang_leaves_no_process_behind(bench: Bench) -> None:
    folder = start(bench, ONE_HANGS, launch=TORCHRUN)
    pids = [eventually(lambda n=n: (p := folder / f"pid{n}").exists() and p.read_text()) for n in (0, 1)]
    executor.cancel(folder)
    assert bench.outcome(folder).end is End.CANCELLED
    eventually(lambda: all(is_gone(int(pid)) for pid in pids))


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["cuda:3"], "cuda:3"), ([f"cuda:{n}" for n in range(8)], "cuda:0-7"), (["cuda:2", "cuda:0", "cuda:3"], "cuda:0,2-3"),
        (["cpu:10", "cpu:9"], "cpu:9-10"),
    ],
)  # fmt: skip
def test_a_gang_has_one_name_and_the_name_its_devices(names: list[str], told: str) -> None:
    assert gang.named(names) == told
    assert set(gang.members(told)) == set(names) and len(gang.members(told)) == len(names)


def test_no_device_has_no_members_and_a_strange_name_is_one() -> None:
    assert gang.members(None) == () and gang.members("mps") == ("mps",) and gang.members("node:a-b") == ("node:a-b",)


def test_a_gang_sees_its_cards_and_no_other() -> None:
    cards = [Device(f"cuda:{n}", "H100", 4) for n in (1, 2, 5)]
    built = environment.build(cards[0], Path("/s"), *cards[1:])
    assert built["CUDA_VISIBLE_DEVICES"] == "1,2,5" and built["OMP_NUM_THREADS"] == "4"
    assert environment.visible(cards[0])["CUDA_VISIBLE_DEVICES"] == "1"
