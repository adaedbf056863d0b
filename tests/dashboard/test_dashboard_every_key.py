"""Every key of every screen, pressed, with what it does. The keys are taken from the classes of the dashboard themselves: one
that is new is missing here until somebody says what it does."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import screen
from recorder import Recorder
from settling import Visitor, eventually
from standing import Build, Dashboard, Running
from textual.binding import Binding
from textual.containers import ScrollableContainer
from textual.widgets import ContentSwitcher, Input, Tree

import org.dashboard
from org.dashboard import keys, listing
from org.dashboard.actions import ACTIONS, NAMED
from org.dashboard.screens import help
from org.dashboard.screens.finder import Finder
from org.dashboard.screens.form import Form
from org.dashboard.screens.help import Help
from org.dashboard.screens.messages import Messages
from org.dashboard.screens.page import Page
from org.dashboard.screens.plot import Plot
from org.dashboard.screens.said import Said
from org.dashboard.screens.standup import Standup
from org.dashboard.state import Plot as Kind
from org.dashboard.state import Sort
from org.dashboard.widgets.ledger_table import LedgerTable
from org.store import ledger
from org.store.layout import Layout
from org.store.tables import EXPERIMENTS

AGENTS, EXPERIMENT, PROGRAM = ("chief", "junior-1", "junior-2", "junior-3"), "experiments", "programs"


class Key(NamedTuple):
    """Whose it is, what is pressed, and the action behind it."""

    owner: str
    key: str
    action: str


class Verb(NamedTuple):
    """The key of a verb on something in a tab: what is typed into its form, and the words that are spoken."""

    action: str
    tab: str
    target: str
    typed: str
    spoken: tuple[str, ...]


VERBS = (
    Verb("takeover", "overview", "junior-1", "", ("takeover", "junior-1")),
    Verb("handback", "overview", "junior-3", "", ("handback", "junior-3")),
    Verb("pause_agent", "overview", "junior-1", "z", ("pause", "--reason", "z", "junior-1")),
    Verb("resume_agent", "overview", "chief", "", ("resume", "chief")),
    Verb("send", "overview", "junior-1", "z", ("send", "--", "junior-1", "z")),
    Verb("steer_agent", "overview", "junior-1", "z", ("steer", "--", "junior-1", "z")),
    Verb("brief", "overview", "junior-2", "", ("brief", "junior-2")),
    Verb("explain", EXPERIMENT, "E2", "", ("explain", "E2")),
    Verb("tail", EXPERIMENT, "E2", "", ("tail", "-n", "200", "E2")),
    Verb("certify", EXPERIMENT, "E1", "", ("certify", "E1")),
    Verb("continue", EXPERIMENT, "E2", "3", ("continue", "--runs", "3", "E2")),
    Verb("approve", EXPERIMENT, "E3", "z", ("approve", "--reason", "z", "E3")),
    Verb("refuse", EXPERIMENT, "E3", "z", ("refuse", "--reason", "z", "E3")),
    Verb("cancel", EXPERIMENT, "E13", "z", ("cancel", "--reason", "z", "E13")),
    Verb("veto", EXPERIMENT, "E13", "z", ("veto", "--reason", "z", "E13")),
    Verb("adopt", EXPERIMENT, "E1", "", ("adopt", "E1")),
    Verb("pause_program", PROGRAM, "optimizer", "z", ("pause", "--reason", "z", "optimizer")),
    Verb("resume_program", PROGRAM, "attention", "", ("resume", "attention")),
    Verb("open_program", PROGRAM, "data-order", "", ("program", "open", "data-order")),
    Verb("assign", PROGRAM, "optimizer", "z", ("program", "assign", "--", "optimizer", "z")),
    Verb("headline", PROGRAM, "optimizer", "", ("program", "headline", "optimizer")),
    Verb("close_program", PROGRAM, "optimizer", "z", ("program", "close", "--reason", "z", "optimizer")),
    Verb("steer_program", PROGRAM, "optimizer", "z", ("steer", "--", "optimizer", "z")),
    Verb("brief_program", PROGRAM, "data-order", "", ("program", "show", "data-order")),
    Verb("standup", "log", "", "", ("standup", "now")),
    Verb("broadcast", "log", "", "z", ("send", "--", "all", "z")),
    Verb("idea", "log", "", "z", ("idea", "--", "z")),
    Verb("findings", "log", "", "", ("findings",)),
)
NEITHER = {  # where the verb makes no sense
    "takeover": "junior-3", "handback": "junior-1", "certify": "E2", "continue": "E1", "approve": "E13", "refuse": "E13",
    "cancel": "E1", "veto": "E1", "adopt": "E2", "open_program": "optimizer", "assign": "data-order", "headline": "data-order",
}  # fmt: skip


def _table(app: Dashboard) -> LedgerTable:
    return app.query_one("#experiment-table", LedgerTable)


def _part(name: str) -> Callable[[Dashboard], bool]:
    return lambda app: isinstance(app.screen, Page) and app.screen.query_one(ContentSwitcher).current == name


def _at(row: int) -> Callable[[Dashboard], bool]:
    return lambda app: _table(app).cursor_row == row


def _top(kind: type) -> Callable[[Dashboard], bool]:
    return lambda app: isinstance(app.screen, kind)


def _ground(app: Dashboard) -> bool:
    return len(app.screen_stack) == 1


def _plot(kind: Kind, program: str | None = None) -> Callable[[Dashboard], bool]:
    return lambda app: (app.selected.view(Plot).asked_for.plot, app.selected.view(Plot).asked_for.program) == (kind, program)


def _query(sort: Sort, offset: int) -> Callable[[Dashboard], bool]:
    return lambda app: (app.lab.listing.query.sort, app.lab.listing.query.offset) == (sort, offset)


def _entry(row: int) -> Callable[[Dashboard], bool]:
    return lambda app: app.screen.query_one("#entries", LedgerTable).cursor_row == row


A, T, P, D = "DashboardApp", "LedgerTable", "Plot", "Page"
DONE = "app.pop_screen"
MOVES: tuple[tuple[Key, Callable[[Dashboard], object]], ...] = (
    *((Key(A, str(n), f"tab('{name}')"), lambda app, name=name: app.tab == name) for n, name in enumerate(keys.TABS, start=1)),
    (Key(A, "2", "tab('experiments')"), lambda app: app.focused is _table(app)),
    (Key(T, "down", "cursor_down"), _at(1)),
    (Key(T, "up", "cursor_up"), _at(0)),
    (Key(T, "pagedown", "page_down"), lambda app: _table(app).cursor_row == _table(app).size.height - 1),
    (Key(T, "pageup", "page_up"), _at(0)),
    (Key(T, "end", "last"), _at(listing.ROWS - 1)),
    (Key(T, "home", "first"), _at(0)),
    (Key(T, "ctrl+end", "last"), _at(listing.ROWS - 1)),
    (Key(T, "ctrl+home", "first"), _at(0)),
    (Key(A, "right_square_bracket", "leaf(1)"), _query(Sort.NEWEST, listing.ROWS)),
    (Key(A, "left_square_bracket", "leaf(-1)"), _query(Sort.NEWEST, 0)),
    (Key(A, "o", "sort"), _query(Sort.OLDEST, 0)),
    (Key(T, "enter", "choose"), _part("page")),
    (Key(D, "d", "part('diff')"), _part("diff")),
    (Key(D, "e", "part('evidence')"), _part("evidence")),
    (Key(D, "n", "part('page')"), _part("page")),
    (Key(D, "tab", "turn"), _part("diff")),
    (Key(D, "escape", DONE), _ground),
    (Key(T, "enter", "choose"), _top(Page)),
    (Key(D, "q", DONE), _ground),
    (Key(A, "slash", "filter"), lambda app: app.focused is app.query_one("#filter", Input)),
    (Key("Experiments", "escape", "key_escape"), lambda app: app.focused is _table(app)),
    (Key(A, "5", "tab('plot')"), _plot(Kind.PROGRESS)),
    (Key(P, "down", "plot(1)"), _plot(Kind.EFFECTS)),
    (Key(P, "space", "plot(1)"), _plot(Kind.COMPUTE)),
    (Key(P, "up", "plot(-1)"), _plot(Kind.EFFECTS)),
    (Key(P, "right", "turn(1)"), _plot(Kind.EFFECTS, "optimizer")),
    (Key(P, "left", "turn(-1)"), _plot(Kind.EFFECTS)),
    (Key(A, "question_mark", "help"), _top(Help)),
    (Key("Help", "escape", DONE), _ground),
    (Key(A, "question_mark", "help"), _top(Help)),
    (Key("Help", "q", DONE), _ground),
    (Key(A, "question_mark", "help"), _top(Help)),
    (Key("Help", "question_mark", DONE), _ground),
    (Key(A, "colon", "type"), _top(Form)),
    (Key("Form", "escape", "dismiss(None)"), _ground),
    (Key(A, "f", "act('findings')"), lambda app: isinstance(app.screen, Said) and "done: findings" in screen.text(app)),
    (Key("Said", "escape", DONE), _ground),
    (Key(A, "f", "act('findings')"), _top(Said)),
    (Key("Said", "q", DONE), _ground),
    (Key("Textual", "ctrl+p", "command_palette"), _top(Finder)),
    (Key("Finder", "down", "move('cursor_down')"), _entry(1)),
    (Key("Finder", "up", "move('cursor_up')"), _entry(0)),
    (Key("Finder", "pagedown", "move('page_down')"), lambda app: app.screen.query_one("#entries", LedgerTable).cursor_row > 9),
    (Key("Finder", "pageup", "move('page_up')"), _entry(0)),
    (Key("Finder", "escape", DONE), _ground),
    (Key(A, "q", "quit"), lambda app: not app.is_running),
)
ANSWERS = (  # r, and g: what is spoken where
    (Key(A, "r", "reply"), "overview", ("reply", "--", "q-1", "z")),
    (Key(A, "r", "reply"), "messages", ("reply", "--", "q-1", "z")),
    (Key(A, "r", "reply"), "standup", ("reply", "--", "standup-2026-03-13", "z")),
    (Key(A, "g", "go"), "overview", ("select_pane", "chief")),
)


def every_key() -> Iterator[Key]:
    """Of every class of the dashboard: its bindings, and its `key_…` methods. With what Textual scrolls is Textual's own."""
    for found in pkgutil.walk_packages(org.dashboard.__path__, "org.dashboard."):
        for kind in vars(importlib.import_module(found.name)).values():
            if not isinstance(kind, type) or kind.__module__ != found.name:
                continue
            for binding in vars(kind).get("BINDINGS", ()):
                assert isinstance(binding, Binding)
                if binding not in ScrollableContainer.BINDINGS:
                    yield from (Key(kind.__name__, key, binding.action) for key in binding.key.split(","))
            methods = [name for name in vars(kind) if name.startswith("key_") and name != "key_of"]
            yield from (Key(kind.__name__, name.removeprefix("key_"), name) for name in methods)


