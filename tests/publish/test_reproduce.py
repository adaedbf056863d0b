"""reproduce.sh of a published change, on real runs: a stranger with the folder alone gets the same numbers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from laboratory import Laboratory

from org.lab.publish import publishing
from org.model.experiment import State


@pytest.fixture
def bundle(fit: Laboratory, tmp_path: Path) -> Path:
    """A real merge of the one-second task, published, and the lab gone from beside it."""
    made = fit.recipe("junior-1", degree=5)
    fit.until(fit.settled(made.id), seconds=240)
    assert fit.experiment(made.id).state is State.MERGED, fit.experiment(made.id).reason
    folder = tmp_path / "published"
    publishing.publish(fit.lab, made.id, folder, anyway=True)
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    return tmp_path / "elsewhere" / "copy"


def reproduce(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHON": sys.executable}
    return subprocess.run(
        ["sh", "reproduce.sh", *words], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.slow
def test_a_stranger_gets_the_published_numbers_again(bundle: Path) -> None:
    done = reproduce(bundle, "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 values are the same" in done.stdout and done.stdout.rstrip().endswith("reproduced")
    told = json.loads((bundle / "runs.json").read_text())
    values = {run["id"]: run["value"] for run in told["runs"]}
    again = {p.parent.name: json.loads(p.read_text()) for p in (bundle / "reproduced" / "runs").glob("*/value.json")}
    assert len(again) == 4 and all(again[id] == pytest.approx(values[id], rel=1e-12) for id in again)
    assert {run["arm"] for run in told["runs"] if run["id"] in again} == {"base", "change"}
    _numbers_that_are_not_there(bundle, told)
    _a_patch_that_was_changed(bundle)


def _numbers_that_are_not_there(bundle: Path, told: dict[str, object]) -> None:
    """The same script on values that nobody measured says so; finished runs are not run again."""
    for run in told["runs"]:  # type: ignore[attr-defined]
        run["value"] += 0.5 if run["arm"] == "base" else 0.0
    (bundle / "runs.json").write_text(json.dumps(told))
    done = reproduce(bundle, "2")
    assert done.returncode == 1 and "NOT reproduced" in done.stdout


def _a_patch_that_was_changed(bundle: Path) -> None:
    patch = bundle / "change.patch"
    patch.write_text(patch.read_text().replace("+degree: 5", "+degree: 6"))
    shutil.rmtree(bundle / "reproduced" / "change")
    done = reproduce(bundle, "2")
    assert done.returncode != 0 and "is not as published" in done.stderr
