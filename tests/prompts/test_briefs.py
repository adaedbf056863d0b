"""The shipped briefs: each can be read, points at files that exist, and offers changes that the trainer takes."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from org.agents.offline import space as spaces
from org.lab import briefs
from org.model.brief import Brief
from trainer import recipe

ROOT = Path(__file__).parents[2]
PATHS = briefs.shipped(ROOT / "prompts")
RECIPE = YAML(typ="safe", pure=True).load((ROOT / "trainer/recipe.yaml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def brief_of(path: Path) -> Brief:
    return briefs.read(path)


def space_of(path: Path) -> dict[str, spaces.Dimension]:
    return spaces.parse(brief_of(path).space, path.stem)


def test_a_brief_says_what_it_asks_spends_and_when_it_ends(path):
    brief = brief_of(path)
    assert brief.title and brief.question.endswith("?")
    assert brief.allowance["device_hours"] > 0
    assert brief.stop["discards"] >= 3
    assert set(brief.needs) <= {"cuda"}


def test_only_a_simplification_has_a_margin(path):
    brief = brief_of(path)
    assert (brief.margin > 0) is (brief.claim == "simplify")


def test_a_brief_tells_what_is_known_what_answers_it_how_and_what_to_avoid(path):
    headings = [line for line in brief_of(path).body.splitlines() if line.startswith("#")]
    assert headings == ["# Context", "# What is known", "# What counts as an answer", "# How to work", "# Pitfalls"]


def test_editable_paths_exist_and_are_not_the_measuring_ones(path):
    brief = brief_of(path)
    assert "trainer/recipe.yaml" in brief.editable
    for pattern in brief.editable:
        found = list(ROOT.glob(pattern))
        assert found, f"{pattern} matches nothing"
        assert not [p for p in found if (ROOT / "trainer/measure") in p.parents or p.name in {"recipe.py", "__main__.py"}]


def test_every_key_of_a_space_is_in_the_recipe(path):
    space = space_of(path)
    assert space and set(space) <= set(RECIPE), f"not in the recipe: {sorted(set(space) - set(RECIPE))}"


def test_the_trainer_takes_every_value_of_a_space(path, tmp_path):
    file = tmp_path / "recipe.yaml"
    for key, dimension in space_of(path).items():
        for value in spaces.grid(dimension):
            YAML().dump({key: value}, file)
            taken = recipe.load(file)
            assert getattr(taken, key) == value
            assert taken.batch_tokens % taken.sequence_length == 0, f"{key}: {value}"


def test_a_search_for_better_values_surrounds_the_present_one(path):
    if brief_of(path).claim == "improve":
        for key, dimension in space_of(path).items():
            if isinstance(dimension, spaces.Range):
                assert dimension.low <= RECIPE[key] <= dimension.high, key


def test_a_simplification_offers_no_present_value(path):
    if brief_of(path).claim == "simplify":
        for key, dimension in space_of(path).items():
            assert isinstance(dimension, spaces.Choices) and not spaces.holds(dimension, RECIPE[key]), key


def test_every_brief_offers_a_change(path):
    offered = [v for k, d in space_of(path).items() for v in spaces.grid(d) if not spaces.same(d, v, RECIPE[k])]
    assert offered
