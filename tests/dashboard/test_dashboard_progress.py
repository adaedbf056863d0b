"""How far a run is, from a file that may be missing, torn or strange."""

from pathlib import Path

import pytest

from org.dashboard import progress
from org.dashboard.state import HowFar


def write(folder: Path, text: str) -> Path:
    path = folder / "metrics.jsonl"
    path.write_text(text)
    return path


def test_steps_say_how_far_and_how_long(tmp_path: Path) -> None:
    path = write(tmp_path, '{"step": 10, "steps": 40, "train_seconds": 5.0, "loss": 3.5}\n')
    found = progress.of_file(path, "40step")
    assert found is not None
    assert (found.fraction, found.left_seconds, found.loss) == (0.25, 15.0, 3.5)


def test_a_time_budget_is_measured_in_seconds(tmp_path: Path) -> None:
    path = write(tmp_path, '{"step": 7, "steps": null, "train_seconds": 75}\n')
    found = progress.of_file(path, "300s")
    assert found is not None
    assert (found.fraction, found.left_seconds, found.steps) == (0.25, 225.0, None)


def test_a_torn_last_line_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, '{"step": 3, "steps": 4}\n{"step": 4, "ste')
    found = progress.of_file(path, "4step")
    assert found is not None and found.step == 3


def test_a_long_file_is_read_from_its_end(tmp_path: Path) -> None:
    rows = "".join(f'{{"step": {n}, "steps": 9000}}\n' for n in range(1, 4501))
    found = progress.of_file(write(tmp_path, rows), "9000step")
    assert found is not None and found.fraction == 0.5


@pytest.mark.parametrize("text", ["", "\n", "no json\n", "[1]\n", '{"step": 1'])
def test_a_file_without_news_is_none(tmp_path: Path, text: str) -> None:
    assert progress.of_file(write(tmp_path, text), "4step") is None


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert progress.of_file(tmp_path / "metrics.jsonl", "4step") is None


def test_what_is_no_number_is_not_known(tmp_path: Path) -> None:
    strange = '{"step": "7", "steps": "x", "loss": NaN, "train_seconds": [], "tok_per_sec": Infinity}\n'
    assert progress.of_file(write(tmp_path, strange), "4step") == HowFar(0, None, 0.0)


def test_more_steps_than_planned_is_all_of_them(tmp_path: Path) -> None:
    found = progress.of_file(write(tmp_path, '{"step": 9, "steps": 4, "train_seconds": 1}\n'), "4step")
    assert found is not None and (found.fraction, found.left_seconds) == (1.0, 0.0)
