"""A recipe: flat YAML of model and optimizer values. An edit changes one value and leaves every other line as it is."""

from collections.abc import Mapping
from io import StringIO
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from org.model.errors import OrgError

Value: TypeAlias = int | float | str | bool


def values(text: str) -> dict[str, Value]:
    """The plain values by key. OrgError when the text is not one level of keys and plain values."""
    plain: dict[str, Value] = {}
    for key, value in _load(text).items():
        if not isinstance(value, int | float | str | bool):
            raise OrgError(f"recipe key {key} holds {type(value).__name__}; a recipe has one plain value a key")
        plain[str(key)] = _plain(value)
    return plain


def edit(text: str, key: str, value: Value) -> str:
    """The text with one key set; comments, order and layout stay. OrgError for a key that the recipe does not have."""
    tree = _load(text)
    if key not in tree:
        raise OrgError(f"the recipe has no key {key}; it has {', '.join(tree)}")
    tree[key] = value
    out = StringIO()
    _yaml().dump(tree, out)
    edited = out.getvalue()
    if values(edited) != {**values(text), key: value}:
        raise OrgError(f"setting {key} to {value!r} would change more than this key; nothing was written")
    return edited


def changed(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[str]:
    """The keys whose values differ, keys that are new or gone included."""
    keys = [*before, *(key for key in after if key not in before)]
    return [key for key in keys if not _equal(before.get(key), after.get(key))]


def _equal(one: Value | None, other: Value | None) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _plain(value: Value) -> Value:
    """ruamel's own number and string types as Python's."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(value)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def _load(text: str) -> CommentedMap:
    try:
        tree = _yaml().load(text)
    except YAMLError as error:
        raise OrgError(f"the recipe is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(tree, CommentedMap):
        raise OrgError("the recipe is not a list of keys and values")
    return tree
