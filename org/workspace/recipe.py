"""Three-way merge of YAML, key by key, so that neighbouring lines changed by two authors do not conflict.

A key changed on one side takes that side's value. A key changed on both sides to different values is a conflict that
names the key and both values. Lists count as one value. Order and comments are those of `ours`.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from org.model.errors import WorkspaceError


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


_MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class MergedRecipe:
    """`text` is the merged file when `conflicts` is empty; else each conflict is one sentence."""

    text: str
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What the three sides are called in a conflict."""

    ours: str = "ours"
    theirs: str = "theirs"
    before: str = "before"


MERGE = Words()


def merge(base: str, ours: str, theirs: str, words: Words = MERGE) -> MergedRecipe:
    """Merge two descendants of `base`. Raises WorkspaceError when one of the three is not a YAML mapping."""
    left, right = _load(words.ours, ours), _load(words.theirs, theirs)
    conflicts: list[str] = []
    _fold(_load(words.before, base), left, right, "", conflicts, words)
    return MergedRecipe(_dump(left), tuple(conflicts))


def changed_keys(before: str, after: str) -> tuple[str, ...]:
    """Keys whose values differ, nested ones with dots, in the order of `after`; then those that are gone."""
    return tuple(_differing(_load("the base", before), _load("the change", after), ""))


def without(before: str, after: str, keys: Collection[str]) -> str:
    """`after` with these of its changed keys as they are in `before`; order and comments are those of `after`."""
    old, new = _load("the base", before), _load("the change", after)
    _restore(old, new, "", keys)
    return _dump(new)


def value(text: str, key: str) -> str:
    """A key's value in words; nested keys with dots."""
    found: Any = _load("the recipe", text)
    for part in key.split("."):
        found = _get(found, part) if isinstance(found, CommentedMap) else _MISSING
    return _say(found)


def same_values(one: str, other: str) -> bool:
    """Whether two texts say the same, comments and order aside. False when one is not a YAML mapping."""
    try:
        return _same(_load("one", one), _load("the other", other))
    except WorkspaceError:
        return False


def _differing(old: CommentedMap, new: CommentedMap, prefix: str) -> Iterator[str]:
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = _get(old, key), _get(new, key)
        if isinstance(was, CommentedMap) and isinstance(now, CommentedMap):
            yield from _differing(was, now, f"{prefix}{key}.")
        elif not _same(was, now):
            yield f"{prefix}{key}"


def _restore(old: CommentedMap, new: CommentedMap, prefix: str, keys: Collection[str]) -> None:
    """Change `new` in place."""
    for key in [*old, *(key for key in list(new) if key not in old)]:
        if f"{prefix}{key}" in keys:
            _take(new, old, key)
        elif isinstance(old.get(key), CommentedMap) and isinstance(new.get(key), CommentedMap):
            _restore(old[key], new[key], f"{prefix}{key}.", keys)


def _fold(base: Any, ours: CommentedMap, theirs: CommentedMap, prefix: str, conflicts: list[str], words: Words) -> None:
    """Change `ours` into the merge, in place."""
    for key in [*theirs, *(key for key in list(ours) if key not in theirs)]:
        was, left, right = (_get(side, key) for side in (base, ours, theirs))
        if _same(left, right) or _same(right, was):
            continue
        if _same(left, was):
            _take(ours, theirs, key)
        elif isinstance(left, CommentedMap) and isinstance(right, CommentedMap):
            before = was if isinstance(was, CommentedMap) else CommentedMap()
            _fold(before, left, right, f"{prefix}{key}.", conflicts, words)
        else:
            said = f"{words.ours} {_say(left)}, {words.theirs} {_say(right)}, {words.before} {_say(was)}"
            conflicts.append(f"{prefix}{key}: {said}")


def _take(ours: CommentedMap, theirs: CommentedMap, key: Any) -> None:
    if key not in theirs:
        del ours[key]
    elif key in ours:
        ours[key] = theirs[key]
    else:
        order = list(theirs)
        before = next((k for k in reversed(order[: order.index(key)]) if k in ours), None)
        ours.insert(list(ours).index(before) + 1 if before is not None else 0, key, theirs[key])


def _get(side: CommentedMap, key: Any) -> Any:
    return side.get(key, _MISSING)


def _same(one: Any, other: Any) -> bool:
    """Equal in value and in type: 1, 1.0 and true are three values."""
    if one is _MISSING or other is _MISSING:
        return one is other
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def _say(value: Any) -> str:
    return repr(value) if value is _MISSING else json.dumps(value, default=str)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def _load(side: str, text: str) -> CommentedMap:
    try:
        loaded = _yaml().load(text)
    except YAMLError as bad:
        raise WorkspaceError(f"{side} is not YAML: {' '.join(str(bad).split())}") from bad
    if loaded is None:
        return CommentedMap()
    if not isinstance(loaded, CommentedMap):
        raise WorkspaceError(f"{side} is not a mapping of keys to values")
    return loaded


def _dump(content: CommentedMap) -> str:
    out = StringIO()
    _yaml().dump(content, out)
    return out.getvalue() if content else ""
