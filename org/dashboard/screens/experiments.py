"""Tab 2: the experiments, a page at a time; / narrows, o sorts, Enter tells all about one."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Input

from org.dashboard import figures
from org.dashboard.listing import ROWS
from org.dashboard.state import LabState, Listing, Query, Sort
from org.dashboard.widgets.experiments_table import ExperimentsTable
from org.dashboard.widgets.hints import Hints
from org.dashboard.widgets.ledger_table import LedgerTable
from org.dashboard.widgets.view import View
from org.model.experiment import Experiment

_OF_TITLE = {
    "Exp.": Sort.NEWEST, "State": Sort.STATE, "Gain": Sort.GAIN, "Author": Sort.AUTHOR, "Program": Sort.PROGRAM,
}  # fmt: skip


class Experiments(View):
    class Asked(Message):
        """Other experiments are wanted."""

    query_of_page: Query = Query()
    _next_sort: ClassVar[dict[Sort, Sort]] = dict(zip(Sort, [*list(Sort)[1:], Sort.NEWEST], strict=True))
    _from_above = True  # whether a new page is entered at its top

    def compose(self) -> ComposeResult:
        yield Input(placeholder="words, or author:NAME program: state: label:   Enter keeps, Esc clears", id="filter")
        yield ExperimentsTable(id="experiment-table")
        yield Hints(id="experiment-count")

    def on_mount(self) -> None:
        self.query_one(Input).display = False

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is not None and was.listing is lab.listing:
            return
        table = self.query_one(ExperimentsTable)
        turned = was is not None and was.listing.query != lab.listing.query
        table.show(lab.listing.lines)
        if turned and table.row_count:
            table.move_cursor(row=0 if self._from_above else table.row_count - 1)
        self.query_one(Hints).show(told(lab.listing))
        self.post_message(self.Selected())

    @property
    def selected_experiment(self) -> Experiment | None:
        row = self.query_one(ExperimentsTable).selected
        return None if row is None else row.experiment

    def open_filter(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def close_filter(self) -> None:
        """Show everything again."""
        field = self.query_one(Input)
        field.value, field.display = "", False
        self.focus_main()

    def sort_otherwise(self) -> None:
        self._from_above = True
        self._ask(Query(self.query_of_page.words, self._next_sort[self.query_of_page.sort]))

    def has_leaf(self, step: int) -> bool:
        """Whether there is a page before this one (-1), or after it (1)."""
        offset = self.query_of_page.offset + step * ROWS
        return 0 <= offset < max(self.lab.listing.found, 1)

    @on(ExperimentsTable.Past)
    def _past(self, event: ExperimentsTable.Past) -> None:
        self.leaf(event.step)

    def leaf(self, step: int) -> None:
        """Turn to the page after this one, or before it."""
        asked = self.query_of_page
        if self.has_leaf(step) and self.lab.listing.query == asked:  # not past a page that is still being read
            self._from_above = step > 0
            self._ask(Query(asked.words, asked.sort, asked.offset + step * ROWS))

    @on(Input.Changed, "#filter")
    def _narrow(self, event: Input.Changed) -> None:
        self._from_above = True
        self._ask(Query(event.value.strip(), self.query_of_page.sort))

    @on(Input.Submitted, "#filter")
    def focus_main(self) -> None:
        self.query_one(ExperimentsTable).focus()

    @on(LedgerTable.Headed, "#experiment-table")
    def _sort_by(self, event: LedgerTable.Headed) -> None:
        """By the column whose title was clicked; by the number of the experiment either way."""
        sort = _OF_TITLE.get(event.title)
        if sort is not None:
            self._from_above = True
            other = Sort.OLDEST if sort is self.query_of_page.sort is Sort.NEWEST else sort
            self._ask(Query(self.query_of_page.words, other))

    @on(LedgerTable.Moved, "#experiment-table")
    def _selected(self) -> None:
        self.post_message(self.Selected())

    @on(LedgerTable.Chosen, "#experiment-table")
    def _open(self) -> None:
        if self.selected_experiment is not None:
            self.post_message(self.Opened(self.selected_experiment))

    def key_escape(self) -> None:
        if self.query_one(Input).display:
            self.close_filter()

    def _ask(self, query: Query) -> None:
        if query != self.query_of_page:
            self.query_of_page = query
            self.post_message(self.Asked())


def told(found: Listing) -> list[str]:
    """What of the experiments is on the screen, and the keys that show the others."""
    query, every = found.query, figures.count(found.total, "experiment")
    if not found.total:
        return ["no experiments yet: the first one appears when an agent proposes it"]
    what = f"{found.found} of {every} match “{query.words}”" if query.words else every
    if found.found > ROWS:
        what = f"{query.offset + 1} to {query.offset + len(found.lines)} of {what}"
    keys = ["Esc shows all" if query.words else "/ narrows", "Enter tells all"]
    return [f"{what}, {query.sort.value} (o)", *(["[ ] turn pages"] if found.found > ROWS else []), *keys]
