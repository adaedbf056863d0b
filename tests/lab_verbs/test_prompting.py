"""What an agent is given: one page that changes only when its sources do; a new role is a file and three lines."""

import json
from pathlib import Path

import pytest
from laboratory import Laboratory, git, make, repository
from played import Played

from org import config
from org.lab import programs, prompts
from org.lab.guiding import prompting
from org.model.errors import ConfigError
from org.store.tables import AGENTS

REVIEWER = """---
name: reviewer
speaks_through: [brief, show, approve, refuse]
variables: [agent, lab, program_slug, reviews]
---
You are {{ agent }}, reviewer of the lab {{ lab }}. Proposals are reviewed by: {{ reviews }}. Program: {{ program_slug }}.
Run `org brief`, then `org show E…`; say what is missing with `org refuse E… --reason …`.
"""
THREE_LINES = """  - role: reviewer
    backend: claude
    count: 1
"""


def test_the_page_is_the_role_with_program_place_and_brief(played: Played, say) -> None:
    page = prompting.role_page(played.lab, "junior-1")
    assert 'Your program is "free" (free).' in page and "Its question: What helps?" in page
    assert "`fit/model.py`, `fit/recipe.yaml`. Nothing else." in page
    assert str(played.lab.layout.worktree("junior-1")) in page and "`val_loss` (lower is better) with 100step a run" in page
    assert page.rstrip().endswith("# The brief of free\n…")
    done = say(played)("prompt", "render", "junior-1")
    assert done.output.rstrip() == page.rstrip()
    told = json.loads(say(played)("prompt", "render", "junior-1", "--json").output)
    assert told["text"] == page and told["role"] == "junior" and told["variables"]["program_slug"] == "free"
    assert told["path"] == str(played.lab.layout.prompt("junior-1"))


def test_it_is_written_when_it_changed_and_only_then(played: Played) -> None:
    path = played.lab.layout.prompt("junior-1")
    assert prompting.write(played.lab, "junior-1") is True
    assert path.read_text() == prompting.role_page(played.lab, "junior-1")
    stamp = path.stat().st_mtime_ns
    made = played.change("junior-1", 0.5, lr=0.3)
    played.until(played.settled(made.id))
    assert prompting.write(played.lab, "junior-1") is False, "a verdict, a merge and new noise are `org brief`'s to tell"
    assert path.stat().st_mtime_ns == stamp
    played.program("other")
    assert prompting.write(played.lab, "junior-1") is True and 'Your program is "other"' in path.read_text()


def test_without_a_program_the_page_says_so(played: Played) -> None:
    programs.close(played.lab, "free", played.now(), "human", "answered")
    page = prompting.role_page(played.lab, "junior-1")
    assert "You have no program yet: human assigns one by letter" in page
    assert "Your program is" not in page and "# The brief of" not in page


def test_a_chiefs_page_says_who_reviews_and_when_it_is_told(chiefly: Played) -> None:
    page = prompting.role_page(chiefly.lab, "chief")
    assert "Proposals are reviewed by: the chief." in page and "a letter after every 5 verdicts" in page
    assert "`org send chief" in prompting.role_page(chiefly.lab, "junior-1")


def test_a_new_role_is_a_file_and_three_lines_of_config(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository", "fit", lambda text: text.replace("devices:", THREE_LINES + "devices:"))
    (root / "roles").mkdir()
    shipped = Path(__file__).parents[2] / "roles"
    (root / "roles/junior.md").write_text((shipped / "junior.md").read_text())
    (root / "roles/reviewer.md").write_text(REVIEWER)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a reviewer")
    assert [n for n, _ in config.agent_names(config.load(root / "config.yaml"))] == ["junior-1", "junior-2", "reviewer-1"]
    from laboratory import open_

    lab = open_(root)
    lab.program()
    assert prompting.check(lab.lab) == []
    row = AGENTS.get(lab.lab.ledger.reader, "reviewer-1")
    assert (row.role, row.backend, row.program) == ("reviewer", "claude", "free")
    page = prompting.role_page(lab.lab, "reviewer-1")
    assert page.startswith("You are reviewer-1, reviewer of the lab test.") and "Program: free." in page
    assert lab.lab.layout.worktree("reviewer-1").is_dir()
    lab.lab.ledger.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("You are {{ agnet }}.", "'agnet' is undefined"),
        ("{% if note %}{{ noise_floor }}{% endif %}", "'noise_floor' is undefined"),
        ("You are {{ agent }", "junior.md:1"),
    ],
)
def test_a_role_that_asks_for_what_is_not_there_is_told_at_start(tmp_path: Path, text: str, told: str) -> None:
    made: Laboratory = make(tmp_path)
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles/junior.md").write_text(text)
    from dataclasses import replace

    lab = replace(made.lab, roles=tmp_path / "roles")
    [finding] = prompting.check(lab)
    assert told in finding and "junior.md" in finding
    with pytest.raises(ConfigError):
        prompting.role_page(lab, "junior-1")
    made.lab.ledger.close()


def test_every_variable_is_told_in_the_readme_of_roles() -> None:
    readme = (Path(__file__).parents[2] / "roles/README.md").read_text()
    cfg = config.load(Path(__file__).parents[2] / "config.yaml")
    assert not [name for name in prompts.variables(cfg, "x") if f"`{name}`" not in readme]
