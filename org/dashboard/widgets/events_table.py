"""The ledger's events, newest last."""

from dataclasses import dataclass
from datetime import tzinfo

from rich.text import Text

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import LabState
from org.dashboard.symbols import Tone
from org.dashboard.widgets.ledger_table import Column, LedgerTable
from org.model.event import Event

KEPT = 5000
# The end of an event's kind says how it went; anything else is plain.
_TONES = {
    "merged": Tone.GOOD, "better": Tone.GOOD, "certified": Tone.GOOD, "confirmed": Tone.GOOD, "failed": Tone.BAD,
    "invalid": Tone.BAD, "crashed": Tone.BAD, "reverted": Tone.BAD, "timed_out": Tone.BAD, "lost": Tone.BAD,
    "human": Tone.WARN, "paused": Tone.WARN, "conflict": Tone.WARN, "stalled": Tone.WARN, "running": Tone.LIVE,
    "racing": Tone.LIVE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """missed: how many events before it were never seen, for they came faster than this one looked."""

    event: Event
    zone: tzinfo
    missed: int = 0


class EventsTable(LedgerTable[Row]):
    """While its last line is selected, it stays so as events come."""

    def show_lab(self, lab: LabState) -> None:
        known = self.rows
        last = known[-1].event.id if known else 0
        if lab.events and lab.events[-1].id < last:  # another ledger
            known, last = [], 0
        new = [Row(event, lab.setting.zone) for event in lab.events if event.id > last]
        if new and last and new[0].event.id > last + 1:
            new[0] = Row(new[0].event, new[0].zone, new[0].event.id - last - 1)
        follows = self.at_end[1]
        self.show([*known, *new][-KEPT:])
        if follows:
            self.action_last()

    def key_of(self, row: Row) -> str:
        return str(row.event.id)

    def fitting(self, width: int) -> list[Column[Row]]:
        return [
            Column("When", 14, _when), Column("What", 22 if width >= 110 else 18, _kind), Column("Of", 12, _subject),
            *([Column("By", 10, _actor)] if width >= 100 else []), Column("In detail", 0, _detail),
        ]  # fmt: skip


def _when(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(figures.second_of(row.event.at, row.zone), Tone.DIM)


def _kind(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.event.kind, _TONES.get(row.event.kind.rpartition(".")[2], Tone.PLAIN))


def _subject(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.event.subject, bold=True)


def _actor(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.event.actor)


def _detail(row: Row, colours: Palette, width: int) -> Text:
    told = "  ".join(f"{k}={_short(v)}" for k, v in row.event.detail.items() if v not in (None, "", [], {}))
    missed = f"({row.missed} events before it were not seen)  " if row.missed else ""
    return colours.text(missed + told, Tone.DIM)


def _short(value: object) -> str:
    words = " ".join(f"{value:.5g}".split() if isinstance(value, float) else str(value).split())
    return words if len(words) <= 60 else f"{words[:59]}…"
