"""Tab 7: the lab's messages, each with its thread; r answers the selected one, b writes to everybody."""

from textual import on
from textual.app import ComposeResult

from org.dashboard import figures
from org.dashboard.palette import Part
from org.dashboard.state import LabState
from org.dashboard.symbols import Tone
from org.dashboard.thread import thread_of
from org.dashboard.widgets.ledger_table import LedgerTable
from org.dashboard.widgets.messages_table import MessagesTable, Row
from org.dashboard.widgets.prose import Prose
from org.dashboard.widgets.view import View
from org.model.message import Message


class Messages(View):
    _open: tuple[str, ...] = ()  # the message whose thread is shown, and that thread

    def compose(self) -> ComposeResult:
        yield MessagesTable(id="message-table")
        yield Prose(id="body")

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is None or was.messages is not lab.messages or was.questions is not lab.questions:
            self.query_one(MessagesTable).show_lab(lab)
            self.call_later(self._read)  # an answer belongs to the thread that is open
        if not lab.messages:
            self.query_one(Prose).read("", ([("No messages yet.", Tone.DIM, False)],))

    @property
    def selected_message(self) -> Message | None:
        row = self.query_one(MessagesTable).selected
        return None if row is None else row.message

    @on(LedgerTable.Moved, "#message-table")
    def _read(self) -> None:
        row = self.query_one(MessagesTable).selected if self.app.is_running else None
        if row is None:
            return
        thread = thread_of(row.message, self.lab.messages)
        shown = (row.message.id, *(message.id for message in thread))
        if shown == self._open:
            return
        self._open = shown
        text = row.message.body if len(thread) == 1 else "\n\n---\n\n".join(self._letter(m, row) for m in thread)
        self.query_one(Prose).read(text, _head(row))
        self.post_message(self.Selected())

    def _letter(self, message: Message, row: Row) -> str:
        """One of a thread; the selected one has a mark."""
        at = figures.day_time(message.sent_at, row.setting.zone)
        mark = "▶ " if message.id == row.message.id else ""
        return f"{mark}**{message.sender} → {message.to}**, {at}\n\n{message.body}"

    def focus_main(self) -> None:
        self.query_one(MessagesTable).focus()


def _head(row: Row) -> tuple[Part, Part]:
    """Its subject; then who, when and what about."""
    message, at = row.message, figures.day_time(row.message.sent_at, row.setting.zone)
    refs = f"  about {', '.join(message.refs)}" if message.refs else ""
    about = f"{message.sender} → {message.to}  {at}  {message.kind.value}"
    return [(message.subject, Tone.PLAIN, True)], [(about, Tone.DIM, False), (refs, Tone.LIVE, False)]
