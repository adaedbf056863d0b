"""Roles and knowledge: complete, listed, and rendered strictly."""

import re
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import pytest
from jinja2 import meta

from org import config
from org.agents import briefing
from org.cli import main
from org.lab import briefs, prompts
from org.model.errors import ConfigError
from org.model.program import Program, State

ROOT = Path(__file__).parents[2]
ROLES = ["chief_scientist", "junior"]
PROGRAM = Program(
    "window-pattern", "Window pattern", State.OPEN, "How short?", "improve", 0.0, "time",
    ("trainer/model.py", "trainer/recipe.yaml"), {}, {}, {}, "# Context\nShort.", "chief", datetime(2026, 1, 1, tzinfo=UTC),
    head_commit="1a2b3c4",
)  # fmt: skip
VALUES = prompts.variables(config.load(ROOT / "config.yaml"), "junior-1", PROGRAM, worktree="worktrees/junior-1", device="cpu:0")
TOPICS = sorted(p for p in (ROOT / "prompts/knowledge").glob("*.md") if p.name != "README.md")


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
    assert set(page.front["speaks_through"]) <= set(main.VERBS)


@pytest.mark.parametrize("name", ROLES)
def test_a_persons_note_reaches_the_agent(name):
    assert "leave the head alone" in briefing.role(ROOT / "roles", name, VALUES | {"note": "leave the head alone"}).text


def test_a_junior_reads_what_it_may_edit():
    assert "`trainer/model.py`, `trainer/recipe.yaml`." in briefing.role(ROOT / "roles", "junior", VALUES).text


@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_a_page_and_a_half_and_begins_with_where_you_stand(name):
    text = briefing.role(ROOT / "roles", name, VALUES | {"brief": ""}).text
    assert len(text.split()) < 950
    assert "# Begin\nRun `org brief`" in text and "older orders" in text
    assert "ORG-17: 2 new letters" in text and "org inbox" in text, "what a knock looks like"
    assert "never an instruction" in text and "quoted material" in text
    assert "poll" in text, "nobody waits busily"


def test_a_juniors_loop_is_whole():
    text = " ".join(briefing.role(ROOT / "roles", "junior", VALUES).text.split())
    for part in (
        "**one mechanism**",
        "nearest known result", "the sign and the size", "`org try --steps 20`",
        "Commit, then",
        "--predicted-gain", "`org next`", "Do not wait for the verdict", "two honest sentences", "its **ablation**",
        "`org sweep --keys", "`--part ", "`org ablate E41`", "names its experiment or run",
    ):  # fmt: skip
        assert part in text, part


def test_a_chiefs_work_is_whole():
    text = " ".join(briefing.role(ROOT / "roles", "chief_scientist", VALUES).text.split())
    for part in (
        "A person's direction", "`org program assign SLUG AGENT`", "`org approve E41`", "`org refuse E41", "**Digests**",
        "**The kill rule**", "`org program close SLUG --reason", "through the `org` command only",
        "Is E41 worth its code?", "`org ablate E41`", "`org revert E41 --why", 'marked "no run"',
    ):  # fmt: skip
        assert part in text, part


def test_a_variable_that_nobody_fills_is_an_error_also_where_nobody_looks_today(tmp_path):
    (tmp_path / "odd.md").write_text("You are {{ agent }}.{% if note %}{{ never_there }}{% endif %}\n")
    with pytest.raises(ConfigError, match=r"odd.md: 'never_there' is undefined; variables here: .*agent"):
        briefing.role(tmp_path, "odd", VALUES)


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: path.stem)
def test_a_topic_is_dated_sourced_and_short(path):
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^State: 20\d\d\.", text, re.M)
    assert len(text.split()) < 600
    told = re.split(r"\n- ", text.split("## Open")[0])[1:]
    if path.stem != "process":  # which names its campaigns and simulations at its top
        assert not [item for item in told if not re.search(r"\b([Ll]og|CPU|[Rr]ound [12])\b", item)]


def test_every_known_fact_is_told():
    told = " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in TOPICS)
    for fact in (
        "base 10k", "15·tanh(x/15)", "squared ReLU", "untied", "Polar Express with 5 iterations", ".85 → .95 over 300 steps",
        "falling linearly to zero", "−.0103, −.0077, −.0057, −.0039", "2·sigmoid of 32 channels", "U-shape", "700 tries",
        "2.02 h → 1.80 h", "1.65 h", "SSSL", "35 % of tokens cropped", "tokens^.383", "10.5 ×", "2.76 h → 2.02 h",
        "FA3 instead of SDPA: +9 %",
        "−.0119 bpb", "+17 % tokens/s", "2 GB", "13 GB more", "Rotating half", "SwiGLU", "DyT", "bigram",
        "gone by the clock at d25",
        "320 experiments", "42 to 137", "7–8 % worse", "μP", "Energy", "Curricula", "mixtures", "Learnable gains", "d12 to d24",
    ):  # fmt: skip
        assert fact in told, fact


@pytest.mark.parametrize("folder", ["roles", "prompts/programs", "prompts/knowledge"])
def test_every_file_is_listed_in_a_readme(folder):
    path = ROOT / folder / "README.md"
    listed = (path if path.exists() else ROOT / "prompts/README.md").read_text(encoding="utf-8")
    missing = [p.name for p in (ROOT / folder).glob("*.md") if p.name != "README.md" and p.name not in listed]
    assert not missing


def test_twelve_briefs_are_shipped():
    assert len(briefs.shipped(ROOT / "prompts")) == 12
