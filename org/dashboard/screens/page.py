"""An experiment in full, over the tab that asked for it: its notebook page, its diff, its evidence."""

from typing import ClassVar

from rich.syntax import Syntax
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, ScrollableContainer, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static, TabbedContent, TabPane

PARTS = ("page", "diff", "evidence")


class Page(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "Back", tooltip="Back to the table"),
        Binding("n", "part('page')", "Page", tooltip="The notebook page: hypothesis, verdict, runs, label"),
        Binding("d", "part('diff')", "Diff", tooltip="What it changes"),
        Binding("e", "part('evidence')", "Evidence", tooltip="The race, to check by hand"),
        Binding("tab", "turn", "Next part", tooltip="The next part", priority=True),
    ]

    def __init__(self, title: str, markdown: str) -> None:
        super().__init__()
        self._title, self._markdown = title, markdown

    def compose(self) -> ComposeResult:
        with Container(classes="sheet") as sheet:
            sheet.border_title, sheet.border_subtitle = self._title, "n page · d diff · e evidence · Esc goes back"
            with TabbedContent(initial="page"):
                with TabPane("Page", id="page"), VerticalScroll():
                    yield Markdown(self._markdown)
                with TabPane("Diff", id="diff"), ScrollableContainer():
                    yield Static("…", id="diff-text")
                with TabPane("Evidence", id="evidence"), ScrollableContainer():
                    yield Static("…", id="evidence-text")

    def on_mount(self) -> None:
        self.action_part("page")

    def action_part(self, name: str) -> None:
        self.query_one(TabbedContent).active = name
        self.query_one(f"TabPane#{name} > ScrollableContainer").focus()

    def action_turn(self) -> None:
        now = PARTS.index(self.query_one(TabbedContent).active)
        self.action_part(PARTS[(now + 1) % len(PARTS)])

    def show_diff(self, text: str) -> None:
        """Show it, unless the person went on."""
        if self.is_attached:
            theme = "ansi_dark" if self.app.current_theme.dark else "ansi_light"
            coloured = Syntax(text, "diff", theme=theme, background_color="default", word_wrap=False)
            self.query_one("#diff-text", Static).update(coloured)

    def show_evidence(self, text: str) -> None:
        if self.is_attached:
            self.query_one("#evidence-text", Static).update(Text(text))
