"""Several processes train one model: what comes out, who holds what, and what is said when one of them dies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from two_ranks import trained

from trainer import shards
from trainer.measure import data as datas
from trainer.measure.batches import Batches
from trainer.measure.errors import UsageError
from trainer.measure.ranks import join
from trainer.packing import pack

SCRIPT = Path(__file__).with_name("two_ranks.py")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, shipped) -> list[dict[str, Any]]:
    """What two gloo processes computed."""
    out = tmp_path_factory.mktemp("ranks")
    done = shipped.ranks(SCRIPT, out)
    assert done.returncode == 0, done.stderr
    return [torch.load(out / f"{rank}.pt", weights_only=True) for rank in range(2)]


def test_two_processes_train_the_model_of_one(both: list[dict[str, Any]]) -> None:
    alone = trained(0, 1)
    for one in both:
        assert one["losses"] == pytest.approx(alone["losses"], rel=1e-5)
        for name, weight in alone["weights"].items():
            assert torch.allclose(one["weights"][name], weight, rtol=1e-3, atol=1e-4), name
    assert all(torch.equal(both[0]["weights"][name], both[1]["weights"][name]) for name in alone["weights"])


def test_each_process_holds_half_of_the_optimizer_s_state(both: list[dict[str, Any]]) -> None:
    alone = trained(0, 1)["held"]
    for name, numbers in alone.items():
        shares = [one["held"][name] for one in both]
        assert shares[0] == shares[1], name
        if numbers > 2 and name not in ("muon 64 x 128", "muon 128 x 64"):  # one number, one matrix: nothing to share
            assert 2 * shares[0] == numbers, name


def test_what_is_saved_is_the_state_of_one_process(both: list[dict[str, Any]]) -> None:
    alone = trained(0, 1)["state"]
    for name, values in alone["rules"].items():
        for part, value in values.items():
            assert torch.allclose(both[0]["state"]["rules"][name][part], value, rtol=1e-3, atol=1e-5), (name, part)
            assert part == "count" or not both[1]["state"]["rules"][name][part].numel(), "only the first rank gathers it"


def test_a_rank_that_counts_a_step_on_shapes_waits_for_nobody(both: list[dict[str, Any]]) -> None:
    """So that one whose code cannot be run so leaves no other behind."""
    assert both[0]["on_shapes"] == both[0]["flops"] > 0


def test_every_rank_counts_the_whole_batch_and_serves_its_rows(data: Path) -> None:
    opened = datas.open_folder(data)
    settings = {"seed": 1, "T": 64, "batch_tokens": 512, "pack": pack}
    whole = Batches(opened, **settings)
    shares = [Batches(opened, **settings, rank=rank, ranks=4) for rank in range(4)]
    for _ in range(3):
        inputs, targets = whole.next()
        parts = [share.next() for share in shares]
        assert torch.equal(torch.cat([part[0] for part in parts]), inputs)
        assert torch.equal(torch.cat([part[1] for part in parts]), targets)
    for share in shares:
        assert (share.tally, share.tokens_per_batch) == (whole.tally, 512)


def test_rows_that_cannot_be_shared_are_refused(data: Path) -> None:
    with pytest.raises(UsageError, match="batch_tokens 512 are 8 rows, not to be shared by 3 ranks"):
        Batches(datas.open_folder(data), seed=1, T=64, batch_tokens=512, pack=pack, ranks=3)


def test_a_process_of_several_takes_the_gpu_of_its_rank() -> None:
    with pytest.raises(UsageError, match="want cuda, each takes the GPU of its own local rank"):
        join("cuda:1", {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"})
    if torch.cuda.device_count() == 0:
        with pytest.raises(UsageError, match="process 0 of this machine has no GPU"):
            join("cuda", {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"})


def test_alone_there_is_nothing_to_send() -> None:
    cut, rows = shards.Cut.of(5), torch.arange(10.0).view(5, 2)
    for same in (cut.own(rows), cut.sum(rows).wait(), cut.gather(rows).wait()):
        assert same.data_ptr() == rows.data_ptr()
    assert (shards.ranks(), shards.rank()) == (1, 0)


def _arguments(data: Path, out: Path, tiny: Path) -> tuple[str | Path, ...]:
    return ("train", "--seed", "1", "--budget", "6step", "--depth", "1", "--data", data, "--out", out, "--recipe", tiny)


def test_a_run_of_two_processes_is_the_run_of_one(
    snapshot, data: Path, tiny: Path, tmp_path: Path, train: Callable[..., int]
) -> None:
    assert train(tmp_path / "one", budget="6step") == 0
    done = snapshot.torchrun(*_arguments(data, tmp_path / "two", tiny))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("done:") == done.stdout.count("step 6/6") == 1
    assert "2 × cpu" in done.stdout
    one, two = (json.loads((tmp_path / name / "train.json").read_text()) for name in ("one", "two"))
    for key in ("steps", "tokens", "flops", "epochs", "kept_fraction", "data_order_digest", "parameters", "outside"):
        assert one[key] == two[key], key
    assert (one["ranks"], two["ranks"]) == (1, 2)
    assert two["tampering"] == [], "one matrix of a shape for two ranks: neither computes more than its part"
    assert two["loss"] == pytest.approx(one["loss"], rel=0.01)
    names = [sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("one", "two")]
    assert names[0] == names[1] == ["checkpoint.pt", "metrics.jsonl", "train.json"]
    rows = [json.loads(line) for line in (tmp_path / "two" / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 7))


START = "        targets_total = shards.total((targets >= 0).sum())\n"
SICK = (
    START
    + """        if shards.rank() == 1 and self.optimizer.count == 2:
            {}
"""
)


@pytest.mark.parametrize(
    ("sickness", "reason"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "another rank ended without a word"),
        (
            "raise torch.OutOfMemoryError('CUDA out of memory. Tried')",
            "rank 1 of 2: out of memory: CUDA out of memory; set micro",
        ),
    ],
)
def test_a_rank_that_dies_ends_all_with_one_line(
    snapshot, data: Path, tiny: Path, tmp_path: Path, sickness: str, reason: str
) -> None:
    snapshot.edit("step.py", START, SICK.format(sickness))
    done = snapshot.ranks(*_arguments(data, tmp_path / "run", tiny))
    assert done.returncode != 0
    record = json.loads((tmp_path / "run" / "train.json").read_text())
    assert record["status"] == "failed"
    assert record["reason"].startswith(reason)
    assert [line for line in done.stderr.splitlines() if line.startswith("trainer: ")] == [
        f"trainer: {record['reason'].removeprefix('rank 1 of 2: ')}"
    ], done.stderr


def test_a_folder_with_a_run_is_refused_once(snapshot, data: Path, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "train.json").write_text("{}")
    done = snapshot.ranks(*_arguments(data, tmp_path / "run", tiny))
    assert done.returncode != 0
    assert len([line for line in done.stderr.splitlines() if "holds a run already" in line]) == 1
    assert (tmp_path / "run" / "train.json").read_text() == "{}"
