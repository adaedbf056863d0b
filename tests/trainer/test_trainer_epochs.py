"""`trainer epochs`: what a run would read of its corpus, before it is trained."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from trainer import recipe
from trainer.measure import budget, cli, epochs

DEPTH = 1


def told(capsys: pytest.CaptureFixture[str], folder: Path, text: str, device: str = "cpu") -> dict[str, Any]:
    arguments = ["epochs", "--data", str(folder), "--budget", text, "--depth", str(DEPTH), "--device", device]
    assert cli.main(arguments) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_steps_and_tokens_are_counted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = json.loads((data / "data.json").read_text())
    found = told(capsys, data, "100step")
    assert found["tokens"] == 100 * recipe.load().batch_tokens and found["train_tokens"] == facts["train_tokens"]
    assert found["epochs"] == pytest.approx(found["tokens"] / facts["train_tokens"])
    assert found["missing"] == [] and not found["estimated"]
    assert told(capsys, data, "5e6tok")["tokens"] == 5_000_000


def test_flops_agree_with_what_a_run_counts(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Within the optimizer's share, which the closed form leaves out."""
    arguments = ["train", "--seed", "1", "--budget", "2step", "--depth", str(DEPTH), "--data", str(data), "--out", str(tmp_path)]
    assert cli.main(arguments) == 0
    run = json.loads((tmp_path / "train.json").read_text())
    capsys.readouterr()
    found = told(capsys, data, f"{run['flops']}flop")
    assert run["tokens"] <= found["tokens"] <= 1.4 * run["tokens"]


def test_a_time_budget_is_an_underestimate_and_says_so(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, data, "300s", "cuda")
    assert found["estimated"] and found["epochs"] > 4
    assert found["tokens"] <= 300 * epochs.STEPS_A_SECOND * recipe.load().batch_tokens
    assert told(capsys, data, "300s", "cpu")["tokens"] < found["tokens"]


def test_a_large_depth_takes_no_memory(data: Path) -> None:
    deep, shallow = (epochs.epochs(data, budget.parse("1e18flop"), depth) for depth in (24, 12))
    assert deep["tokens"] < shallow["tokens"] / 4


@pytest.mark.parametrize("name", ["data.json", "tokenizer.json", "train_tokens.npy"])
def test_what_is_missing_is_named_with_the_mending_command(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = shutil.copytree(data, tmp_path / "copy")
    (folder / name).unlink()
    found = told(capsys, folder, "10step")
    assert found["missing"] == [name] and found["epochs"] is None
    assert found["mend"] == f"python -m trainer prepare --data {folder}"
    assert told(capsys, tmp_path / "nothing", "10step")["missing"] == ["data.json"]
