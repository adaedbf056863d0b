"""One page of the experiments."""

from rich.text import Text
from textual.message import Message

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import ExperimentLine
from org.dashboard.symbols import EXPERIMENT, Tone
from org.dashboard.widgets.ledger_table import Column, LedgerTable


class ExperimentsTable(LedgerTable[ExperimentLine]):
    """Enter opens all about it. Past the last row of a page comes the next page."""

    class Past(Message):
        """The person goes past the end of the page: 1 downwards, -1 upwards."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def action_cursor_down(self) -> None:
        if self.at_end[1]:
            self.post_message(self.Past(1))
        else:
            super().action_cursor_down()

    def action_page_down(self) -> None:
        if self.at_end[1]:
            self.post_message(self.Past(1))
        else:
            super().action_page_down()

    def action_cursor_up(self) -> None:
        if self.at_end[0]:
            self.post_message(self.Past(-1))
        else:
            super().action_cursor_up()

    def action_page_up(self) -> None:
        if self.at_end[0]:
            self.post_message(self.Past(-1))
        else:
            super().action_page_up()

    def key_of(self, row: ExperimentLine) -> str:
        return row.experiment.id

    def fitting(self, width: int) -> list[Column[ExperimentLine]]:
        wide, wider = width >= 110, width >= 150
        return [
            Column("Exp.", 6, _id), Column("State", 13, _state), Column(f"{'Gain':>8}", 8, _gain),
            *([Column(f"{'Metric':>8}", 8, _metric)] if wide else []), Column("Runs", 4, _runs),
            Column("Author", 10, _author), *([Column("Program", 16 if wider else 12, _program)] if wide else []),
            *([Column("Label", 23, _label), Column("Lines", 9, _lines)] if wider else []), Column("What is changed", 0, _subject),
            *([Column("Why", width // 3, _reason)] if width >= 170 else []),
        ]  # fmt: skip


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


def _label(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.label or "–", Tone.PLAIN if row.experiment.label else Tone.DIM)


def _lines(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(f"+{row.experiment.lines_added} -{row.experiment.lines_removed}", Tone.DIM)


def _subject(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.subject)


def _reason(row: ExperimentLine, colours: Palette, width: int) -> Text:
    return colours.text(row.experiment.reason or row.experiment.because, Tone.DIM)
