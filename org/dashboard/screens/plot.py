"""Tab 5: the plots of `org plot`, following the lab: up and down choose the plot, left and right the program."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from org.dashboard import drawings, palette, state
from org.dashboard.state import LabState, Picture
from org.dashboard.state import Plot as Kind
from org.dashboard.widgets.choices import Choices
from org.dashboard.widgets.plot_lines import PlotLines
from org.dashboard.widgets.view import View


class Plot(View):
    class Asked(Message):
        """Another plot is wanted."""

    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "plot(-1)", "Plot before", show=False, tooltip="The plot before this one"),
        Binding("down,space", "plot(1)", "Next plot", show=False, tooltip="Progress, effects, loss against compute, devices"),
        Binding("left", "turn(-1)", "Program before", show=False, tooltip="The program before this one"),
        Binding("right", "turn(1)", "Next program", show=False, tooltip="The next program; after the last: all together"),
    ]

    asked_for = state.Asked()

    def compose(self) -> ComposeResult:
        yield Choices([kind.value for kind in Kind], id="plot-kinds")
        yield PlotLines(id="plot-lines")

    def show(self, was: LabState | None, lab: LabState) -> None:
        self._say()
        if lab.picture is not None and (was is None or was.picture is not lab.picture):
            self._draw(lab.picture)

    def action_plot(self, step: int) -> None:
        kinds = list(Kind)
        self._want(state.Asked(kinds[(kinds.index(self.asked_for.plot) + step) % len(kinds)], self.asked_for.program))

    def action_turn(self, step: int) -> None:
        names: list[str | None] = [None, *(line.program.slug for line in self.lab.programs if line.tries)]
        at = names.index(self.asked_for.program) if self.asked_for.program in names else 0
        self._want(state.Asked(self.asked_for.plot, names[(at + step) % len(names)]))

    @on(Choices.Chosen)
    def _chosen(self, event: Choices.Chosen) -> None:
        self._want(state.Asked(Kind(event.name), self.asked_for.program))
        self.focus()

    def focus_main(self) -> None:
        self.focus()

    def _want(self, asked: state.Asked) -> None:
        self.asked_for = asked
        self._say()
        self.post_message(self.Asked())

    def _say(self) -> None:
        """Which plot, of what, and how to see another."""
        devices = self.asked_for.plot is Kind.DEVICES
        of = "the whole lab" if devices else self.asked_for.program or "all programs"
        keys = "↑↓ plot" + ("" if devices else "  ←→ program")
        self.query_one(Choices).show(self.asked_for.plot.value, f" │ {of}  {keys}")

    def _draw(self, picture: Picture) -> None:
        lab, inks = self.lab, palette.inks(self.app)
        self.query_one(PlotLines).draw(lambda width, height: drawings.lines(picture, lab, width, height, inks))
