"""What a terminal gets to see: plain lines, at most one live line, and nothing that steers it."""

import io
import re
from datetime import UTC, datetime

import pytest

from org.agents.offline.pane import ERASE, Mark, Pane, bar
from org.agents.offline.typed import Editor

NOON = datetime(2026, 3, 2, 12, 0, 5, tzinfo=UTC)


class Screen(io.StringIO):
    """A terminal that keeps what was written."""

    def isatty(self) -> bool:
        return True


def pane(out: io.StringIO, width: int = 60) -> Pane:
    return Pane(out, lambda: NOON, width)


@pytest.fixture
def screen(monkeypatch) -> Screen:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    return Screen()


def rows(text: str) -> list[str]:
    """The rows of a terminal that knows line feed, carriage return and erase line."""
    lines = [""]
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for part in text.replace("\r\n", "\n").split("\n"):
        lines[-1] = part.rpartition(ERASE)[2] if ERASE in part else lines[-1] + part
        lines.append("")
    return lines[:-1]


def test_without_a_terminal_there_is_no_live_line():
    out = io.StringIO()
    one = pane(out)
    one.live("step 1/2")
    one.say(Mark.NEXT, "E1 proposed")
    assert out.getvalue() == "12:00:05 → E1 proposed\n"


def test_lines_scroll_above_the_one_live_line(screen):
    one = pane(screen)
    one.live("step 1/2")
    one.live("step 2/2")
    one.say(Mark.GOOD, "E1 was merged")
    assert rows(screen.getvalue()) == ["12:00:05 ✓ E1 was merged", "step 2/2"]


def test_typed_keys_stand_behind_the_live_line_and_survive_output(screen):
    one = pane(screen)
    one.live("step 1/2")
    one.typing("stat")
    one.say(Mark.RUN, "R1 ended")
    assert rows(screen.getvalue())[-1].endswith("  › stat")


def test_a_live_line_never_wraps(screen):
    one = pane(screen, 20)
    one.live("x" * 50)
    one.typing("y" * 50)
    assert all(len(row) < 20 for row in rows(screen.getvalue()))


def test_a_long_paragraph_is_indented_behind_its_mark():
    out = io.StringIO()
    pane(out, 40).say(Mark.THINK, "softcap 15 → 20\nbecause the cap may be too tight at this budget")
    first, *rest = out.getvalue().splitlines()
    assert first == "12:00:05 ◆ softcap 15 → 20"
    assert rest == [" " * 11 + "because the cap may be too", " " * 11 + "tight at this budget"]


def test_words_of_others_never_steer_the_terminal():
    out = io.StringIO()
    one = pane(out)
    one.say(Mark.MAIL, "hello \x1b[2J\x07 [bold]x[/bold]")
    assert "\x1b" not in out.getvalue() and "\x07" not in out.getvalue()
    assert "[bold]x[/bold]" in out.getvalue()


def test_a_header_leaves_out_what_is_not_known():
    out = io.StringIO()
    pane(out).header("junior-1 · junior", [("device", ""), ("note", "root weakened")])
    assert "device" not in out.getvalue() and "root weakened" in out.getvalue()


@pytest.mark.parametrize(("done", "total", "text"), [(0, 0, "────"), (1, 4, "━───"), (4, 4, "━━━━"), (9, 4, "━━━━")])
def test_a_bar_is_filled_in_proportion(done, total, text):
    assert bar(done, total, 4) == text


@pytest.mark.parametrize(
    ("keys", "lines", "left"),
    [
        ("help\r", ["help"], ""),
        ("a\nb\n", ["a", "b"], ""),
        ("hal\x7f\x7felp", [], "help"),
        ("say one two\x17three", [], "say onethree"),
        ("forget\x15why\r", ["why"], ""),
        ("a\x1b[Ab\x1b[3~c\x1bOPd\x1bxe", [], "abcde"),
        ("ü→\r", ["ü→"], ""),
        ("a\x00\x01b", [], "ab"),
    ],
)
def test_keys_become_lines(keys, lines, left):
    seen: list[str] = []
    editor = Editor(seen.append)
    assert editor.feed(keys) == lines
    assert seen[-1] == left
