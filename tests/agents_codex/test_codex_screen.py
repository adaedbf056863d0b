"""What Codex's screen shows, on screens of the real program at the size of a pane among nine."""

from pathlib import Path

import pytest

from org.agents.codex import screen
from org.agents.codex.backend import Codex
from org.agents.observation import Composer
from org.model.agent import Cause

SCREENS = Path(__file__).parent / "screens"
EMPTY = {"empty", "empty_narrow", "plan_mode", "interrupted", "usage_limit", "bad_request", "working", "queued"}
RETRYING = {"server_busy": Cause.RATE_LIMIT, "refused_key": Cause.LOGIN, "no_network": Cause.API_ERROR}
DRAFT = {"draft", "draft_wrapped", "draft_of_two_lines", "shell_draft", "commands"}
DIALOGS = {
    "trust": Cause.PERSON, "hook_review": Cause.PERSON, "login": Cause.LOGIN, "approval": Cause.PERMISSION,
    "near_the_limit": Cause.PERSON, "new_conversation": Cause.PERSON, "command_center": Cause.PERSON,
    "warnings": Cause.PERSON, "mention": Cause.PERSON, "skill": Cause.PERSON,
}  # fmt: skip
UNKNOWN = {"transcript", "search", "shortcuts"}  # the placeholder is shown, but keys go elsewhere


def shown(name: str) -> str:
    return (SCREENS / f"{name}.txt").read_text()


def test_every_recorded_screen_is_judged_here():
    judged = EMPTY | set(RETRYING) | DRAFT | set(DIALOGS) | UNKNOWN
    assert judged == {path.stem for path in SCREENS.glob("*.txt")}


@pytest.mark.parametrize("name", sorted(EMPTY | set(RETRYING)))
def test_a_box_that_shows_its_placeholder_and_takes_keys_is_empty(name):
    assert Codex().composer(shown(name)) is Composer.EMPTY


@pytest.mark.parametrize("name", sorted(DRAFT))
def test_words_in_the_box_are_a_draft(name):
    assert Codex().composer(shown(name)) is Composer.DRAFT


@pytest.mark.parametrize(("name", "cause"), DIALOGS.items())
def test_a_dialog_is_told_with_its_cause(name, cause):
    view = screen.read(shown(name))
    assert (view.composer, view.cause) == (Composer.DIALOG, cause) and view.reason


@pytest.mark.parametrize("name", sorted(UNKNOWN))
def test_a_placeholder_under_a_mode_that_takes_the_keys_is_unknown(name):
    assert Codex().composer(shown(name)) is Composer.UNKNOWN


@pytest.mark.parametrize("text", ["", "\n\n", "root@host:~# ", "Traceback (most recent call last):\n  ImportError"])
def test_anything_else_is_unknown(text):
    assert Codex().composer(text) is Composer.UNKNOWN


def test_a_dialog_that_is_only_quoted_in_the_conversation_is_none():
    question = "• Would you like to run the following command?\n› 1. Yes, proceed (y)"
    quoted = shown("empty").replace("• Nothing to do yet.", question)
    assert Codex().composer(quoted) is Composer.EMPTY


def test_a_dialog_without_a_known_name_is_still_a_dialog():
    new = shown("trust").replace("Trust this folder?", "A new question?")
    assert screen.read(new).composer is Composer.DIALOG


def test_a_turn_that_runs_is_busy_and_one_that_ended_is_not():
    assert screen.read(shown("working")).busy and screen.read(shown("queued")).busy
    assert not screen.read(shown("interrupted")).busy


@pytest.mark.parametrize(("name", "cause"), RETRYING.items())
def test_a_request_that_is_tried_again_says_why(name, cause):
    view = screen.read(shown(name))
    assert view.busy and view.cause is cause and view.reason


def test_lines_that_wait_behind_a_turn_are_told():
    (line,) = screen.read(shown("queued")).queued
    assert line.startswith("ORG-2: 1 new letter (chief:")
    assert screen.read(shown("working")).queued == ()


def test_tested_versions_are_known_by_their_beginnings():
    assert screen.tested("0.169.0") and not screen.tested("0.1690.0") and not screen.tested("0.170.0")
