"""The mouse: tabs, rows, columns, keys. The plots of their tab. What a dialogue does to what lies under it."""

import ledgers
import screen
from recorder import Recorder
from settling import Visitor, eventually
from standing import Build, Dashboard, Running
from textual.events import MouseScrollDown
from textual.widgets import Input

from org.dashboard.screens.form import Form
from org.dashboard.screens.page import Page
from org.dashboard.screens.plot import Plot
from org.dashboard.widgets.key_bar import KeyBar
from org.dashboard.widgets.ledger_table import LedgerTable
from org.model import experiment
from org.store import experiments, ledger


async def click(visitor: Visitor, words: str, times: int = 1) -> None:
    assert isinstance(visitor.app, Dashboard)
    await visitor.pilot.click(offset=screen.place(visitor.app, words), times=times)
    await visitor.settled()


async def test_a_click_opens_a_tab_selects_a_row_sorts_a_column_and_presses_a_key(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(60, 8), verbs, size=(160, 40)) as (app, visitor):
        await click(visitor, "2 Experiments")
        table = app.query_one("#experiment-table", LedgerTable)
        await eventually(visitor, lambda: app.tab == "experiments" and table.row_count == 68)
        assert app.focused is table, "keys act on what was opened"
        await click(visitor, "E66 ")
        assert app.selected.experiment.id == "E66" and not isinstance(app.screen, Page)
        await click(visitor, "Gain")
        await eventually(visitor, lambda: "largest gain first" in screen.text(app))
        await click(visitor, "Exp.", times=2)
        await eventually(visitor, lambda: "oldest first" in screen.text(app))
        before = screen.lines(app)[8]
        await visitor.pilot._post_mouse_events([MouseScrollDown] * 4, table, button=0)
        await visitor.settled()
        assert screen.lines(app)[8] != before
        await click(visitor, "E20 ", times=2)
        await eventually(visitor, lambda: isinstance(app.screen, Page))
        await visitor.press("escape")
        await click(visitor, "s Standup")
        await eventually(visitor, lambda: ("standup", "now") in verbs.calls)


async def test_a_click_answers_a_question_and_goes_to_a_pane(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await click(visitor, "junior-2 ")
        assert app.selected.agent.agent.name == "junior-2" and not verbs.calls
        await click(visitor, "junior-2 ", times=2)
        await eventually(visitor, lambda: verbs.calls == [("select_pane", "junior-2")])
        await click(visitor, "Both programs want the windows")
        await eventually(visitor, lambda: isinstance(app.screen, Form))


async def test_the_pointer_on_a_key_explains_it(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        bar = app.query_one(KeyBar)
        for words, told in (("t Take over", "Hold its mail".lower()), ("? Help", "keys and symbols")):
            await visitor.pilot.hover(offset=screen.place(app, words, last=True))
            await visitor.settled()
            assert told in str(bar.tooltip).lower()


async def test_the_plots_are_chosen_by_keys_and_clicks_and_follow_the_lab(lab: Build, running: Running) -> None:
    layout = lab(60, 8)
    async with running(layout, size=(120, 40)) as (app, visitor):
        await visitor.press("5")
        await eventually(visitor, lambda: "60 experiments" in screen.text(app))
        for key, words in (("down", "95 % intervals"), ("space", "against compute"), ("down", "busy"), ("down", "60 experiments"),
                           ("up", "devices"), ("up", "against compute")):  # fmt: skip
            await visitor.press(key)
            await eventually(visitor, lambda words=words: words in screen.text(app))
        await visitor.press("right")
        await eventually(visitor, lambda: "optimizer: val_bpb" in screen.text(app))
        await click(visitor, "progress")
        await eventually(visitor, lambda: "optimizer: 2" in screen.text(app))
        assert isinstance(app.focused, Plot)
        await visitor.press("left")
        with ledger.open_existing(layout.ledger).transaction() as con:
            experiments.move(con, "E61", experiment.Event.DISCARD, ledgers.NOW, reason="futile")
        await eventually(visitor, lambda: "61 experiments" in screen.text(app) and "× discarded 45" in screen.text(app))


async def test_a_tab_is_made_once(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("8")
        table = app.query_one("#device-table")
        await visitor.press("1", "8")
        app.call_later(app._build)
        await visitor.settled()
        assert list(app.query("#device-table")) == [table]


async def test_what_lies_under_a_dialogue_is_drawn_again_only_when_that_closes(lab: Build, running: Running) -> None:
    layout = lab()
    async with running(layout) as (app, visitor):
        await visitor.press("b")
        app.screen.query_one(Input).cursor_blink = False
        with ledger.open_existing(layout.ledger).transaction() as con:
            experiments.move(con, "E12", experiment.Event.CANCEL, ledgers.NOW, reason="enough")
        await eventually(visitor, lambda: app.lab.events[-1].kind == "experiment.cancelled")
        drawn, draw = list[bool](), app.screen._compositor.render_update
        app.screen._compositor.render_update = lambda *given, **more: (drawn.append(True), draw(*given, **more))[1]
        for _ in range(8):
            await visitor.settled()
        assert not drawn, "not sixty times a second"
        await visitor.press("escape", "9")
        await eventually(visitor, lambda: "experiment.cancelled" in screen.text(app))