def test_every_key_is_pressed_here() -> None:
    verbs = {Key(A, NAMED[verb.action].key, f"act('{verb.action}')") for verb in VERBS}
    moves = {key for key, _ in MOVES if key.owner != "Textual"}
    assert verbs | moves | {key for key, _, _ in ANSWERS} == set(every_key())


def test_every_verb_with_a_condition_is_also_pressed_where_it_does_not_hold() -> None:
    told_apart = {"pause_agent", "resume_agent", "pause_program", "resume_program"}  # one key: it does the other
    always = {"close_program"}  # there is no closed program in the ledger
    assert {action.name for action in ACTIONS if action.key and action.possible} == set(NEITHER) | told_apart | always


def test_every_key_is_in_the_help() -> None:
    told = {words for _, group in help.groups(keys.all_bindings()) for _, words in group}
    own = {Key(owner, key, action) for owner, key, action in every_key() if owner in ("Help", "Said", "Form", "Experiments")}
    assert {key.key for key in own} == {"escape", "q", "question_mark"}, "they close what lies on top, as the help says"
    wanted = [b for kind in (LedgerTable, Plot, Page) for b in kind.BINDINGS] + keys.all_bindings()
    missing = [b for b in wanted if b.tooltip not in told and "resume" not in b.action and not b.action.startswith("tab(")]
    assert not missing


