"""A key changes what it changes: nothing that stays the same is made, laid out or dimmed anew."""

import gc

import screen
from recorder import Recorder
from settling import Visitor, _pressed
from standing import Build, Running
from textual.events import Resize
from textual.widgets import Input

from org.dashboard.commands import Command, matching
from org.dashboard.rests import REST_SECONDS, Rests
from org.dashboard.screens.dialogue import Dialogue
from org.dashboard.screens.finder import Finder
from org.dashboard.screens.programs import ProgramTree
from org.dashboard.widgets.agents_table import AgentsTable


async def test_a_tab_that_is_opened_again_is_drawn_from_what_was_kept(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("3", "1")
        table = app.query_one(AgentsTable)
        rows = table._drawn
        await visitor.press("3", "1")
        assert table._drawn is rows and rows
        await visitor.resize(90, 40)
        assert table._drawn is not rows


async def test_a_tree_that_is_told_its_size_again_keeps_its_lines(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("3")
        tree = app.query_one(ProgramTree)
        lines = tree._tree_lines_cached
        tree.post_message(Resize(tree._seen_size, tree.virtual_size))
        await visitor.settled()
        assert lines and tree._tree_lines_cached is lines


async def test_another_focus_does_not_draw_the_whole_screen(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, _):
        app.screen.set_focus(None)
        assert not app.screen._repaint_required


async def test_tabs_are_made_before_they_are_opened(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        app.call_later(app._build)
        await visitor.settled()
        assert all(view.stands for view in app._views.values()) and app.tab == "overview"
        assert "junior-1" in screen.text(app)


async def test_what_lies_under_a_dialogue_is_dimmed_once(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("question_mark")
        assert isinstance(app.screen, Dialogue)
        below = app.screen._below
        assert any("junior-1" in line.text for line in below)
        app.screen.refresh()  # all of it is drawn again
        await visitor.settled()
        assert app.screen._below is below
        await visitor.resize(90, 40)
        assert app.screen._below is not below and {line.cell_length for line in app.screen._below} == {90}


async def test_a_dialogue_that_is_closed_before_it_stands_leaves_a_screen_that_lives(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        for key in ("question_mark", "escape", "w", "escape", "2", "1", "ctrl+p", "escape"):
            app.post_message(_pressed(key))
        await visitor.settled()  # not before something is drawn again
        await _alone(visitor)
        await visitor.press("down")
        assert "Two open" in screen.text(app) or "junior-1" in screen.text(app)


async def test_enter_twice_at_once_is_enter_once(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        for opening, left in (
            (("ctrl+p", *"take", "space", *"junior-2"), 1),
            (("ctrl+p", *"veto", "space", *"e11"), 2),  # its form
            (("ctrl+home", "down", "w", *"hi"), 1),
            (("colon", *"status"), 2),  # what it said
        ):
            await visitor.press(*opening)
            assert isinstance(app.focused, Input)
            for _ in range(2):
                app.focused._forward_event(_pressed("enter"))
            await visitor.settled()
            assert len(app.screen_stack) == left, opening
            await _alone(visitor)
        assert verbs.calls == [("takeover", "junior-2"), ("send", "--", "junior-1", "hi"), ("status",)]


async def test_enter_twice_at_once_opens_one_page_and_one_form(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        for tab, widget in (("2", "#experiment-table"), ("1", "#questions")):
            await visitor.press(tab)
            app.query_one(widget).focus()
            await visitor.settled()
            for _ in range(2):
                app.query_one(widget)._forward_event(_pressed("enter"))
            await visitor.settled()
            assert len(app.screen_stack) == 2, widget
            await visitor.press("escape")


async def _alone(visitor: Visitor) -> None:
    while len(visitor.app.screen_stack) > 1:
        await visitor.press("escape")


def test_verbs_are_found_by_words_in_any_order_the_nearest_first() -> None:
    known = [Command(title, help, list) for title, help in (
        ("Undertake E1", ""), ("Take over junior-2", "hold its mail"), ("Status", "what junior-2 took over"), ("Veto E1", "")
    )]  # fmt: skip
    assert [c.title for c in matching(known, "junior-2 TOOK")] == ["Status"]
    assert [c.title for c in matching(known, "take")] == ["Take over junior-2", "Undertake E1"]
    assert matching(known, "nothing of it") == [] and matching(known, " ") == known


async def test_markup_in_the_palette_is_words(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        app.push_screen(Finder("All", [Command("Answer [/red] [bold", "[nope]", list)]))
        await visitor.settled()
        assert "Answer [/red] [bold" in screen.text(app) and "[nope]" in screen.text(app)


async def test_a_theme_is_chosen_by_its_name(lab: Build, running: Running) -> None:
    async with running(lab()) as (app, visitor):
        await visitor.press("ctrl+p", *"theme", "enter", *"lab-light", "enter")
        assert app.theme == "lab-light" and len(app.screen_stack) == 1


def test_memory_is_tidied_while_the_person_rests() -> None:
    now, tidied, before = [0.0], list[int](), (gc.get_threshold(), gc.isenabled())
    rests = Rests(lambda: now[0], lambda: tidied.append(1))
    try:
        now[0] = 100.0
        rests.look()
        assert not tidied, "another program's memory is its own matter"
        rests.settle()
        rests.touched()
        rests.look()
        now[0] += REST_SECONDS + 1
        rests.look()
        rests.look()
        assert len(tidied) == 1
        for _ in range(400):
            now[0] += 1.0
            rests.touched()
            rests.look()
        assert len(tidied) == 2, "who never rests is not forgotten either"
    finally:
        gc.unfreeze()
        gc.set_threshold(*before[0])
        (gc.enable if before[1] else gc.disable)()
