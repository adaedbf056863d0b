"""What is in a head, with what its fresh runs say of it."""

from rich.text import Text

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import FindingLine
from org.dashboard.symbols import EXPERIMENT, Tone
from org.dashboard.widgets.ledger_table import Column, LedgerTable


class FindingsTable(LedgerTable[FindingLine]):
    """Enter tells all about it."""

    def key_of(self, row: FindingLine) -> str:
        return row.experiment.id

    def fitting(self, width: int) -> list[Column[FindingLine]]:
        wide = width >= 110
        return [
            Column("Exp.", 6, _id), Column("State", 13, _state), *([Column("Merge", 5, _merge)] if wide else []),
            Column("Fresh gain", 18, _gain), *([Column("e", 9, _e), Column("Needed", 7, _needed)] if wide else []),
            *([Column("P(no gain)", 10, _p)] if wide else []), Column("Label", 23 if wide else 13, _label),
            *([Column("Program", 12, _program)] if width >= 150 else []), Column("What", 0, _subject),
        ]  # fmt: skip


def _id(row: FindingLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.id, bold=True)


def _state(row: FindingLine, colours: Palette, width: int) -> Text:
    return colours.sign(EXPERIMENT[row.experiment.state])


def _merge(row: FindingLine, colours: Palette, width: int) -> Text:
    return colours.text(f"{row.merge:>{width}}", Tone.DIM)


def _gain(row: FindingLine, colours: Palette, width: int) -> Text:
    gain, se = row.outcome.get("gain"), row.outcome.get("se")
    if not isinstance(gain, int | float) or not isinstance(se, int | float):
        return colours.text("not tested", Tone.DIM)
    return colours.text(f"{figures.gain(gain)} ± {se:.4f}", EXPERIMENT[row.experiment.state].tone)


def _e(row: FindingLine, colours: Palette, width: int) -> Text:
    return _number(row.outcome.get("e"), colours, width)


def _needed(row: FindingLine, colours: Palette, width: int) -> Text:
    return _number(row.outcome.get("needed"), colours, width)


def _p(row: FindingLine, colours: Palette, width: int) -> Text:
    return _number(row.outcome.get("p_not_positive"), colours, width)


def _number(value: object, colours: Palette, width: int) -> Text:
    words = f"{value:.3g}" if isinstance(value, int | float) else "–"
    return colours.text(f"{words:>{width}}", Tone.PLAIN if words != "–" else Tone.DIM)


def _label(row: FindingLine, colours: Palette, width: int) -> Text:
    """Where the cell is small, of `explained by compute` the words that tell it from its neighbours."""
    words = row.experiment.label or "–"
    shown = words if len(words) <= width else words.removeprefix("explained ")
    return colours.text(shown, Tone.PLAIN if row.experiment.label else Tone.DIM)


def _program(row: FindingLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.program, Tone.DIM)


def _subject(row: FindingLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.subject)
