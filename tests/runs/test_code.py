"""The digest of what a run was given, beside the one that it reports."""

import shutil
from pathlib import Path

from org.runs import code
from trainer.measure import digests

PACKAGE = Path(digests.__file__).parents[1]


def test_it_is_what_the_trainer_says_of_itself(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    record = {"trainer_path": "trainer", "code_digest": digests.of_code()}
    assert code.expected(record, tmp_path) == digests.of_code()
    recipe = tmp_path / "trainer" / "recipe.yaml"
    recipe.write_text(recipe.read_text() + "# another\n")
    assert code.expected(record, tmp_path) != digests.of_code()


def test_where_nothing_can_be_told_nothing_is_expected(tmp_path: Path) -> None:
    (tmp_path / "trainer").mkdir()
    assert code.expected({"trainer_path": "trainer"}, tmp_path) is None, "the task keeps no digests"
    assert code.expected({"code_digest": "x"}, tmp_path) is None, "of which folder?"
    assert code.expected({"code_digest": "x", "trainer_path": "elsewhere"}, tmp_path) is None, "the snapshot is gone"
