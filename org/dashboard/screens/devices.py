"""Tab 8: the devices: what each does, how much it was used today, and why it was not."""

from collections import defaultdict

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from org.dashboard import figures, palette
from org.dashboard.palette import Palette
from org.dashboard.state import DeviceUse, LabState
from org.dashboard.widgets.devices_table import DevicesTable
from org.dashboard.widgets.view import View

ROWS = 8  # causes that are named


class Causes(Static):
    """Where the device-hours went, with bars as wide as there is room."""

    _uses: tuple[DeviceUse, ...] = ()

    def show(self, uses: tuple[DeviceUse, ...]) -> None:
        self._uses = uses
        self.update(causes(uses, self.size.width, palette.of_app(self.app)))

    def on_resize(self) -> None:
        self.show(self._uses)


class Devices(View):
    def compose(self) -> ComposeResult:
        yield DevicesTable(id="device-table", full=True)
        yield Causes(id="device-idle")

    def show(self, was: LabState | None, lab: LabState) -> None:
        self.query_one(DevicesTable).show_lab(lab)
        if was is None or was.uses is not lab.uses:
            self.query_one(Causes).show(lab.uses)

    def focus_main(self) -> None:
        self.query_one(DevicesTable).focus()


def causes(uses: tuple[DeviceUse, ...], width: int, colours: Palette) -> Text:
    """Where the device-hours of the last day went, the largest part first."""
    span = sum(use.span_seconds for use in uses)
    if not span:
        return Text.assemble(("No run was on a device yet.", colours.dim))
    busy = sum(use.busy_seconds for use in uses)
    idle: dict[str, float] = defaultdict(float)
    for use in uses:
        for cause, seconds in use.idle:
            idle[cause] += seconds
    unknown = span - busy - sum(idle.values())
    longest = sorted(idle.items(), key=lambda pair: -pair[1])[:ROWS]
    parts = [("runs", busy, colours.live), *((f"idle: {cause}", s, colours.warn) for cause, s in longest)]
    parts += [("between runs", unknown, colours.dim)] if unknown > 0.005 * span else []
    text = Text.assemble((f"Device-hours of the last {span / len(uses) / 3600:.1f} h", f"bold {colours.plain}"))
    for name, seconds, colour in parts:
        done, still = figures.bar(seconds / span, max(min(width - 52, 60), 10))
        text.append(f"\n{name:<32.32} ", style=colours.plain).append(done, style=colour).append(still, style=colours.dim)
        text.append(f" {seconds / 3600:7.1f} h {seconds / span:4.0%}", style=colours.plain)
    return text
