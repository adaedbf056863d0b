"""The devices and what each runs, baseline runs included."""

from dataclasses import dataclass

from rich.text import Text

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import DeviceLine, DeviceUse, HowFar, LabState
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
    progress: HowFar | None
    use: DeviceUse | None


class DevicesTable(LedgerTable[Row]):
    """full: with use, memory, lease and the idle cause in full; else what fits beside a plot."""

    def __init__(self, id: str | None = None, full: bool = False) -> None:
        super().__init__(id=id, show_cursor=full)
        self._full = self.can_focus = full

    def show_lab(self, lab: LabState) -> None:
        uses = {use.device: use for use in lab.uses}
        found = ((line, lab.progress.get(line.run.id) if line.run else None) for line in lab.devices)
        self.show([Row(line, progress, uses.get(line.device)) for line, progress in found])

    def key_of(self, row: Row) -> str:
        return row.line.device

    def fitting(self, width: int) -> list[Column[Row]]:
        model = [Column("Model", 12, _model)] if width >= 68 else []
        if not self._full:
            return [Column("Device", 7, _device), *model, Column("Runs", 0, _runs), Column("Progress", 25, _progress)]
        wide = width >= 110
        return [
            Column("Device", 7, _device), *model, Column("Runs", 0, _runs),
            *([Column("Progress", 25, _progress)] if wide else []),
            Column("Busy", 5, _busy), Column("Memory", 8, _memory), *([Column("Lease", 10, _lease)] if wide else []),
            *([Column("Why idle, in the last day", 40, _why)] if width >= 150 else []),
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
    idle = row.line.idle
    words = "free" if idle is None else f"{idle.cause.value}{f': {idle.detail}' if idle.detail else ''}"
    return colours.text(f"○ {words}", Tone.DIM)


def what(run: Run) -> str:
    """`R812 E41 race`, `R9 baseline P3`."""
    of_pool = run.pool is not None and run.purpose is not Purpose.FRESH  # head against root is the program's
    subject = run.experiment or (f"pool {run.pool}" if of_pool else run.program or "")
    return f"{run.id} {subject} {_PURPOSE[run.purpose]}".replace("  ", " ")


def _progress(row: Row, colours: Palette, width: int) -> Text:
    if row.line.run is None:
        return colours.text("")
    return progress_bar(row.progress, colours, bar=width - 13)


def _busy(row: Row, colours: Palette, width: int) -> Text:
    words = "–" if row.use is None else f"{row.use.busy_seconds / row.use.span_seconds:.0%}"
    return colours.text(f"{words:>{width}}", Tone.PLAIN if row.use else Tone.DIM)


def _memory(row: Row, colours: Palette, width: int) -> Text:
    """At its peak, in the last run that recorded it."""
    words = "–" if row.line.memory_mb is None else f"{row.line.memory_mb / 1024:.1f} GB"
    return colours.text(f"{words:>{width}}", Tone.DIM if row.line.memory_mb is None else Tone.PLAIN)


def _lease(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.line.holder or "–", Tone.PLAIN if row.line.holder else Tone.DIM)


def _why(row: Row, colours: Palette, width: int) -> Text:
    told = ", ".join(f"{cause} {figures.ago(seconds)}" for cause, seconds in row.use.idle) if row.use else ""
    return colours.text(told or "–", Tone.DIM)
