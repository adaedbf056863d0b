"""Tab 5: best so far. Left and right choose the program."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from org.dashboard import curve, figures
from org.dashboard.curve import Curve
from org.dashboard.state import LabState
from org.dashboard.widgets.curve_plot import CurvePlot, by_sign
from org.dashboard.widgets.view import View


class Plot(View):
    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Program before", tooltip="Show the program before this one"),
        Binding("right", "turn(1)", "Next program", tooltip="Show the next program; after the last: all together"),
    ]

    _program = 0  # 0: all, else the place among the programs that have verdicts

    def compose(self) -> ComposeResult:
        yield Static(id="plot-title")
        yield CurvePlot(id="curve")
        yield Static(id="plot-legend")

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is not None and was.points is lab.points and was.pools is lab.pools:
            return
        self._draw()

    def action_turn(self, step: int) -> None:
        self._program = (self._program + step) % (len(self._programs()) + 1)
        self._draw()

    def focus_main(self) -> None:
        self.focus()

    def _programs(self) -> list[str]:
        return [line.program.slug for line in self.lab.programs if line.tries]

    def _draw(self) -> None:
        programs = self._programs()
        program = programs[self._program - 1] if 0 < self._program <= len(programs) else None
        found = curve.of(self.lab, program)
        self.query_one(CurvePlot).draw(found, self.palette)
        self.query_one("#plot-title", Static).update(self._title(found, program))
        self.query_one("#plot-legend", Static).update(self._legend(found))

    def _title(self, found: Curve, program: str | None) -> Text:
        colours, setting = self.palette, self.lab.setting
        text = Text.assemble((program or "All programs", f"bold {colours.plain}"))
        better = "higher" if setting.higher_is_better else "lower"
        text.append(f"  {setting.metric}, {better} is better", style=colours.dim)
        if found.root is not None and found.head is not None:
            text.append(f"  root {figures.metric(found.root)} → head ", style=colours.plain)
            text.append(figures.metric(found.head), style=f"bold {colours.live}")
        if not found.dots:
            text.append("  no verdicts yet: the first dot appears with the first verdict", style=colours.dim)
        return text

    def _legend(self, found: Curve) -> Text:
        colours = self.palette
        text = Text.assemble(("━ head", colours.live))
        if found.sigma:
            text.append(f"   · ± σ of a run ({found.sigma:.2g})", style=colours.dim)
        for sign, dots in reversed(by_sign(found.dots)):
            text.append(f"   {sign.symbol} {sign.words} {len(dots)}".replace(" ", " "), style=colours.of(sign.tone))
        return text
