"""What a person reads on each tab."""

from dataclasses import replace
from datetime import timedelta

import ledgers
import screen
from settling import eventually
from standing import Build, Running
from textual.widgets import Tree

from org.dashboard import palette
from org.dashboard.widgets.events_table import EventsTable
from org.dashboard.widgets.ledger_table import LedgerTable
from org.model import experiment, program
from org.model.message import Kind
from org.store import atomic, experiments, ledger, mail, programs
from org.store.tables import AGENTS, EXPERIMENTS


async def test_the_overview_shows_questions_agents_devices_and_numbers(lab: Build, running: Running) -> None:
    async with running(lab(60, 8), size=(160, 50)) as (app, visitor):
        await eventually(visitor, lambda: "cuda:7" in screen.text(app))
        shown = screen.text(app)
        assert "1 question to you" in shown and "wait until tomorrow" in shown
        agent = screen.row(app, "junior-2")
        for word in ("● working", "itself", "attention", "E62", "2/10", "21%", "3:40", "cuda:1"):
            assert word in agent
        assert "◆ ada" in screen.row(app, "junior-8")
        assert "in 24 h 60 verdicts" in screen.row(app, "Learned") and "noise σ 0.0022 (df 30)" in screen.row(app, "Believe")
        assert "◆ 1 held: junior-8" in screen.row(app, "Agents ") and "device-hours" in screen.row(app, "Cost")
        assert "baseline" in screen.row(app, "│ cuda:7") and "eval." in screen.row(app, "│ cuda:7")


async def test_a_selected_agent_is_shown_in_full(lab: Build, running: Running) -> None:
    async with running(lab(), size=(80, 24)) as (app, visitor):
        await visitor.press("down")
        await eventually(visitor, lambda: "step 40/400" in screen.text(app))
        assert "The decay schedule looks flat after 400 steps" in screen.text(app)
        await visitor.press("down", "down")
        await eventually(visitor, lambda: "trying something by hand" in screen.text(app))


async def test_a_new_verdict_appears_by_itself(lab: Build, running: Running) -> None:
    layout = lab()
    async with running(layout) as (app, visitor):
        await visitor.press("2")
        await eventually(visitor, lambda: "▶ racing" in screen.row(app, "E12"))
        with ledger.open_existing(layout.ledger).transaction() as con:
            experiments.move(con, "E12", experiment.Event.KEEP, ledgers.NOW, gain=0.0123)
        await eventually(visitor, lambda: "▲ better" in screen.row(app, "E12"))
        assert "+0.0123" in screen.row(app, "E12")


async def test_experiments_are_newest_first(lab: Build, running: Running) -> None:
    layout = lab()
    async with running(layout) as (app, visitor):
        await visitor.press("2", "down")
        table = app.query_one("#experiment-table", LedgerTable)
        await eventually(visitor, lambda: table.row_count == 13)
        with ledger.open_existing(layout.ledger).transaction() as con:
            newest = replace(
                EXPERIMENTS.get(con, "E13"), id="E14", state=experiment.State.RACING, subject="the newest", run_tree="tree-14"
            )
            EXPERIMENTS.insert(con, newest)
            experiments.move(con, "E14", experiment.Event.PARK, ledgers.NOW)
        await eventually(visitor, lambda: table.row_count == 14)
        keys = [row.experiment.id for row in table.rows]
        assert keys == [f"E{n}" for n in range(14, 0, -1)]
        assert table.selected.experiment.id == "E12"


async def test_programs_show_their_question_head_and_merges(lab: Build, running: Running) -> None:
    layout = lab(60, 8)
    async with running(layout) as (app, visitor):
        await visitor.press("3")
        await eventually(visitor, lambda: "optimizer" in screen.text(app))
        shown = screen.text(app)
        assert "● open  optimizer" in shown and "Which optimizer settings survive" in shown
        assert "merged" in shown and "head" in shown and "tries" in shown
        with ledger.open_existing(layout.ledger).transaction() as con:
            programs.move(con, "optimizer", program.Event.PAUSE, ledgers.NOW, "ada", "too greedy")
        await eventually(visitor, lambda: "‖ paused  optimizer" in screen.text(app) and "too greedy" in screen.text(app))
        assert len(app.query_one("#program-tree", Tree).root.children) == 4  # and the ideas


async def test_the_plot_has_a_legend_in_words(lab: Build, running: Running) -> None:
    async with running(lab(60, 8)) as (app, visitor):
        await visitor.press("5")
        await eventually(visitor, lambda: "× discarded 44" in screen.text(app))
        assert "● merged 5" in screen.text(app) and "val_bpb, lower is better" in screen.text(app)