async def test_every_verb_has_its_key(lab: Build, running: Running) -> None:
    layout, verbs = prepared(lab()), Recorder()
    async with running(layout, verbs) as (app, visitor):
        for verb in VERBS:
            before = len(verbs.calls)
            await select(app, visitor, verb.tab, verb.target)
            await visitor.press(NAMED[verb.action].key)
            if verb.typed:
                assert isinstance(app.screen, Form)
                await visitor.press(verb.typed, "enter")
            await visitor.settled()
            assert verbs.calls[before:] == [verb.spoken]
            assert isinstance(app.screen, Said) == NAMED[verb.action].shows
            if not _ground(app):
                await visitor.press("escape")
        before = len(verbs.calls)
        for name, target in NEITHER.items():
            await select(app, visitor, next(verb.tab for verb in VERBS if verb.action == name), target)
            await visitor.press(NAMED[name].key)
            assert _ground(app) and verbs.calls[before:] == [], name


async def test_every_other_key_moves_something(lab: Build, running: Running) -> None:
    async with running(grown(prepared(lab()))) as (app, visitor):
        for number, (key, fact) in enumerate(MOVES):
            await visitor.press(key.key)
            if app.is_running:
                await eventually(visitor, lambda fact=fact: fact(app))
            assert fact(app), (number, key)


