"""Training runs: same seed same bits, records, failures, and the lines that bad usage gets."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from trainer import attention, scaling
from trainer.measure import cli, own_tokens
from trainer.measure import data as datas
from trainer.measure.errors import TrainerError
from trainer.packing import pack

REQUIRED = {
    "schema", "status", "reason", "seed", "budget", "depth", "recipe", "evaluator_digest", "code_digest", "trainer_path",
    "corpus_digest", "tokenizer_digest", "validation_digest", "validation_bytes", "validation_context", "data_order_digest",
    "device", "device_model",
    "dtype", "attention", "versions", "steps", "tokens", "train_seconds", "train_cpu_seconds", "total_seconds",
    "tok_per_sec", "parameters",
    "parameters_active", "parameters_embedding", "flops_per_step", "flops", "peak_memory_mb", "kept_fraction", "epochs",
    "selected_fraction", "distinct_tokens", "passes", "vocab", "own_tokens",
    "checkpoint_digest", "outside",
}  # fmt: skip


def _record(run: Path) -> dict:
    return json.loads((run / "train.json").read_text())


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path, train: Callable[..., int]) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert train(tmp_path / name, seed=seed) == 0
    a, b, c = (_record(tmp_path / name) for name in "abc")
    assert a["checkpoint_digest"] == b["checkpoint_digest"] != c["checkpoint_digest"]
    assert a["data_order_digest"] == b["data_order_digest"] != c["data_order_digest"]
    assert a["loss"] == b["loss"]


def test_a_data_seed_moves_the_data_order_alone(tmp_path: Path, train: Callable[..., int]) -> None:
    for name, seed, order in (("a", 1, None), ("b", 1, 1), ("c", 1, 2), ("d", 3, 1)):
        assert train(tmp_path / name, seed=seed, more=() if order is None else ("--data-seed", order)) == 0
    a, b, c, d = (_record(tmp_path / name) for name in "abcd")
    assert a["checkpoint_digest"] == b["checkpoint_digest"], "the seed is its default"
    assert a["data_order_digest"] == d["data_order_digest"] != c["data_order_digest"]
    assert len({r["checkpoint_digest"] for r in (a, c, d)}) == 3


def test_an_added_parameter_changes_no_data(tmp_path: Path, tiny: Path, train: Callable[..., int]) -> None:
    without = tmp_path / "without.yaml"
    without.write_text(tiny.read_text() + "value_embeddings: false\n")
    assert train(tmp_path / "a") == 0
    assert train(tmp_path / "b", recipe=without) == 0
    a, b = _record(tmp_path / "a"), _record(tmp_path / "b")
    assert a["parameters"] != b["parameters"]
    assert a["data_order_digest"] == b["data_order_digest"]


def test_a_run_leaves_the_whole_record(tmp_path: Path, train: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path / "run", budget="6step") == 0
    record = _record(tmp_path / "run")
    assert record.keys() >= REQUIRED
    assert record["status"] == "succeeded"
    assert record["steps"] == 6
    assert record["tokens"] == 6 * 512
    assert record["outside"] == []
    assert record["flops"] == 6 * record["flops_per_step"] > 0
    assert record["parameters"] == record["parameters_active"] + record["parameters_embedding"]
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[-1]["loss"] == record["loss"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint.pt", "metrics.jsonl", "train.json"]
    assert "step 6/6" in capsys.readouterr().out


def test_a_flop_budget_runs_the_steps_it_pays_for(tmp_path: Path, train: Callable[..., int]) -> None:
    assert train(tmp_path / "first", budget="1step") == 0
    per_step = _record(tmp_path / "first")["flops_per_step"]
    assert train(tmp_path / "second", budget=f"{per_step * 5 - 1}flop") == 0
    assert _record(tmp_path / "second")["steps"] == 4


def test_a_loss_that_is_no_number_stops_the_run(
    tmp_path: Path, tiny: Path, train: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    wild = tmp_path / "wild.yaml"
    wild.write_text(tiny.read_text() + "embedding_lr: 1.0e+30\nmuon_lr: 1.0e+30\n")
    assert train(tmp_path / "run", recipe=wild, budget="50step") == 3
    record = _record(tmp_path / "run")
    assert (record["status"], record["checkpoint_digest"], record["loss"]) == ("failed", None, None)
    assert record["reason"].startswith("nan")
    assert "nan" in capsys.readouterr().err
    assert cli.main(["evaluate", "--run", str(tmp_path / "run"), "--data", str(tmp_path)]) != 0


def test_a_step_that_crashes_leaves_its_reason(tmp_path: Path, tiny: Path, train: Callable[..., int]) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(tiny.read_text() + "window_pattern: X\n")
    with pytest.raises(KeyError):
        train(tmp_path / "run", recipe=broken)
    assert _record(tmp_path / "run")["reason"].startswith("KeyError")


def test_a_run_that_fails_at_what_its_record_asks_for_leaves_its_reason(
    tmp_path: Path, train: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing_works(device_type: str, T: int) -> str:
        raise RuntimeError("no attention works here")

    monkeypatch.setattr(attention, "backend", nothing_works)
    with pytest.raises(RuntimeError, match="no attention"):
        train(tmp_path / "run")
    record = _record(tmp_path / "run")
    assert (record["status"], record["reason"], record["seed"]) == ("failed", "RuntimeError: no attention works here", 1)


def test_a_dial_that_crashes_leaves_its_reason(
    tmp_path: Path, train: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run that could not be built, nothing derived is asked for again."""
    monkeypatch.setattr(scaling, "scaled", lambda *given, **more: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        train(tmp_path / "run")
    assert _record(tmp_path / "run")["reason"].startswith("ZeroDivisionError")


def test_a_run_that_is_stopped_while_tokens_are_made_for_it_begins_again(
    tmp_path: Path, train: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that makes them is of its group and gets the signal, too."""

    def killed(*given: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise TrainerError("tokens of another tokenizer could not be made (-15): it said nothing")

    with monkeypatch.context() as patch:
        patch.setattr(own_tokens, "open_folder", killed)
        assert train(tmp_path / "run") == 4
    assert _record(tmp_path / "run")["status"] == "stopped"
    assert train(tmp_path / "run") == 0
    assert _record(tmp_path / "run")["status"] == "succeeded"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["train", "--budget", "9"], "want one of 400step, 5e7tok, 2e15flop, 300s"),
        (["train", "--data", "nowhere"], "python -m trainer prepare --data nowhere"),
        (["train", "--depth", "0"], "--depth 0"),
        (["train", "--device", "tpu"], "want cpu, cuda or cuda:i"),
        (["train", "--device", "cuda:99"], "CUDA devices"),
        (["train", "--recipe", "missing.yaml"], "no such recipe file"),
        (["train", "--seed", "x"], "--seed"),
        (["evaluate"], "--run"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    arguments: list[str], expected: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"--seed": "1", "--budget": "2step", "--depth": "1", "--data": str(data), "--out": str(tmp_path / "run")}
    if arguments[0] == "train":
        given |= dict(zip(arguments[1::2], arguments[2::2], strict=True))
        arguments = ["train", *(word for pair in given.items() for word in pair)]
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1


def test_a_folder_that_holds_a_run_is_not_written_again(tmp_path: Path, train: Callable[..., int]) -> None:
    assert train(tmp_path / "run") == 0
    before = (tmp_path / "run" / "train.json").read_bytes()
    assert train(tmp_path / "run") == 2
    assert (tmp_path / "run" / "train.json").read_bytes() == before


def test_a_sample_continues_its_prompt(scored, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sample", "--run", str(scored.run), "--data", str(data), "--prompt", "import ", "--tokens", "5"]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.startswith("import ")


def test_batches_are_whole_rows(data: Path) -> None:
    from trainer.measure.batches import Batches

    inputs, targets = Batches(datas.open_folder(data), seed=1, T=64, batch_tokens=512, pack=pack).next()
    assert inputs.shape == targets.shape == (8, 64)
    assert torch.equal(inputs[:, 1:][targets[:, :-1] >= 0], targets[:, :-1][targets[:, :-1] >= 0])
