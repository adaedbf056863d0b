"""The planted changes still fit the trainer as it stands. What becomes of them is for `python -m benchmarks planted`."""

import ast
from pathlib import Path

import pytest

from benchmarks import planted

CASES = planted.cases(Path("data"))


@pytest.mark.parametrize("case", CASES, ids=[case.subject for case in CASES])
def test_a_planted_change_changes_the_trainer_and_still_parses(case: planted.Case) -> None:
    weak = planted.set_values((planted.labs.ROOT / planted.RECIPE).read_text(encoding="utf-8"), planted.WEAK | planted.SMALL)
    for file, edit in case.edit.items():
        before = weak if file == planted.RECIPE else (planted.labs.ROOT / file).read_text(encoding="utf-8")
        after = edit(before)
        assert after != before, file
        if file.endswith(".py"):
            ast.parse(after)


def test_the_root_is_weakened_in_keys_that_the_recipe_has() -> None:
    text = (planted.labs.ROOT / planted.RECIPE).read_text(encoding="utf-8")
    assert all(f"\n{key}: " in text for key in planted.WEAK | planted.SMALL)
    assert planted.set_values(text, planted.WEAK) != text
