"""The score: right, from the right files, and refused for a model that cheats."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import pytest
import torch

from trainer import recipe as recipes
from trainer.measure import checkpoint, cli, exchange, nats, scorer, validation
from trainer.measure import data as datas
from trainer.measure.errors import InvalidScore


def test_one_line_on_standard_output_is_the_result(scored) -> None:
    assert scored.stdout.count("\n") == 1
    assert json.loads((scored.run / "result.json").read_text()) == scored.result
    assert scored.result["valid"] is True
    assert scored.result["metric"] == "val_bpb"
    assert scored.result["bytes"] == scored.result["checks"]["bytes"]


def test_nothing_but_the_log_and_the_result_is_left_in_the_run(scored) -> None:
    names = {path.name for path in scored.run.iterdir()}
    assert names == {"checkpoint.pt", "metrics.jsonl", "train.json", "host.log", "result.json"}


def directly(run: Path, opened: datas.Data, T: int) -> float:
    """Bits per validation byte of the run's model on rows of T tokens, by torch's own cross-entropy."""
    record = json.loads((run / "train.json").read_text())
    model, _ = checkpoint.load(run, torch.device("cpu"), getattr(torch, record["dtype"]))
    rows = validation.rows(opened, T)
    with torch.inference_mode():
        logits = model.logits(torch.from_numpy(rows.inputs)).double()
    losses = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), torch.from_numpy(rows.targets.copy()).flatten(), reduction="none"
    )
    counted = torch.from_numpy(rows.counted).flatten()
    return float(losses[counted].sum()) / math.log(2) / opened.facts["validation_bytes"]


def test_the_score_equals_a_direct_computation(scored, data: Path) -> None:
    opened = datas.open_folder(data)
    assert scored.result["value"] == pytest.approx(directly(scored.run, opened, opened.context), rel=1e-3)


CACHED = """        x = x0 = norm(self.embedding(tokens).to(self.dtype))
        if tokens.size(1) > self.recipe.sequence_length:
            raise IndexError("the rotary cache ends")