async def test_what_can_be_answered_is(lab: Build, running: Running) -> None:
    verbs = Recorder()
    async with running(lab(), verbs) as (app, visitor):
        for key, tab, spoken in ANSWERS:
            before = len(verbs.calls)
            await visitor.press(str(keys.TABS.index(tab) + 1))
            await eventually(visitor, lambda tab=tab: {"messages": lambda: app.selected.view(Messages).selected_message,
                                                       "standup": lambda: app.selected.view(Standup).selected_day}
                             .get(tab, lambda: True)())  # fmt: skip
            if tab == "messages":
                await visitor.press("home")
            await visitor.press(key.key, *(("z", "enter") if key.key == "r" else ()))
            await visitor.settled()
            assert verbs.calls[before:] == [spoken]


def prepared(layout: Layout) -> Layout:
    """With something in every state that a key asks for."""
    with ledger.open_existing(layout.ledger).transaction() as con:
        for table, column, states in (
            ("experiments", "id", {"E1": "merged", "E2": "parked", "E3": "proposed"}),
            ("programs", "slug", {"attention": "paused", "data-order": "backlog"}), ("agents", "name", {"chief": "paused"}),
        ):  # fmt: skip
            for name, state in states.items():
                con.execute(f"UPDATE {table} SET state = ? WHERE {column} = ?", (state, name))
    return layout


def grown(layout: Layout) -> Layout:
    """With so many experiments that they do not fit on one page."""
    with ledger.open_existing(layout.ledger).transaction() as con:
        first = EXPERIMENTS.get(con, "E4")
        for number in range(14, listing.ROWS + 20):
            EXPERIMENTS.insert(con, replace(first, id=f"E{number}", run_tree=f"tree-{number}"))
    return layout


async def select(app: Dashboard, visitor: Visitor, tab: str, target: str) -> None:
    """Open the tab and put its cursor on the target."""
    if app.tab != tab:
        await visitor.press(str(keys.TABS.index(tab) + 1))
    if tab == PROGRAM:
        tree = app.query_one("#program-tree", Tree)
        tree.move_cursor(next(node for node in tree.root.children if node.data == target))
    elif tab == EXPERIMENT:
        _table(app).move_cursor(13 - int(target[1:]))
    elif tab == "overview":
        app.query_one("#agents", LedgerTable).move_cursor(AGENTS.index(target))
    await visitor.settled()
