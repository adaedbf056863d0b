"""The devices and what each runs, baseline runs included."""

from dataclasses import dataclass

from rich.text import Text

from org.dashboard.palette import Palette
from org.dashboard.state import DeviceLine, LabState, Progress
from org.dashboard.symbols import Tone
from org.dashboard.widgets.agents_table import progress_bar
from org.dashboard.widgets.ledger_table import Column, LedgerTable
from org.model.run import Purpose, Run

_PURPOSE = {
    Purpose.RACE: "race", Purpose.RECHECK: "re-check", Purpose.POOL: "baseline", Purpose.FRESH: "fresh seed",
    Purpose.SCREEN: "screen", Purpose.SCREEN_POOL: "screen baseline", Purpose.STUDY: "study",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    line: DeviceLine
    progress: Progress | None


class DevicesTable(LedgerTable[Row]):
    def on_mount(self) -> None:
        self.can_focus, self.show_cursor = False, False

    def show_lab(self, lab: LabState) -> None:
        self.show([Row(line, lab.progress.get(line.run.id) if line.run else None) for line in lab.devices])

    def key_of(self, row: Row) -> str:
        return row.line.device

    def fitting(self, width: int) -> list[Column[Row]]:
        return [
            Column("Device", 7, _device), *([Column("Model", 12, _model)] if width >= 68 else []),
            Column("Runs", 0, _runs), Column("Progress", 25, _progress),
        ]  # fmt: skip


def _device(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.line.device, bold=True)


def _model(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.line.model, Tone.DIM)


def _runs(row: Row, colours: Palette, width: int) -> Text:
    if row.line.run is not None:
        return colours.text(f"● {what(row.line.run)}", Tone.LIVE)
    if row.line.holder:
        return colours.text(f"◆ {row.line.holder}", Tone.WARN)
    return colours.text("○ free", Tone.DIM)


def what(run: Run) -> str:
    """`R812 E41 race`, `R9 baseline P3`."""
    subject = run.experiment or (f"pool {run.pool}" if run.pool is not None else run.program or "")
    return f"{run.id} {subject} {_PURPOSE[run.purpose]}".replace("  ", " ")


def _progress(row: Row, colours: Palette, width: int) -> Text:
    if row.line.run is None:
        return colours.text("")
    return progress_bar(row.progress, colours, bar=width - 13)
