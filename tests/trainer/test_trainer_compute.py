"""Loss against compute: the law of made-up runs is found again; runs that do not compare are refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy
import pytest

from trainer.measure import cli, compute
from trainer.measure.errors import TrainerError

LAW = compute.Curve(floor=1.1, bpb_at=1.8, at=4e12, exponent=0.3, residual=0.0, fitted=True)
FLOPS = [1e12, 2e12, 4e12, 8e12, 16e12]


def write_run(folder: Path, flops: float, bpb: float, **changed: Any) -> Path:
    """A run's files, as far as they are read."""
    folder.mkdir()
    record = {"status": "succeeded", "reason": None, "seed": 1, "depth": 2, "budget": f"{flops:g}flop", "flops": flops}
    record |= {"tokens": 1000, "parameters": 10, "train_seconds": 2.5, "steps": 20, "checkpoint_digest": "c"}
    record |= {"evaluator_digest": "e", "validation_digest": "v", "versions": {"torch": "2"}, "recipe": {"muon_lr": 0.03}}
    (folder / "train.json").write_text(json.dumps(record | changed))
    (folder / "result.json").write_text(json.dumps({"valid": True, "reason": None, "value": bpb, "checkpoint_digest": "c"}))
    (folder / "metrics.jsonl").write_text("".join(f'{{"step": {step}, "loss": {30 - step}}}\n' for step in range(1, 21)))
    return folder


@pytest.mark.parametrize("floor", [0.0, 1.1])
def test_the_law_that_made_the_losses_is_found_again(floor: float) -> None:
    law = compute.Curve(floor, LAW.bpb_at, LAW.at, LAW.exponent, 0.0, fitted=True)
    found = compute.fit(FLOPS, [law(c) for c in FLOPS])
    assert found.at == pytest.approx(4e12)
    assert found.floor == pytest.approx(floor, abs=0.01)
    assert found.exponent == pytest.approx(0.3, abs=0.01)
    assert found.residual < 1e-3
    assert found(3e12) == pytest.approx(law(3e12), abs=1e-3)


def test_the_residual_is_the_noise_of_the_runs() -> None:
    draw = numpy.random.default_rng(0)
    flops = FLOPS * 40
    found = compute.fit(flops, [LAW(c) + 0.01 * draw.standard_normal() for c in flops])
    assert found.residual == pytest.approx(0.01, rel=0.15)


def test_few_amounts_of_compute_take_the_floor_as_given() -> None:
    found = compute.fit([1e12, 1e12, 2e12], [2.0, 2.02, 1.8])
    assert (found.fitted, found.floor) == (False, pytest.approx(0.6 * 1.8))
    assert found(1e12) == pytest.approx(2.01, abs=1e-3)
    with pytest.raises(TrainerError, match="three runs and two amounts of compute; here are 2 and 2"):
        compute.fit([1e12, 2e12], [2.0, 1.8])
    with pytest.raises(TrainerError, match="here are 3 and 1"):
        compute.fit([1e12, 1e12, 1e12], [2.0, 1.8, 1.9])


def test_the_table_and_the_json_tell_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [write_run(tmp_path / f"r{at}", c, LAW(c) + (0.02 if at == 3 else 0), depth=2 + at // 4) for at, c in enumerate(FLOPS)]
    command = ["compute", "--runs", *(str(run) for run in reversed(runs))]
    assert cli.main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [Path(row["run"]).name for row in told["runs"]] == ["r0", "r1", "r2", "r3", "r4"]
    assert max(told["runs"], key=lambda row: row["residual"])["run"].endswith("r3")
    assert told["runs"][0]["train_loss"] == pytest.approx(10.5)  # of steps 19 and 20
    assert told["differing"] == {"depth": [2, 3], "budget": [f"{c:g}flop" for c in FLOPS]}
    assert cli.main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["run", "depth", "seed"]
    assert lines[6].startswith("bpb = ") and "residual sd" in lines[6] and "floor fitted" in lines[6]
    assert "runs differ in depth: 2, 3" in lines


def test_two_runs_are_a_table_without_a_curve(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [write_run(tmp_path / name, c, LAW(c)) for name, c in (("a", 1e12), ("b", 2e12))]
    assert cli.main(["compute", "--runs", *map(str, runs)]) == 0
    assert "no curve: a curve needs three runs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"validation_digest": "w"}, "do not compare: validation_digest differs: .*a has v, .*b has w"),
        ({"versions": {"torch": "3"}}, "versions differs"),
        ({"evaluator_digest": "f"}, "evaluator_digest differs"),
        ({"status": "failed", "reason": "nan"}, r"b: training failed \(nan\)"),
        ({"checkpoint_digest": "d"}, "the score of another checkpoint"),
        ({"steps": 21}, "does not end with step 21"),
    ],
)
def test_runs_that_do_not_compare_are_refused(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    runs = [write_run(tmp_path / "a", 1e12, 2.0), write_run(tmp_path / "b", 2e12, 1.9, **changed)]
    with pytest.raises(TrainerError, match=told):
        compute.points(runs)


def test_a_run_without_a_score_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "a", 1e12, 2.0)
    (run / "result.json").unlink()
    assert cli.main(["compute", "--runs", str(run)]) == 1
    assert "a point is a run that was trained and evaluated" in capsys.readouterr().err


def test_a_real_run_is_a_point(scored, tmp_path: Path) -> None:
    shutil.copytree(scored.run, tmp_path / "run")
    (point,) = compute.points([tmp_path / "run"])
    assert (point.bpb, point.flops) == (scored.result["value"], point.record["flops"])
    assert 0 < point.train_loss < 7
