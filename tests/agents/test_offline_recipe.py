"""Edits of a recipe and what backlog lines say about it."""

import pytest
from offline_lab import RECIPE

from org.agents.offline import ideas, recipe
from org.model.errors import OrgError


@pytest.mark.parametrize(
    ("key", "value"),
    [("softcap", 20.0), ("softcap", 0), ("warmdown_ratio", 1e-4), ("layers_kept", 5), ("window_pattern", "SSSL"),
     ("value_embeddings", False)],
)  # fmt: skip
def test_an_edit_changes_one_line_and_keeps_its_comment(key, value):
    edited = recipe.edit(RECIPE, key, value)
    pairs = list(zip(RECIPE.splitlines(), edited.splitlines(), strict=True))
    (changed,) = [(old, new) for old, new in pairs if old != new]
    assert changed[1].startswith(f"{key}: ")
    assert changed[0].partition("#")[2] == changed[1].partition("#")[2]
    assert recipe.values(edited) == {**recipe.values(RECIPE), key: value}


def test_an_edit_of_an_unknown_key_names_the_known_ones():
    with pytest.raises(OrgError, match="no key soft_cap; it has softcap"):
        recipe.edit(RECIPE, "soft_cap", 1)


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [1, 2]\n", "a: {b: 1}\n", "a: 'x\n"])
def test_a_recipe_that_is_not_flat_is_refused(text):
    with pytest.raises(OrgError, match="recipe"):
        recipe.values(text)


def test_what_changed_counts_new_gone_and_retyped_keys():
    assert recipe.changed({"a": 1, "b": 2, "c": 1}, {"a": 1, "c": True, "d": 3}) == ["b", "c", "d"]
    assert recipe.changed({"a": 1}, {"a": 1.0}) == []


HEAD = recipe.values(RECIPE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("softcap = 20", ("softcap", 20.0)),
        ("please try warmdown_ratio: 0.4, it decays longer", ("warmdown_ratio", 0.4)),
        ("set `layers_kept` to 5", ("layers_kept", 5)),
        ("softcap from 15 to 30.", ("softcap", 30.0)),
        ("turn value_embeddings off", ("value_embeddings", False)),
        ("window_pattern → SSSL", ("window_pattern", "SSSL")),
        ("warmdown_ratio 1e-3", ("warmdown_ratio", 1e-3)),
        ("the softcap may hurt", None),
        ("my_softcap = 20", None),
        ("think harder about data", None),
    ],
)  # fmt: skip
def test_a_backlog_line_names_a_change_only_with_key_and_value(text, found):
    assert ideas.named_change(text, HEAD) == found
