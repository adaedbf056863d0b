"""No file imports, not even for a type, what imports it back: a room can be understood before the rooms above it."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str) -> Iterator[str]:
    """Every dotted name that a source imports, wherever in it; `from a import b` as a.b and, for what a itself defines, a."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def arrows(files: dict[str, str]) -> dict[str, set[str]]:
    """Module → modules of the same house that it imports. files: module → source."""
    found: dict[str, set[str]] = {}
    for module, source in files.items():
        to = {name if name in files else name.rpartition(".")[0] for name in imported(source)}
        found[module] = {name for name in to if name in files and name != module}
    return found


def circle(files: dict[str, str]) -> list[str]:
    """One circle of imports; empty when there is none."""
    try:
        TopologicalSorter(arrows(files)).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


@pytest.mark.parametrize("house", ["org", "trainer", "benchmarks", "simulate", "runs"])
def test_no_files_import_each_other_in_a_circle(house: str) -> None:
    files = {module_of(path): path.read_text(encoding="utf-8") for path in (ROOT / house).rglob("*.py")}
    assert files and circle(files) == []


def test_a_circle_for_a_type_is_a_circle() -> None:
    files = {
        "a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from b import B\n",
        "b": "import c\n",
        "c": "import a",
    }
    assert set(circle(files)) == {"a", "b", "c"}
    assert circle({**files, "c": "import os"}) == []