"""


def test_a_model_that_does_not_take_the_task_s_rows_is_invalid(snapshot, data: Path, tiny: Path) -> None:
    """As one with a table of positions that is only as long as its training rows."""
    snapshot.edit("model.py", "        x = x0 = norm(self.embedding(tokens).to(self.dtype))\n", CACHED)
    run = snapshot.root.parent / "run"
    train = ["train", "--seed", "1", "--budget", "2step", "--depth", "1", "--data", data, "--out", run, "--recipe", tiny]
    assert snapshot.run(*train).returncode == 0
    done = snapshot.run("evaluate", "--run", run, "--data", data)
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert (result["valid"], result["value"]) == (False, None)
    assert result["reason"] == "the model does not take rows of 128 tokens: IndexError: the rotary cache ends"


@pytest.mark.parametrize("T", [32, 256])
def test_the_recipe_s_row_length_does_not_change_the_context_of_the_score(
    data: Path, tmp_path: Path, train: Callable[..., int], capsys: pytest.CaptureFixture[str], T: int
) -> None:
    recipe = tmp_path / "rows.yaml"
    recipe.write_text(f"sequence_length: {T}\nbatch_tokens: 512\n")
    assert train(tmp_path / "run", budget="25step", recipe=recipe) == 0
    assert cli.main(["evaluate", "--run", str(tmp_path / "run"), "--data", str(data)]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    opened = datas.open_folder(data)
    assert result["valid"] is True and result["validation_context"] == opened.context == 128
    assert result["value"] == pytest.approx(directly(tmp_path / "run", opened, 128), rel=3e-4)
    assert result["value"] != pytest.approx(directly(tmp_path / "run", opened, T), rel=3e-4)


def test_the_default_recipe_trains_with_the_task_s_own_context() -> None:
    assert recipes.load().sequence_length == datas.CONTEXT


def test_an_untrained_model_scores_its_logarithm(data: Path) -> None:
    opened = datas.open_folder(data)
    shape = exchange.Shape(16, 32, opened.vocab)
    value, _ = scorer.Score(Asked(shape, lambda tokens: numpy.zeros(1)), opened).compute()
    expected = math.log2(opened.vocab) * opened.facts["validation_tokens"] / opened.facts["validation_bytes"]
    assert value == pytest.approx(expected, rel=1e-6)


@dataclass(slots=True)
class Asked:
    """A host whose model is a function from tokens (B, T) to logits that broadcast to (B, T, V)."""

    shape: exchange.Shape
    model: Callable[[numpy.ndarray], numpy.ndarray]
    calls: list[numpy.ndarray] = field(default_factory=list)

    def logits(self, inputs: numpy.ndarray) -> numpy.ndarray:
        self.calls.append(inputs)
        logits = numpy.zeros((*inputs.shape, self.shape.vocab), dtype=numpy.float32)
        logits[:] = self.model(inputs)
        return logits


def _one_hot(tokens: numpy.ndarray, vocab: int) -> numpy.ndarray:
    return 10 * (tokens[..., None] == numpy.arange(vocab)).astype(numpy.float32)


@pytest.mark.parametrize("places", [1, 2, 20])
def test_a_model_that_looks_ahead_is_caught(data: Path, places: int) -> None:
    opened = datas.open_folder(data)
    ahead = Asked(exchange.Shape(16, 32, opened.vocab), lambda x: _one_hot(numpy.roll(x, -places, axis=1), opened.vocab))
    with pytest.raises(InvalidScore, match="looks ahead"):
        scorer.Score(ahead, opened).compute()


def test_a_model_that_looks_at_its_neighbours_in_the_batch_is_caught(data: Path) -> None:
    opened = datas.open_folder(data)
    beside = Asked(exchange.Shape(16, 32, opened.vocab), lambda x: x.mean(dtype=numpy.float32) * _one_hot(x, opened.vocab))
    with pytest.raises(InvalidScore, match="looks ahead"):
        scorer.Score(beside, opened).compute()


def test_a_model_that_keeps_state_is_caught(data: Path) -> None:
    opened, seen = datas.open_folder(data), []

    def model(tokens: numpy.ndarray) -> numpy.ndarray:
        seen.append(1)
        return len(seen) // 3 * _one_hot(tokens, opened.vocab)

    with pytest.raises(InvalidScore, match=r"keeps state|looks ahead"):
        scorer.Score(Asked(exchange.Shape(16, 32, opened.vocab), model), opened).compute()


@pytest.mark.parametrize("bad", [numpy.nan, numpy.inf, -numpy.inf])
def test_a_logit_that_is_no_number_is_caught(data: Path, bad: float) -> None:
    opened = datas.open_folder(data)

    def model(tokens: numpy.ndarray) -> numpy.ndarray:
        logits = _one_hot(tokens, opened.vocab)
        logits[-1, -1, -1] = bad
        return logits

    with pytest.raises(InvalidScore, match="NaN or infinite"):
        scorer.Score(Asked(exchange.Shape(16, 32, opened.vocab), model), opened).compute()


def test_losses_do_not_depend_on_the_scale_a_model_chose() -> None:
    logits = numpy.random.default_rng(0).normal(size=(3, 5, 7)).astype(numpy.float32) * 30
    targets = numpy.arange(15).reshape(3, 5) % 7
    expected = torch.nn.functional.cross_entropy(
        torch.from_numpy(logits.copy()).double().flatten(0, 1), torch.from_numpy(targets).flatten(), reduction="none"
    )
    shifted = nats.losses(logits + numpy.float32(50), targets)
    assert numpy.allclose(shifted.ravel(), expected.numpy(), atol=1e-4)


def test_a_swapped_checkpoint_is_invalid(scored, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train.json", "checkpoint.pt"):
        (tmp_path / name).write_bytes((scored.run / name).read_bytes() + (b"\0" if name == "checkpoint.pt" else b""))
    assert cli.main(["evaluate", "--run", str(tmp_path), "--data", str(data)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["valid"] is False
    assert "checkpoint_digest" in result["reason"]


def test_a_step_that_reads_the_validation_data_is_caught(snapshot, data: Path, tiny: Path) -> None:
    peek = f"        open({str(data / 'validation_tokens.npy')!r}).close()\n"
    snapshot.edit("step.py", "        rows = max(", peek + "        rows = max(")
    run = snapshot.root.parent / "run"
    train = ["train", "--seed", "1", "--budget", "2step", "--depth", "1", "--data", data, "--out", run, "--recipe", tiny]
    assert snapshot.run(*train).returncode == 0
    assert json.loads((run / "train.json").read_text())["outside"] == ["validation: validation_tokens.npy"]
    assert "opened what it is scored on" in json.loads(snapshot.run("evaluate", "--run", run, "--data", data).stdout)["reason"]


def test_an_edited_model_trains_to_another_score_and_cannot_speak_for_the_scorer(
    scored, snapshot, data: Path, tiny: Path
) -> None:
    snapshot.edit("kernels.py", "x.clamp_min(0)", "x.clamp_min(-0.5)")
    snapshot.edit("model.py", "def build(", 'print(\'{"metric": "val_bpb", "value": 0.1, "valid": true}\')\n\n\ndef build(')
    run = snapshot.root.parent / "run"
    train = ["train", "--seed", "1", "--budget", "30step", "--depth", "1", "--data", data, "--out", run, "--recipe", tiny]
    assert snapshot.run(*train).returncode == 0
    done = snapshot.run("evaluate", "--run", run, "--data", data)
    assert done.stdout.count("\n") == 1
    result = json.loads(done.stdout)
    assert result["valid"] is True
    assert result["value"] > 0.5
    assert result["value"] != scored.result["value"]
    assert "0.1" in (run / "host.log").read_text()
    original = cli.main(["evaluate", "--run", str(run), "--data", str(data)])
    assert original == 0
    assert "code_digest" in json.loads((run / "result.json").read_text())["reason"]


def test_a_trained_model_that_attends_to_the_future_is_caught(snapshot, data: Path, tiny: Path) -> None:
    snapshot.edit("backends.py", "(ages >= 0) &", "(ages >= -1) &")
    run = snapshot.root.parent / "run"
    train = ["train", "--seed", "1", "--budget", "10step", "--depth", "1", "--data", data, "--out", run, "--recipe", tiny]
    assert snapshot.run(*train).returncode == 0
    done = snapshot.run("evaluate", "--run", run, "--data", data)
    assert done.returncode == 0
    assert "looks ahead" in json.loads(done.stdout)["reason"]


def test_a_host_that_dies_is_one_line_and_exit_code_1(snapshot, scored, data: Path, tmp_path: Path) -> None:
    snapshot.edit("model.py", "def build(", "raise SystemExit('no model today')\n\n\ndef build(")
    record = json.loads((scored.run / "train.json").read_text())
    code = "from trainer.measure import digests; print(digests.of_code())"
    digest = subprocess.run([sys.executable, "-c", code], cwd=snapshot.root, capture_output=True, text=True, check=True)
    (tmp_path / "train.json").write_text(json.dumps(record | {"code_digest": digest.stdout.strip()}))
    (tmp_path / "checkpoint.pt").write_bytes((scored.run / "checkpoint.pt").read_bytes())
    done = snapshot.run("evaluate", "--run", tmp_path, "--data", data)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "no model today" in done.stderr


def test_no_checkpoint_is_exit_code_1(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", "--run", str(tmp_path), "--data", str(data)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("module", ["scorer", "fingerprint"])
def test_it_starts_without_torch_and_without_what_may_be_edited(module: str) -> None:
    code = f"""
import sys
from trainer.measure import cli, {module}
mine = [name for name in sys.modules if name == "torch" or name.startswith("trainer.")]
found = [name for name in mine if not name.startswith("trainer.measure")]
assert not found, found
"""
    subprocess.run([sys.executable, "-c", code], cwd=Path(cli.__file__).parents[2], check=True)


def test_the_fingerprint_names_what_makes_scores_comparable(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fingerprint", "--data", str(data)]) == 0
    printed = json.loads(capsys.readouterr().out)
    expected = {
        "evaluator_digest",
        "corpus_digest",
        "tokenizer_digest",
        "validation_digest",
        "validation_bytes",
        "validation_context",
        "python",
        "torch",
        "numpy",
    }
    assert printed.keys() >= expected
