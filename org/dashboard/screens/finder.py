"""The command palette: every verb by its name, narrowed as a person types.

Not Textual's (8.2): that lays out every entry whenever it opens and reads markup in what agents wrote."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Input

from org.dashboard.commands import Command, matching
from org.dashboard.palette import Palette
from org.dashboard.screens.dialogue import Dialogue
from org.dashboard.symbols import Tone
from org.dashboard.widgets.ledger_table import Column, LedgerTable

Row = tuple[int, Command]


class Finder(Dialogue[None]):
    """commands: in the order in which they are shown while nothing is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back", tooltip="Do nothing"),
        Binding("up", "move('cursor_up')", "Up", show=False, tooltip="The entry above"),
        Binding("down", "move('cursor_down')", "Down", show=False, tooltip="The entry below"),
        Binding("pageup", "move('page_up')", "Page up", show=False, tooltip="A screenful up"),
        Binding("pagedown", "move('page_down')", "Page down", show=False, tooltip="A screenful down"),
    ]

    def __init__(self, title: str, commands: Sequence[Command]) -> None:
        super().__init__()
        self._title, self._commands = title, commands

    def compose(self) -> ComposeResult:
        with Container(classes="sheet") as sheet:
            sheet.border_title = self._title
            yield Input(placeholder="words of it, in any order")
            yield Entries(id="entries")

    def on_mount(self) -> None:
        self._narrow("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._narrow(event.value)

    def _narrow(self, words: str) -> None:
        found, table = matching(self._commands, words), self.query_one(Entries)
        table.show(list(enumerate(found)))
        table.move_cursor(0)
        counted = f"{len(found)} of {len(self._commands)}" if words.strip() else f"{len(found)}"
        self.query_one(Container).border_subtitle = f"{counted} · Enter does it · Esc goes back"

    def action_move(self, name: str) -> None:
        getattr(self.query_one(Entries), f"action_{name}")()

    @on(Input.Submitted)
    @on(LedgerTable.Chosen)
    def _do(self) -> None:
        row = self.query_one(Entries).selected
        if row is not None and self.is_active:  # a second Enter comes before the first has taken the palette away
            self.app.pop_screen()
            self.app.call_later(row[1].call)


class Entries(LedgerTable[Row], can_focus=False):
    """By their place, for two may have the same title."""

    def key_of(self, row: Row) -> str:
        return f"{row[0]} {row[1].title}"

    def fitting(self, width: int) -> list[Column[Row]]:
        half = max(width // 2 - 2, 8)
        return [Column("Verb", half, _title), Column("What it does", 0, _help)]


def _title(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row[1].title)


def _help(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row[1].help, Tone.DIM)


def of_verbs(known: Iterable[SystemCommand]) -> Finder:
    return Finder("Every verb", [Command(c.title, c.help, c.callback) for c in known])


def of_themes(app: App[Any]) -> Finder:
    def use(name: str) -> None:
        app.theme = name

    return Finder("Colour themes", [Command(name, "", partial(use, name)) for name in sorted(app.available_themes)])
