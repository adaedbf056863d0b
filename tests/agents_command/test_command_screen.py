"""The shipped descriptions on screens of the real programs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from seats import seat_in

from org.agents.command import program, screen
from org.agents.command.program import SHIPPED, Screen
from org.agents.command.watcher import ScreenWatcher
from org.agents.observation import Composer
from org.model.agent import Cause, State

SCREENS = Path(__file__).parent / "screens"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
OPENCODE = {
    "start": (Composer.EMPTY, False, Cause.NONE), "after": (Composer.EMPTY, False, Cause.NONE),
    "interrupted": (Composer.EMPTY, False, Cause.NONE), "draft": (Composer.DRAFT, False, Cause.NONE),
    "slash": (Composer.DRAFT, False, Cause.NONE), "shell": (Composer.UNKNOWN, False, Cause.NONE),
    "busy": (Composer.EMPTY, True, Cause.NONE), "queued": (Composer.EMPTY, True, Cause.NONE),
    "rejected": (Composer.EMPTY, True, Cause.NONE), "limited": (Composer.EMPTY, True, Cause.RATE_LIMIT),
    "permission": (Composer.DIALOG, False, Cause.PERMISSION), "commands": (Composer.DIALOG, False, Cause.PERSON),
}  # fmt: skip


def shown(name: str) -> str:
    return (SCREENS / f"opencode_{name}.txt").read_text()


def opencode() -> Screen:
    return program.read(SHIPPED / "opencode.yaml").screen


def test_every_recorded_screen_is_judged_here():
    assert {path.stem.removeprefix("opencode_") for path in SCREENS.glob("*.txt")} == set(OPENCODE)


@pytest.mark.parametrize(("name", "told"), OPENCODE.items())
def test_a_screen_of_opencode_is_read(name, told):
    view = screen.read(opencode(), shown(name))
    assert (view.composer, view.busy, view.cause) == told


def test_the_words_in_opencodes_framed_box_are_the_draft():
    assert screen.read(opencode(), shown("draft")).draft == "half a draft"


def test_a_line_that_waits_in_opencode_is_queued_and_no_prompt_yet(tmp_path):
    wanted = program.read(SHIPPED / "opencode.yaml")
    watcher = ScreenWatcher(seat_in(tmp_path, backend="command", program_file="opencode"), wanted)
    first = watcher.look(lambda: shown("queued"), NOW)
    assert [text for text in first.queued if "ORG-2" in text] and not [p for p in first.prompts if "ORG-2" in p.text]
    then = watcher.look(lambda: shown("after"), NOW + timedelta(seconds=1))
    assert [p.text for p in then.prompts if "ORG-2" in p.text]


def test_a_screen_that_stays_unknown_is_told_after_a_while(tmp_path):
    wanted = program.read(SHIPPED / "opencode.yaml")
    watcher = ScreenWatcher(seat_in(tmp_path, backend="command", program_file="opencode"), wanted)
    assert watcher.look(lambda: "a shell $", NOW).state is None
    seen = watcher.look(lambda: "a shell $", NOW + timedelta(minutes=1))
    assert (seen.state, seen.cause) == (State.WAITING, Cause.UNKNOWN)


def test_the_end_of_a_box_without_its_frame_is_no_box():
    assert screen.read(opencode(), "╹▀▀▀\n  ctrl+p commands").composer is Composer.UNKNOWN
