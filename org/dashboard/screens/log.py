"""Tab 9: the ledger's events as they come, newest last; at the end it follows them."""

from textual.app import ComposeResult

from org.dashboard.state import LabState
from org.dashboard.widgets.events_table import EventsTable
from org.dashboard.widgets.view import View


class Log(View):
    def compose(self) -> ComposeResult:
        yield EventsTable(id="events")

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is None or was.events is not lab.events:
            self.query_one(EventsTable).show_lab(lab)

    def focus_main(self) -> None:
        self.query_one(EventsTable).focus()
