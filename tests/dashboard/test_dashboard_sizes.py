"""Every tab in every terminal, in both themes, while it is resized and while things break."""

import shutil
import sqlite3

import screen
from settling import Visitor, eventually
from standing import Build, Running, app_of
from textual.geometry import Size

from org.dashboard.screens.experiments import Experiments
from org.dashboard.widgets.ledger_table import LedgerTable
from org.dashboard.widgets.note_bar import NoteBar


async def test_a_small_terminal_still_shows_state_and_progress(lab: Build, running: Running) -> None:
    async with running(lab(), size=(80, 24)) as (app, visitor):
        await eventually(visitor, lambda: "10%" in screen.text(app))
        for word in ("● working", "E11", "1/10", "10%", "4:11", "cuda:0"):
            assert word in screen.row(app, "junior-1")
        hints = ("t Take over", "h Hand back", "p Pause", "g Pane", "r Reply", "s Standup", "? Help", "q Quit")
        await eventually(visitor, lambda: all(hint in screen.lines(app)[-1] for hint in hints))


async def test_a_terminal_that_resizes_keeps_its_table_and_cursor(lab: Build, running: Running) -> None:
    async with running(lab(60, 8)) as (app, visitor):
        await visitor.press("2", "down", "down")
        table = app.query_one("#experiment-table", LedgerTable)
        for width, height in ((20, 6), (81, 25), (320, 100), (1, 1), (110, 30)):
            await visitor.resize(width, height)
        assert app.size == Size(110, 30)
        assert table.row_count == 68
        assert table.selected.experiment.id == "E66"


async def test_a_thousand_experiments_are_filtered_and_scrolled(lab: Build, running: Running) -> None:
    async with running(lab(1000, 8), size=(160, 50)) as (app, visitor):
        await visitor.press("2")
        table = app.query_one("#experiment-table", LedgerTable)
        await eventually(visitor, lambda: table.row_count == 200)
        await visitor.press("ctrl+end", "down")
        await eventually(visitor, lambda: "201 to 400 of 1008 experiments" in screen.text(app))
        assert app.query_one(Experiments).selected_experiment.id == "E808"
        await visitor.press("up")
        await eventually(visitor, lambda: "1 to 200 of 1008" in screen.text(app))
        assert app.query_one(Experiments).selected_experiment.id == "E809"
        await visitor.press("o")
        await eventually(visitor, lambda: screen.row(app, "E1 "))
        await visitor.press("slash", *"certified")
        await eventually(visitor, lambda: 0 < table.row_count < 100)


async def test_a_folder_that_disappears_is_a_line_and_comes_back(lab: Build, running: Running) -> None:
    layout = lab()
    async with running(layout) as (app, visitor):
        shutil.move(layout.comms, layout.root / "elsewhere")
        await eventually(visitor, lambda: "is gone or not made yet" in screen.text(app))
        assert "! no ledger" in screen.text(app) and "junior-1" in screen.text(app)
        for key in "123456789":
            await visitor.press(key)
        shutil.move(layout.root / "elsewhere", layout.comms)
        await eventually(visitor, lambda: "● live" in screen.text(app))


async def test_a_ledger_that_another_program_locks_is_a_line(lab: Build) -> None:
    layout = lab()
    holder = sqlite3.connect(layout.ledger, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    dashboard = app_of(layout)
    async with dashboard.run_test(size=(120, 40)) as pilot:
        while "The ledger has not answered for" not in screen.text(dashboard):  # it cannot settle before the lock is gone
            await pilot.pause(0.05)
        await pilot.press(*"123456789")
        holder.execute("COMMIT")
        holder.close()
        await eventually(Visitor(pilot), lambda: "● live" in screen.text(dashboard))
        assert dashboard.query_one(NoteBar).display
