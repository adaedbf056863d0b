"""All experiments, newest first."""

from collections.abc import Sequence

from rich.text import Text

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import ExperimentLine
from org.dashboard.symbols import EXPERIMENT, Tone
from org.dashboard.widgets.ledger_table import Column, LedgerTable


class ExperimentsTable(LedgerTable[ExperimentLine]):
    """Enter opens the notebook page."""

    def show_matching(self, lines: Sequence[ExperimentLine], words: str) -> int:
        """Show those that hold every word, newest first; says how many."""
        asked = words.lower().split()
        found = [line for line in reversed(lines) if all(word in searched(line) for word in asked)]
        self.show(found)
        return len(found)

    def key_of(self, row: ExperimentLine) -> str:
        return row.experiment.id

    def fitting(self, width: int) -> list[Column[ExperimentLine]]:
        wide, wider = width >= 110, width >= 150
        return [
            Column("Exp.", 6, _id), Column("State", 13, _state), Column(f"{'Gain':>8}", 8, _gain),
            *([Column(f"{'Metric':>8}", 8, _metric)] if wide else []), Column("Runs", 4, _runs),
            Column("Author", 10, _author), *([Column("Program", 16 if wider else 12, _program)] if wide else []),
            *([Column("Lines", 9, _lines)] if wider else []), Column("What is changed", 0, _subject),
            *([Column("Why", width // 3, _reason)] if width >= 170 else []),
        ]  # fmt: skip


def searched(line: ExperimentLine) -> str:
    """What a filter looks in."""
    e = line.experiment
    return f"{e.id} {EXPERIMENT[e.state].words} {e.author} {e.program} {e.subject} {e.claim.value}".lower()


def _id(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.id, bold=True)


def _state(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.sign(EXPERIMENT[row.experiment.state])


def _gain(row: ExperimentLine, colours: Palette, width: int) -> Text:
    gain = row.experiment.gain
    tone = Tone.DIM if not gain else EXPERIMENT[row.experiment.state].tone
    return colours.text(f"{figures.gain(gain):>{width}}", tone)


def _metric(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(f"{figures.metric(row.metric):>{width}}", Tone.PLAIN if row.values else Tone.DIM)


def _runs(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(f"{len(row.values) or '–':>{width}}", Tone.PLAIN if row.values else Tone.DIM)


def _author(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.author)


def _program(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.program, Tone.DIM)


def _lines(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(f"+{row.experiment.lines_added} -{row.experiment.lines_removed}", Tone.DIM)


def _subject(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.subject)


def _reason(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.reason or row.experiment.because, Tone.DIM)
