"""Messages of the whole lab, newest first."""

from dataclasses import dataclass

from rich.text import Text

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import LabState, Setting
from org.dashboard.symbols import Tone
from org.dashboard.widgets.ledger_table import Column, LedgerTable
from org.model.message import HUMAN, Message


@dataclass(frozen=True, slots=True)
class Row:
    message: Message
    setting: Setting
    open_question: bool


class MessagesTable(LedgerTable[Row]):
    def show_lab(self, lab: LabState) -> None:
        waiting = {question.id for question in lab.questions}
        self.show([Row(message, lab.setting, message.id in waiting) for message in reversed(lab.messages)])

    def key_of(self, row: Row) -> str:
        return row.message.id

    def fitting(self, width: int) -> list[Column[Row]]:
        return [
            Column("When", 11, _when), Column("From", 10, _sender), Column("To", 10, _to), Column("Kind", 11, _kind),
            Column("Subject", 0, _subject),
        ]  # fmt: skip


def _when(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(figures.day_time(row.message.sent_at, row.setting.zone), Tone.DIM)


def _sender(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.message.sender, bold=row.message.sender == HUMAN)


def _to(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.message.to, bold=row.message.to == HUMAN)


def _kind(row: Row, colours: Palette, width: int) -> Text:
    if row.open_question:
        return colours.text("◆ question", Tone.WARN)
    return colours.text(row.message.kind.value, Tone.DIM)


def _subject(row: Row, colours: Palette, width: int) -> Text:
    unread = row.message.to == HUMAN and row.message.read_at is None
    return colours.text(row.message.subject, bold=unread)
