"""The first line of the screen: which lab, its totals, and whether the ledger answers."""

from rich.text import Text
from textual.widget import Widget

from org.dashboard import figures, palette
from org.dashboard.state import LabState


class TitleBar(Widget):
    """Text only; pushed to the right: the connection."""

    lab: LabState = LabState()

    def show(self, lab: LabState) -> None:
        self.lab = lab
        self.refresh()

    def render(self) -> Text:
        colours = palette.of_app(self.app)
        lab = self.lab
        left = Text.assemble((" org ", f"bold {colours.live}"), no_wrap=True, overflow="ellipsis")
        left.append(lab.lab, style=f"bold {colours.plain}")
        running = sum(1 for device in lab.devices if device.run)
        verdicts = lab.totals.verdicts
        for number, noun in (
            (running, "running"),
            (verdicts, figures.plural(verdicts, "verdict")),
            (lab.totals.merged, "merged"),
        ):
            left.append(f"  {number}", style=colours.plain).append(f" {noun}", style=colours.dim)
        if self.size.width >= 70:
            hours = lab.totals.device_seconds / 3600
            left.append(f"  {hours:.1f}", style=colours.plain).append(" device-hours", style=colours.dim)
        right = ("● live ", colours.good) if lab.connected else ("! no ledger ", colours.bad)
        left.append(" " * max(self.size.width - left.cell_len - len(right[0]), 1)).append(right[0], style=right[1])
        return left
