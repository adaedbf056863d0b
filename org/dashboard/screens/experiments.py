"""Tab 2: every experiment; / narrows, Enter opens its page."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import DataTable, Input, Static

from org.dashboard import figures
from org.dashboard.state import LabState
from org.dashboard.widgets.experiments_table import ExperimentsTable
from org.dashboard.widgets.view import View


class Experiments(View):
    class Opened(Message):
        """The person wants to read an experiment's page."""

        def __init__(self, experiment: str) -> None:
            super().__init__()
            self.experiment = experiment

    def compose(self) -> ComposeResult:
        yield Input(placeholder="words: state, author, program, subject …   Enter keeps, Esc clears", id="filter")
        yield ExperimentsTable(id="experiment-table")
        yield Static(id="experiment-count")

    def on_mount(self) -> None:
        self.query_one(Input).display = False

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is None or was.experiments is not lab.experiments:
            self._narrow()

    def open_filter(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def close_filter(self) -> None:
        """Show everything again."""
        field = self.query_one(Input)
        field.value, field.display = "", False
        self.focus_main()

    @on(Input.Changed, "#filter")
    def _narrow(self) -> None:
        table = self.query_one(ExperimentsTable)
        words = self.query_one(Input).value
        found = table.show_matching(self.lab.experiments, words)
        count = figures.count(len(self.lab.experiments), "experiment")
        every = f"{count}, newest first · Enter reads the page · / narrows"
        told = f"{found} of {count} match “{words}” · Esc shows all" if words else every
        self.query_one("#experiment-count", Static).update(Text.assemble((told, self.palette.dim)))

    @on(Input.Submitted, "#filter")
    def focus_main(self) -> None:
        self.query_one(ExperimentsTable).focus()

    @on(DataTable.RowSelected, "#experiment-table")
    def _open(self, event: DataTable.RowSelected) -> None:
        self.post_message(self.Opened(str(event.row_key.value)))

    def key_escape(self) -> None:
        if self.query_one(Input).display:
            self.close_filter()
