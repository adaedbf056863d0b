"""Every key, pressed; verbs are recorded."""

import ledgers
import pytest
import screen
from recorder import Recorder
from settling import eventually
from standing import Build, Running
from textual.widgets import Input, OptionList, TabbedContent

from org.dashboard import keys
from org.dashboard.screens.form import Form
from org.dashboard.screens.help import Help
from org.dashboard.screens.page import Page
from org.dashboard.widgets.ledger_table import LedgerTable
from org.model.agent import State
from org.model.errors import Refused
from org.store import agents, ledger


async def test_a_digit_opens_its_tab(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        for number, name in enumerate(keys.TABS, start=1):
            await visitor.press(str(number))
            assert app.query_one(TabbedContent).active == name
            pane = app.query_one(TabbedContent).get_pane(name)
            assert app.focused is not None and pane in app.focused.ancestors


async def test_a_key_calls_its_verb_for_the_selected_agent(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (_, visitor):
        for key, row, call in (
            ("t", 1, ("takeover", "junior-1")), ("h", 3, ("handback", "junior-3")), ("g", 0, ("select_pane", "chief")),
            ("enter", 1, ("select_pane", "junior-1")), ("s", 0, ("standup", "now")),
            ("h", 1, None), ("t", 3, None),  # these make no sense
        ):  # fmt: skip
            before = len(verbs.calls)
            await visitor.press("ctrl+home", *["down"] * row, key)
            await visitor.settled()
            assert verbs.calls[before:] == ([call] if call else [])


async def test_a_key_asks_for_the_words_that_its_verb_needs(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        for key, typed, call in (
            ("p", ("enter",), ("pause", "junior-2")), ("p", (*"lunch", "enter"), ("pause", "--reason", "lunch", "junior-2")),
            ("w", (*"hi", "enter"), ("send", "--", "junior-2", "hi")), 
            ("d", (*"-no", "enter"), ("steer", "--", "junior-2", "-no")),
            ("b", (*"all", "enter"), ("send", "--", "all", "all")), ("n", (*"why", "enter"), ("idea", "--", "why")),
            ("w", ("enter",), None), ("w", (*"hi", "escape"), None),
        ):  # fmt: skip
            before = len(verbs.calls)
            await visitor.press("ctrl+home", "down", "down", key)
            assert isinstance(app.screen, Form)
            await visitor.press(*typed)
            await visitor.settled()
            assert verbs.calls[before:] == ([call] if call else [])


async def test_what_a_verb_says_is_read_on_a_page(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("down", "i")
        await eventually(visitor, lambda: "done: brief junior-1" in screen.text(app))
        await visitor.press("escape", "colon", *"org", "space", *"log", "space", *"E1", "enter")
        await eventually(visitor, lambda: "done: log E1" in screen.text(app))
        await visitor.press("escape", "colon", *"dance", "enter")
        await eventually(visitor, lambda: "there is no verb dance" in screen.text(app))
        assert verbs.calls == [("brief", "junior-1"), ("log", "E1")]


async def test_agents_keys_do_nothing_where_no_agent_is_selected(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("5", "t", "p", "g", "w", "d", "i", "v", "e", "s")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("standup", "now")] and not isinstance(app.screen, Form)


async def test_p_resumes_an_agent_that_is_paused(lab: Build, running: Running) -> None:
    layout, verbs = lab(), Recorder()
    with ledger.open_existing(layout.ledger).transaction() as con:
        agents.set_state(con, "chief", State.PAUSED, ledgers.NOW)
    async with running(layout, verbs) as (app, visitor):
        assert "p Resume" in screen.lines(app)[-1]
        await visitor.press("p")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("resume", "chief")]


async def test_r_answers_the_open_question(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("r")
        await eventually(visitor, lambda: isinstance(app.screen, Form))
        assert "wait until tomorrow" in screen.text(app)
        await visitor.press(*"yes", "space", *"q", "enter")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("reply", "--", "q-1", "yes q")]
        assert not isinstance(app.screen, Form)


async def test_enter_on_a_question_answers_it_too(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        app.query_one("#questions", OptionList).focus()
        await visitor.press("enter")
        await eventually(visitor, lambda: isinstance(app.screen, Form))


@pytest.mark.parametrize("press", [("escape",), ("enter",), ("space", "enter")])
async def test_an_answer_that_was_not_given_is_not_sent(lab: Build, running: Running, press: tuple[str, ...]) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("r")
        await eventually(visitor, lambda: isinstance(app.screen, Form))
        await visitor.press(*press)
        await visitor.press("s")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("standup", "now")]


async def test_r_in_messages_answers_the_selected_message(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("7")
        await eventually(visitor, lambda: app.query_one("#message-table", LedgerTable).row_count)
        await visitor.press("down", "r")
        await eventually(visitor, lambda: isinstance(app.screen, Form))
        await visitor.press(*"why", "enter")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("reply", "--", "m-3", "why")]


async def test_r_in_a_standup_directs_whom_the_answer_names(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("6")
        await eventually(visitor, lambda: app.query_one("#days", OptionList).highlighted == 0)
        await visitor.press("down", "r")
        await eventually(visitor, lambda: isinstance(app.screen, Form))
        assert "AGENT: …" in screen.text(app)
        await visitor.press(*"stop", "enter")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("reply", "--", "standup-2026-03-12", "stop")]


async def test_slash_narrows_the_experiments_and_escape_shows_them_again(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("2", "slash", *"racing", "space", *"junior-2")
        table = app.query_one("#experiment-table", LedgerTable)
        await eventually(visitor, lambda: table.row_count == 1)
        assert "1 of 13 experiments match “racing junior-2”" in screen.text(app)
        await visitor.press("enter")
        assert app.focused is table
        await visitor.press("escape")
        await eventually(visitor, lambda: table.row_count == 13)
        assert not app.query_one("#filter", Input).display


async def test_a_filter_of_brackets_is_just_words(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("2", "slash", "left_square_bracket", "slash", *"b", "right_square_bracket")
        await eventually(visitor, lambda: "match “[/b]”" in screen.text(app))


async def test_enter_opens_the_page_of_an_experiment(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("2", "ctrl+end", "enter")
        await eventually(visitor, lambda: isinstance(app.screen, Page))
        await eventually(visitor, lambda: "The first experiment" in screen.text(app))
        assert "id: E1" not in screen.text(app)
        await visitor.press("d")
        assert "The diff cannot be shown" in screen.text(app), "there is no repository behind this ledger"
        await visitor.press("tab")
        assert "done: explain E1" in screen.text(app)
        await visitor.press("q")
        await eventually(visitor, lambda: not isinstance(app.screen, Page))
        assert app.is_running


async def test_an_experiment_without_a_page_says_what_the_ledger_knows(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("2", "enter")
        await eventually(visitor, lambda: isinstance(app.screen, Page))
        await eventually(visitor, lambda: "The notebook page is written with the verdict." in screen.text(app))


async def test_the_question_mark_explains_every_key_and_sign(lab: Build, running: Running) -> None:
    async with running(lab(), size=(120, 100)) as (app, visitor):
        await visitor.press("question_mark")
        await eventually(visitor, lambda: isinstance(app.screen, Help))
        shown = screen.text(app)
        for binding in keys.all_bindings():
            assert "tab(" in binding.action or "resume" in binding.action or binding.tooltip in shown
        assert "◉ confirmed" in shown and "◆ person" in shown
        await visitor.press("escape")
        await eventually(visitor, lambda: not isinstance(app.screen, Help))


async def test_q_closes_the_dashboard(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("q")
        await eventually(visitor, lambda: not app.is_running)


async def test_left_and_right_choose_the_program_of_the_plot(lab: Build, running: Running) -> None:
    async with running(lab(60, 8)) as (app, visitor):
        await visitor.press("5")
        await eventually(visitor, lambda: "all programs" in screen.text(app))
        for key, name in (("right", "optimizer"), ("right", "attention"), ("left", "optimizer"), ("left", "all programs")):
            await visitor.press(key)
            await eventually(visitor, lambda name=name: f"│ {name} " in screen.row(app, "▸progress"))


async def test_a_refusal_is_a_toast_and_the_app_goes_on(lab: Build, running: Running) -> None:
    async with running(lab(), Recorder(refuse=Refused("junior-1 is [locked] by bob"))) as (app, visitor):
        await visitor.press("down", "t")
        await eventually(visitor, lambda: "junior-1 is [locked] by bob" in screen.text(app))
        assert "Not done" in screen.text(app)


async def test_a_pane_that_this_terminal_cannot_show_is_told_as_a_command(lab: Build, running: Running) -> None:
    async with running(lab(), Recorder(attach=("tmux", "-S", "a b", "attach"))) as (app, visitor):
        await visitor.press("g")
        await eventually(visitor, lambda: "In another one:" in screen.text(app))
        assert "tmux -S 'a" in screen.text(app) and "b' attach" in screen.text(app)  # wrapped by the toast


def test_every_key_has_a_tooltip() -> None:
    assert all(binding.tooltip for binding in keys.all_bindings())
