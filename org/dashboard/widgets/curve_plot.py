"""The plot: dots by verdict (symbol and colour), the head's staircase, and the noise around it."""

from collections.abc import Sequence

from textual import events
from textual_plotext import PlotextPlot

from org.dashboard import figures
from org.dashboard.curve import Curve, Dot
from org.dashboard.palette import Palette
from org.dashboard.symbols import EXPERIMENT, Sign
from org.model.experiment import IN_HEAD

FRAME_ROWS = 3  # two of the frame, one of numbers below
Colour = tuple[int, int, int]


class CurvePlot(PlotextPlot):
    """Redrawn when `draw` is called and when its size changes."""

    _drawn: tuple[Curve, Palette] | None = None

    def on_resize(self, event: events.Resize) -> None:
        if self._drawn is not None:
            self.draw(*self._drawn)

    def draw(self, curve: Curve, colours: Palette) -> None:
        """Noise lies under dots that were not kept, the staircase over those, what was merged over everything."""
        self._drawn = (curve, colours)
        self.plt.clear_figure()
        low, high = limits(curve)
        last = max([dot.x for dot in curve.dots], default=1)
        self._axes(low, high, last)
        kept = [dot for dot in curve.dots if dot.state in IN_HEAD]
        if curve.stairs:
            self._band(curve, last, low, high, colours)
        self._dots([dot for dot in curve.dots if dot.state not in IN_HEAD], curve, colours)
        if curve.stairs:
            self._stairs(curve, last, colours)
        self._dots(kept, curve, colours)
        self.refresh()

    def _axes(self, low: float, high: float, last: int) -> None:
        self.plt.xlim(0, last + 1)
        self.plt.ylim(low, high)
        xs = sorted({float(round(1 + (last - 1) * part / 4)) for part in range(5)})
        ys = [low + (high - low) * part / 4 for part in range(5)]
        self.plt.xticks(xs, [f"{x:.0f}" for x in xs])
        self.plt.yticks(ys, [f"{figures.metric(y)} " for y in ys])

    def _dots(self, dots: Sequence[Dot], curve: Curve, colours: Palette) -> None:
        low, high = limits(curve)
        for sign, same in by_sign(dots):
            ys = [_inside(dot.y, low, high, curve.higher_is_better) for dot in same]
            self.plt.scatter([dot.x for dot in same], ys, marker=sign.symbol, color=rgb(colours.of(sign.tone)))

    def _stairs(self, curve: Curve, last: int, colours: Palette) -> None:
        xs, ys = corners(curve, last)
        self.plt.plot(xs, ys, marker="braille", color=rgb(colours.live))

    def _band(self, curve: Curve, last: int, low: float, high: float, colours: Palette) -> None:
        """One sigma on either side, in whole rows of the terminal; nothing where it is less than one row."""
        rows = max(self.size.height - FRAME_ROWS, 2)
        away = round(curve.sigma / (high - low) * (rows - 1))
        xs, ys = corners(curve, last)
        for side in (-away, away) if away else ():
            levels = [row_beside(y, side, rows, low, high) for y in ys]
            self.plt.plot(xs, levels, marker="·", color=rgb(colours.dim))


def row_beside(level: float, side: int, rows: int, low: float, high: float) -> float:
    """The y of the row that lies `side` rows above the one in which the staircase is drawn at `level`.

    plotext places braille on a grid four times as fine, so its row is not the one that rounding gives."""
    row = round((level - low) / (high - low) * (4 * rows - 1)) // 4
    return low + (row + side) / (rows - 1) * (high - low)


def by_sign(dots: Sequence[Dot]) -> list[tuple[Sign, list[Dot]]]:
    """Dots of one symbol together; what is in a head comes last and lies on top."""
    groups: dict[Sign, list[Dot]] = {}
    for dot in sorted(dots, key=lambda dot: dot.state in IN_HEAD):
        groups.setdefault(EXPERIMENT[dot.state], []).append(dot)
    return list(groups.items())


def corners(curve: Curve, last: int) -> tuple[list[float], list[float]]:
    """The staircase as a line from 0 to last + 1."""
    xs: list[float] = []
    ys: list[float] = []
    for stair in curve.stairs:
        if ys:
            xs, ys = [*xs, stair.x], [*ys, ys[-1]]
        xs, ys = [*xs, stair.x], [*ys, stair.level]
    return [*xs, last + 1], [*ys, ys[-1]]


def limits(curve: Curve) -> tuple[float, float]:
    """The part of the y axis worth looking at: all heads and most dots. Dots beyond it are drawn at its edge."""
    values = sorted(dot.y for dot in curve.dots if dot.y is not None)
    levels = [stair.level for stair in curve.stairs]
    if curve.higher_is_better:
        values.reverse()
    most = values[: max(1, int(len(values) * 0.9))] + levels
    if not most:
        return 0.0, 1.0
    margin = max((max(most) - min(most)) * 0.06, curve.sigma * 2, abs(most[0]) * 1e-4)
    return min(most) - margin, max(most) + margin


def _inside(y: float | None, low: float, high: float, higher_is_better: bool) -> float:
    """Failed experiments and outliers lie at the bad edge."""
    bad = low if higher_is_better else high
    return bad if y is None else min(max(y, low), high)


def rgb(colour: str) -> Colour:
    """#rrggbb as plotext wants it."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
