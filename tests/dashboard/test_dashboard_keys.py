"""Every key, pressed; verbs are recorded."""

import ledgers
import pytest
import screen
from recorder import Recorder
from settling import eventually
from standing import Build, Running
from textual.widgets import DataTable, Input, OptionList, TabbedContent

from org.dashboard import keys
from org.dashboard.screens.help import Help
from org.dashboard.screens.page import Page
from org.dashboard.screens.reply import Reply
from org.model.agent import State
from org.model.errors import Refused
from org.store import agents, ledger


@pytest.mark.parametrize(("number", "name"), list(enumerate(keys.TABS, start=1)))
async def test_a_digit_opens_its_tab(lab: Build, running: Running, number: int, name: str) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press(str(number))
        assert app.query_one(TabbedContent).active == name
        pane = app.query_one(TabbedContent).get_pane(name)
        assert app.focused is not None and pane in app.focused.ancestors


@pytest.mark.parametrize(
    ("key", "row", "call"),
    [
        ("t", 1, ("takeover", "junior-1")),
        ("h", 3, ("handback", "junior-3")),
        ("p", 2, ("pause", "junior-2")),
        ("g", 0, ("select_pane", "chief")),
        ("enter", 1, ("select_pane", "junior-1")),
        ("s", 0, ("standup_now",)),
    ],
)
async def test_a_key_calls_its_verb_for_the_selected_agent(
    lab: Build, running: Running, key: str, row: int, call: tuple[str, ...]
) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (_, visitor):
        await visitor.press(*["down"] * row, key)
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [call]


@pytest.mark.parametrize(("key", "row"), [("h", 1), ("t", 3)])
async def test_a_verb_that_makes_no_sense_is_not_called(lab: Build, running: Running, key: str, row: int) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (_, visitor):
        await visitor.press(*["down"] * row, key, "s")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("standup_now",)]


@pytest.mark.parametrize("key", ["t", "p", "g"])
async def test_agents_keys_do_nothing_where_no_agent_is_selected(lab: Build, running: Running, key: str) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (_, visitor):
        await visitor.press("4", key, "s")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("standup_now",)]


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
        await eventually(visitor, lambda: isinstance(app.screen, Reply))
        assert "wait until tomorrow" in screen.text(app)
        await visitor.press(*"yes", "space", *"q", "enter")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("reply", "q-1", "yes q")]
        assert not isinstance(app.screen, Reply)


async def test_enter_on_a_question_answers_it_too(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        app.query_one("#questions", OptionList).focus()
        await visitor.press("enter")
        await eventually(visitor, lambda: isinstance(app.screen, Reply))


@pytest.mark.parametrize("press", [("escape",), ("enter",), ("space", "enter")])
async def test_an_answer_that_was_not_given_is_not_sent(lab: Build, running: Running, press: tuple[str, ...]) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("r")
        await eventually(visitor, lambda: isinstance(app.screen, Reply))
        await visitor.press(*press)
        await visitor.press("s")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("standup_now",)]


async def test_r_in_messages_answers_the_selected_message(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        await visitor.press("6")
        await eventually(visitor, lambda: app.query_one("#message-table", DataTable).row_count)
        await visitor.press("down", "r")
        await eventually(visitor, lambda: isinstance(app.screen, Reply))
        await visitor.press(*"why", "enter")
        await eventually(visitor, lambda: verbs.calls)
        assert verbs.calls == [("reply", "m-3", "why")]


async def test_slash_narrows_the_experiments_and_escape_shows_them_again(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("2", "slash", *"racing", "space", *"junior-2")
        table = app.query_one("#experiment-table", DataTable)
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
        await visitor.press("q")
        await eventually(visitor, lambda: not isinstance(app.screen, Page))
        assert app.is_running


async def test_an_experiment_without_a_page_says_what_the_ledger_knows(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("2", "enter")
        await eventually(visitor, lambda: isinstance(app.screen, Page))
        await eventually(visitor, lambda: "The notebook page is written with the verdict." in screen.text(app))


async def test_the_question_mark_explains_every_key_and_sign(lab: Build, running: Running) -> None:
    async with running(lab(), size=(120, 60)) as (app, visitor):
        await visitor.press("question_mark")
        await eventually(visitor, lambda: isinstance(app.screen, Help))
        shown = screen.text(app)
        for binding in keys.all_bindings():
            assert not binding.show or binding.action == "resume" or binding.tooltip in shown
        assert "◉ confirmed" in shown and "◆ person" in shown
        await visitor.press("escape")
        await eventually(visitor, lambda: not isinstance(app.screen, Help))


async def test_q_closes_the_dashboard(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("q")
        await eventually(visitor, lambda: not app.is_running)


async def test_left_and_right_choose_the_program_of_the_plot(lab: Build, running: Running) -> None:
    async with running(lab(60, 8)) as (app, visitor):
        await visitor.press("4")
        await eventually(visitor, lambda: "All programs" in screen.text(app))
        for key, name in (("right", "optimizer"), ("right", "attention"), ("left", "optimizer"), ("left", "All programs")):
            await visitor.press(key)
            await eventually(visitor, lambda name=name: screen.row(app, name))


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
