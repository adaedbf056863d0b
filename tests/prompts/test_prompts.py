"""Roles and knowledge: complete, listed, and rendered strictly."""

import re
from pathlib import Path

import jinja2
import pytest
from jinja2 import meta

from org.agents import briefing
from org.lab import briefs
from org.model.errors import ConfigError

ROOT = Path(__file__).parents[2]
ROLES = ["chief_scientist", "junior"]
VALUES = {
    "agent": "junior-1", "lab": "main", "program_title": "Window pattern", "program_slug": "window-pattern",
    "brief": "# Context\nShort.", "question": "How short?", "worktree": "worktrees/junior-1",
    "branch": "org/main/junior/junior-1/a", "device": "cpu:0", "editable": ["trainer/model.py", "trainer/recipe.yaml"],
    "metric": "val_bpb", "run_budget": "2e15flop", "head": "1a2b3c4", "noise": "0.0006", "note": "",
}  # fmt: skip


@pytest.mark.parametrize("name", ROLES)
def test_a_role_renders_with_the_variables_it_names(name):
    page = briefing.role(ROOT / "roles", name, VALUES)
    assert page.front["name"] == name and page.front["speaks_through"]
    assert "{{" not in page.text and "{%" not in page.text
    assert "# Boundaries" in page.text


@pytest.mark.parametrize("name", ROLES)
def test_a_role_names_exactly_the_variables_it_uses(name):
    page = briefing.role(ROOT / "roles", name, VALUES)
    body = (ROOT / f"roles/{name}.md").read_text(encoding="utf-8").split("\n---\n", 1)[1]
    assert set(page.front["variables"]) == meta.find_undeclared_variables(jinja2.Environment().parse(body))
    assert set(page.front["variables"]) <= set(VALUES)


@pytest.mark.parametrize("name", ROLES)
def test_a_role_without_one_of_its_variables_is_an_error(name):
    for missing in ("agent", "metric", "note"):
        with pytest.raises(ConfigError, match=missing):
            briefing.role(ROOT / "roles", name, {k: v for k, v in VALUES.items() if k != missing})


@pytest.mark.parametrize("name", ROLES)
def test_a_role_speaks_through_verbs_that_exist(name):
    page = briefing.role(ROOT / "roles", name, VALUES)
    spoken = set(re.findall(r"`org ([a-z]+)", page.text))
    assert spoken <= set(page.front["speaks_through"])
    known = {path.stem.rstrip("_") for path in (ROOT / "org/cli").glob("*.py")}
    assert set(page.front["speaks_through"]) <= known


@pytest.mark.parametrize("name", ROLES)
def test_a_persons_note_reaches_the_agent(name):
    assert "leave the head alone" in briefing.role(ROOT / "roles", name, VALUES | {"note": "leave the head alone"}).text


def test_a_junior_reads_what_it_may_edit():
    assert "`trainer/model.py`, `trainer/recipe.yaml`." in briefing.role(ROOT / "roles", "junior", VALUES).text


@pytest.mark.parametrize("folder", ["roles", "prompts/programs", "prompts/knowledge"])
def test_every_file_is_listed_in_a_readme(folder):
    path = ROOT / folder / "README.md"
    listed = (path if path.exists() else ROOT / "prompts/README.md").read_text(encoding="utf-8")
    missing = [p.name for p in (ROOT / folder).glob("*.md") if p.name != "README.md" and p.name not in listed]
    assert not missing


def test_ten_briefs_are_shipped():
    assert len(briefs.shipped(ROOT / "prompts")) == 10
