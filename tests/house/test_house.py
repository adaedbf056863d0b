"""The house itself: layers, doors, typed rooms, documents that name verbs that exist."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from org.agents import registry
from org.cli import main
from org.config import BACKENDS

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "roles").glob("*.md")),
    *sorted((ROOT / "prompts").rglob("*.md")),
]


def test_imports_point_strictly_down_and_every_library_has_one_door() -> None:
    done = subprocess.run([BIN / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_new_room_fails_until_somebody_decides_its_layer() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    assert contract["exhaustive"] is True
    rooms = {p.stem for p in (ROOT / "org").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert rooms - {"__init__", "__main__"} == set(contract["layers"])


def test_org_is_strictly_typed() -> None:
    done = subprocess.run([BIN / "mypy", "--no-error-summary"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_documents_name_verbs_that_exist(path: Path) -> None:
    for words in re.findall(r"`(?:\.venv/bin/)?org ((?:[a-z]+ ?)+)", path.read_text(encoding="utf-8")):
        verb, *more = words.split()
        assert verb in main.VERBS, f"{path.name}: org {words}"
        command = main.org.get_command(click.Context(main.org), verb)
        if isinstance(command, click.Group) and more:
            assert more[0] in command.commands, f"{path.name}: org {words}"


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"))) - {"and"}:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_config_knows_the_backends_that_exist() -> None:
    assert set(BACKENDS) == set(registry.BACKENDS)


def test_every_room_lists_its_files() -> None:
    for init in [*(ROOT / "org").glob("*/__init__.py"), *(ROOT / "org" / "lab").glob("**/__init__.py")]:
        told = init.read_text(encoding="utf-8")
        for file in init.parent.glob("*.py"):
            if file.stem not in ("__init__", "__main__") and init.parent.name not in ("cli",):
                assert file.stem in told, f"{init.parent.name}/__init__.py does not tell of {file.name}"


def test_the_readme_shows_pictures_that_exist_and_are_small() -> None:
    for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert (ROOT / name).stat().st_size < 300_000, name