async def test_the_latest_standup_is_shown_and_a_day_can_be_chosen(lab: Build, running: Running) -> None:
    layout = lab()
    async with running(layout) as (app, visitor):
        await visitor.press("6")
        await eventually(visitor, lambda: "A busy day" in screen.text(app))
        await visitor.press("down")
        await eventually(visitor, lambda: "A quiet day" in screen.text(app))
        atomic.write_text(layout.standup("2026-03-12"), "---\nstandup: 7\n---\n\n# Rewritten")
        await eventually(visitor, lambda: "Rewritten" in screen.text(app))
        assert "standup: 7" not in screen.text(app), "front matter is for programs"


async def test_a_standup_page_that_went_away_is_said(lab: Build, running: Running) -> None:
    layout = lab()
    async with running(layout) as (app, visitor):
        layout.standup("2026-03-12").unlink()
        layout.standup("2026-03-13").unlink()
        await visitor.press("6")
        await eventually(visitor, lambda: "No standup yet" in screen.text(app))


async def test_messages_show_their_body(lab: Build, running: Running) -> None:
    layout = lab()
    async with running(layout) as (app, visitor):
        await visitor.press("7", "ctrl+end")
        await eventually(visitor, lambda: "Two open experiments at a time" in screen.text(app))
        assert "about E1" in screen.text(app)
        with ledger.open_existing(layout.ledger).transaction() as con:
            mail.post(con, "chief", "human", Kind.NOTE, "News [of] the day", "It [b]rains[/b].", ledgers.NOW)
        await eventually(visitor, lambda: "News [of] the day" in screen.text(app))
        await visitor.press("home", "ctrl+home")
        await eventually(visitor, lambda: "It [b]rains[/b]." in screen.text(app))


async def test_a_letter_that_is_open_takes_the_colours_of_another_theme(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("7", "ctrl+end")
        app.theme = palette.LIGHT.name
        await visitor.settled()
        app.query_one("#message-table").focus()
        body = app.query_one("#body").region
        ours = screen.looks(app, body)
        assert all(colour.lower() in ours for colour in (palette.of_app(app).dim, palette.of_app(app).live))
        await visitor.press("up", "down")
        assert screen.looks(app, body) == ours, "as it is when it is opened anew"


async def test_the_log_grows_at_its_end(lab: Build, running: Running) -> None:
    layout = lab()
    async with running(layout) as (app, visitor):
        await visitor.press("9")
        log = app.query_one(EventsTable)
        await eventually(visitor, lambda: log.row_count > 50)
        before = log.row_count
        with ledger.open_existing(layout.ledger).transaction() as con:
            experiments.move(con, "E12", experiment.Event.CANCEL, ledgers.NOW, actor="ada", reason="enough")
        await eventually(visitor, lambda: log.row_count == before + 1)
        await eventually(visitor, lambda: "experiment.cancelled" in screen.text(app) and "reason=enough" in screen.text(app))


async def test_many_lines_of_words_stay_on_one_row(lab: Build, running: Running) -> None:
    layout = lab()
    with ledger.open_existing(layout.ledger).transaction() as con:
        AGENTS.update(con, "junior-1", last_words="first\nsecond\tthird")
    async with running(layout, size=(160, 50)) as (app, visitor):
        await eventually(visitor, lambda: "first" in screen.row(app, "junior-1"))
        assert "junior-2" in screen.lines(app)[screen.lines(app).index(screen.row(app, "junior-1")) + 1]


async def test_an_empty_lab_says_what_will_come(lab: Build, running: Running) -> None:
    async with running(lab(0, 1), size=(80, 24)) as (app, visitor):
        for key, words in (
            ("1", "no verdict yet"), ("2", "no experiments yet"), ("3", "no programs yet"), ("4", "nothing is merged yet"),
            ("5", "No verdicts yet"), ("6", "No standup yet"), ("7", "No messages yet"), ("8", "No run was on a device"),
            ("9", "agent.working"),
        ):  # fmt: skip
            await visitor.press(key)
            await eventually(visitor, lambda words=words: words in screen.text(app))


async def test_a_lab_that_does_not_exist_yet_is_one_clear_line(tmp_path, running: Running) -> None:
    layout = ledgers.layout_of(tmp_path)
    async with running(layout) as (app, visitor):
        assert "make a lab with `org start`" in screen.text(app) and "! no ledger" in screen.text(app)
        for key in "123456789":
            await visitor.press(key)
        ledgers.build(tmp_path, 0, 1)
        await eventually(visitor, lambda: "● live" in screen.text(app))


def test_the_clock_of_the_ledgers_is_frozen() -> None:
    assert timedelta(0) == ledgers.NOW.utcoffset()
