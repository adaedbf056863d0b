"""What can go wrong with the ledger, the terminal and the words of agents, at the start and while the dashboard is open: a
clear line, never a traceback."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import ledgers
import pytest
import screen
from rich.cells import cell_len
from settling import eventually
from standing import Build, Running
from textual.geometry import Size

from org.dashboard import keys
from org.dashboard.follower import Follower
from org.dashboard.screens.form import Form
from org.dashboard.screens.page import Page
from org.dashboard.state import LabState, Wanted
from org.store import atomic
from org.store.layout import Layout

PAGE = 4096  # bytes, of SQLite


def _cut(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share) // PAGE * PAGE)


def _overwritten(path: Path, first: int, pages: int) -> None:
    with path.open("r+b") as file:
        file.seek(first * PAGE)
        file.write(b"\x5a" * PAGE * pages)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut in half": lambda path: _cut(path, 0.5),
    "cut to nothing": lambda path: _cut(path, 0.0),
    "its head overwritten": lambda path: _overwritten(path, 0, 1),
    "its second page overwritten": lambda path: _overwritten(path, 1, 1),
    "its middle overwritten": lambda path: _overwritten(path, path.stat().st_size // PAGE // 2, 8),
}
CUT = ("cut in half", "cut to nothing")  # what SQLite has in memory of the others it may show on


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("when", ["at the start", "while it is open"])
def test_a_damaged_ledger_is_said_and_the_last_frame_stays(lab: Build, damage: str, when: str) -> None:
    layout = settled(lab(60, 8))
    looking = Follower(layout.ledger, layout, ledgers.CONFIG, lambda: ledgers.NOW)
    before = looking.look() if when == "while it is open" else LabState()
    DAMAGES[damage](layout.ledger)
    frames = [looking.look(wanted=Wanted(tab)) for tab in keys.TABS]
    for frame in frames:
        said = " | ".join(note.text for note in frame.notes)
        assert frame.connected != ("is damaged" in said or "is empty" in said), said
        assert len(frame.agents) == len(before.agents) or frame.connected
    if when == "at the start" or damage in CUT:
        assert not any(frame.connected for frame in frames)


def test_a_ledger_that_a_newer_org_brings_up_meanwhile_is_said(lab: Build) -> None:
    layout = lab()
    looking = Follower(layout.ledger, layout, ledgers.CONFIG, lambda: ledgers.NOW)
    assert looking.look().connected
    book = sqlite3.connect(layout.ledger, isolation_level=None)
    schema = book.execute("PRAGMA user_version").fetchone()[0]
    book.execute("PRAGMA user_version = 99")
    frame = looking.look()
    assert not frame.connected and "newer org" in frame.notes[0].text and len(frame.agents) == 4
    book.execute(f"PRAGMA user_version = {schema}")
    assert looking.look().connected


async def test_a_ledger_that_breaks_while_it_is_looked_at_is_a_line_on_every_tab(lab: Build, running: Running) -> None:
    layout = settled(lab())
    whole = layout.ledger.read_bytes()
    async with running(layout) as (app, visitor):
        for damage, words in ((DAMAGES["cut in half"], "is damaged"), (DAMAGES["cut to nothing"], "is empty")):
            damage(layout.ledger)
            await eventually(visitor, lambda words=words: words in screen.text(app))
            for number, tab in enumerate(keys.TABS, start=1):
                await visitor.press(str(number))
                assert app.tab == tab and words in screen.text(app) and "! no ledger" in screen.text(app)
            for path in layout.comms.glob("ledger.db-*"):
                path.unlink()
            layout.ledger.unlink()
            layout.ledger.write_bytes(whole)
            await visitor.press("1")
            await eventually(visitor, lambda: "● live" in screen.text(app))


async def test_a_terminal_that_is_dragged_about_keeps_every_screen(lab: Build, running: Running) -> None:
    async with running(lab(), size=(120, 40)) as (app, visitor):
        for pressed in ("1", "2", "5", "6", "7", "question_mark", "colon", "ctrl+p"):
            await visitor.press(pressed)
            for size in ((20, 5), (320, 100), (80, 24)):
                await visitor.pilot.resize_terminal(*size)
            await visitor.settled()
            assert app.size == Size(80, 24) and not app._exception
            shown = screen.rows(app)
            assert len(shown) == 24 and "org main" in shown[0]
            assert all(cell_len(row) <= 80 for row in shown)
            if len(app.screen_stack) > 1:
                await visitor.press("escape")
        assert "q Quit" in screen.lines(app)[-1]


MARKUP = "[red] [/nope] [link=x] [@click=app.quit]here[/] \\[ ["
COMMANDS = "\x1b[31mred\x1b[0m \x07 \x9b2J \x1b]0;title\x07 \r gone \x08\x08"
WIDE = f"{'重み減衰 ' * 30} 🧪🧪 e\u0301 \u202eright to left\u202c \u200b"
HARD = {
    "markup, a terminal's commands, wide": f"{MARKUP} {COMMANDS} {WIDE}",
    "long": "x" * 5000,
    "many lines": "first\n\n\n# second\n| a |\n\tthird\u2028fourth" + "\n" * 200,
}


@pytest.mark.parametrize("words", HARD)
async def test_whatever_agents_write_is_words_in_its_place(lab: Build, running: Running, words: str) -> None:
    layout = written(lab(), HARD[words])
    async with running(layout, size=(100, 30)) as (app, visitor):

        async def look(what: str) -> None:
            rows = screen.rows(app)
            assert len(rows) == 30 and all(cell_len(row) <= 100 for row in rows), what
            unfit = {char for row in rows for char in row if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0}
            assert not unfit, (what, unfit)

        for number, tab in enumerate(keys.TABS, start=1):
            await visitor.press(str(number))
            await look(tab)
        assert "q Quit" in screen.lines(app)[-1] and app.tab == "log"
        await visitor.press("1", "r")
        assert isinstance(app.screen, Form)
        await look("a question")
        await visitor.press("escape", "2", "end", "enter")
        assert isinstance(app.screen, Page)
        await look("a page")
        await visitor.press("escape", "1", "end", "p")
        await look("a form with a name in it")
        await visitor.press("escape", "ctrl+p")
        await look("the palette")
        await visitor.press("escape")
        assert app.is_running


def settled(layout: Layout) -> Layout:
    """With all of it in the one file."""
    book = sqlite3.connect(layout.ledger)
    book.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    book.close()
    return layout


def written(layout: Layout, words: str) -> Layout:
    """A lab in which everything that is anybody's words is these."""
    book = sqlite3.connect(layout.ledger, isolation_level=None)
    for table, columns in {
        "agents": ("last_words", "reason", "control_note", "controlled_by"), "messages": ("subject", "body"),
        "experiments": ("subject", "because", "predict", "reason", "label"), "programs": ("title", "question", "reason"),
        "questions": ("text", "default_answer"),
    }.items():  # fmt: skip
        for column in columns:
            book.execute(f"UPDATE {table} SET {column} = ?", (words,))
    book.execute("UPDATE agents SET name = ? WHERE name = 'junior-2'", (f"junior-2 {words}"[:300],))
    book.execute("INSERT OR REPLACE INTO meta VALUES ('paused', ?)", (words,))
    book.execute("INSERT INTO ideas (text, author, created_at, state) VALUES (?, ?, ?, 'open')",
                 (words, words, ledgers.NOW.isoformat()))  # fmt: skip
    book.close()
    for path in (layout.page("E1"), layout.standup("2026-03-13")):
        atomic.write_text(path, f"# {words}\n\n{words}\n\n## {words}\n\n- {words}\n")
    return layout
