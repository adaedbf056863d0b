"""What stands on real screens of Claude Code."""

import pytest
from claude_records import SCREENS, screen_of

from org.agents.claude import screen
from org.agents.claude.backend import Claude
from org.agents.observation import Composer
from org.model.agent import Cause

BOXES = {
    "empty": Composer.EMPTY, "stashed": Composer.EMPTY, "queued": Composer.EMPTY, "working": Composer.EMPTY,
    "interrupted": Composer.EMPTY, "compacted": Composer.EMPTY, "retrying": Composer.EMPTY, "limit": Composer.EMPTY,
    "not-logged-in": Composer.EMPTY, "draft": Composer.DRAFT, "draft-restored": Composer.DRAFT,
    "draft-of-rows": Composer.DRAFT, "draft-command": Composer.DRAFT,
}  # fmt: skip
DIALOGS = {
    "trust": Cause.PERSON, "api-key": Cause.PERSON, "bypass": Cause.PERSON, "mcp": Cause.PERSON, "imports": Cause.PERSON,
    "no-onboarding": Cause.PERSON, "menu": Cause.PERSON, "question": Cause.PERSON, "shell": Cause.PERSON,
    "permission": Cause.PERMISSION, "permission-edit": Cause.PERMISSION, "limit-menu": Cause.RATE_LIMIT,
}  # fmt: skip


@pytest.mark.parametrize("name", SCREENS)
def test_every_recorded_screen_is_known(name: str) -> None:
    assert Claude().composer(screen_of(name)) is BOXES.get(name, Composer.DIALOG)
    shown = screen.dialog(screen_of(name))
    assert (shown.cause if shown else None) == DIALOGS.get(name)


def test_all_that_is_expected_was_recorded() -> None:
    assert set(SCREENS) == {*BOXES, *DIALOGS}


@pytest.mark.parametrize("name", sorted(BOXES))
def test_what_an_agent_wrote_above_its_box_opens_no_dialog(name: str) -> None:
    quoted = "● It said: Do you want to proceed? Enter to confirm · Esc to cancel\n ❯ 1. Yes\n" + screen_of(name)
    assert screen.composer(quoted) is BOXES[name]


@pytest.mark.parametrize("name", sorted(DIALOGS))
def test_a_box_that_scrolled_away_does_not_hide_a_dialog(name: str) -> None:
    above = screen_of("empty")
    assert screen.composer(above + "\n" * 3 + screen_of(name)) is Composer.DIALOG


@pytest.mark.parametrize("text", ["", "\n\n", "$ ", "user@host:~$ git status", "Pane is dead (status 1)"])
def test_a_screen_of_something_else_permits_nothing(text: str) -> None:
    assert screen.composer(text) is Composer.UNKNOWN and screen.dialog(text) is None


def test_half_a_box_permits_nothing() -> None:
    text = screen_of("empty").rstrip().splitlines()
    last = max(i for i, line in enumerate(text) if line.startswith("───"))
    assert screen.composer("\n".join(text[:last])) is Composer.UNKNOWN


def test_only_a_failing_provider_is_asked_again() -> None:
    assert [name for name in SCREENS if screen.retries(screen_of(name))] == ["retrying"]


def test_only_the_menu_at_a_limit_may_be_closed() -> None:
    assert {name: key for name in SCREENS if (key := Claude().close(screen_of(name)))} == {"limit-menu": "Escape"}
