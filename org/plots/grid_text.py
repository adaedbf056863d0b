"""What the two plots with a y axis share in a terminal: axes in characters, dots, and the places of values."""

from collections.abc import Sequence
from dataclasses import dataclass

from org.plots.axes import Scale, label, ticks
from org.plots.cells import Cells
from org.plots.kinds import Kind

MARGIN, FOOT = 10, 2  # columns for the y axis' numbers, rows for the x axis


@dataclass(frozen=True, slots=True)
class Grid:
    """A box of cells with scales."""

    cells: Cells
    x: Scale
    y: Scale

    def column(self, value: float) -> int:
        return round(self.x.inside(value))

    def row(self, value: float) -> int:
        return round(self.y.inside(value))


def grid(width: int, height: int, xs: tuple[float, float], ys: tuple[float, float]) -> Grid:
    """xs, ys: the ends of the axes."""
    cells = Cells(width, height)
    return Grid(cells, Scale(*xs, MARGIN + 1, width - 1), Scale(*ys, height - FOOT - 1, 0))


def axes(grid: Grid, words: Sequence[tuple[float, str]]) -> None:
    """words: of the x axis, by value. Ticks of y are chosen."""
    cells, bottom = grid.cells, int(grid.y.start)
    marks = ticks(grid.y.low, grid.y.high, max((bottom + 1) // 4, 3))
    for row in range(bottom + 1):
        cells.put(MARGIN, row, "│", "dim")
    for value in marks:
        cells.write(MARGIN - 1 - len(label(value, marks)), grid.row(value), label(value, marks), "dim")
        cells.put(MARGIN, grid.row(value), "┤", "dim")
    cells.write(MARGIN, bottom + 1, "└" + "─" * (cells.width - MARGIN - 1), "dim")
    for value, text in words:
        column = grid.column(value)
        cells.put(column, bottom + 1, "┬", "dim")
        cells.write(min(max(column - len(text) // 2, MARGIN), cells.width - len(text)), bottom + 2, text, "dim")


def dots(grid: Grid, found: Sequence[tuple[float, float, Kind]]) -> None:
    """(x, y, kind); where several share a cell, the one that matters most shows."""
    shown: dict[tuple[int, int], Kind] = {}
    places = zip(grid.x.cells(dot[0] for dot in found), grid.y.cells(dot[1] for dot in found), strict=True)
    for place, (_, _, kind) in zip(places, found, strict=True):
        if place not in shown or shown[place].rank < kind.rank:
            shown[place] = kind
    for (x, y), kind in shown.items():
        grid.cells.put(x, y, kind.symbol, kind.colour)
