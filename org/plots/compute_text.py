"""Loss against compute in a terminal."""

import textwrap
from itertools import pairwise

from rich.text import Text

from org.plots import axes, cells, grid_text
from org.plots.axes import limits, ticks
from org.plots.cells import TERMINAL, Inks, headline
from org.plots.compute import Compute
from org.plots.compute_svg import BASE, caption, unit_of, x_title
from org.plots.grid_text import Grid
from org.plots.kinds import KINDS


def lines(found: Compute, name: str, width: int, height: int, inks: Inks = TERMINAL) -> list[Text]:
    """name: of the lab."""
    head = headline(f"{found.program or name}: {found.metric} against compute", "", inks)
    if not found.base:
        return [head, Text(f"{found.why[0].upper()}{found.why[1:]}.", inks["ink"])]
    legend = cells.legend(_entries(found), width, inks)
    words = [Text(line, inks["dim"]) for line in textwrap.wrap(caption(found), max(width, 20))]
    grid = _grid(found, width, max(height - len(legend) - len(words) - 2, 8))
    return [head, *words, *grid.cells.lines(inks), *legend]


def _grid(found: Compute, width: int, height: int) -> Grid:
    base = [*found.base, *found.others]
    must = [p.y for p in base] + [b.y for b in found.curve]
    ys = limits([c.at.y for c in found.candidates], must, 0.0, found.higher_is_better)
    flops = [p.flops for p in base] + [c.at.flops for c in found.candidates]
    more = (max(flops) - min(flops)) * 0.05 or max(flops) * 0.1
    grid = grid_text.grid(width, height, (min(flops) - more, max(flops) + more), ys)
    unit = unit_of(found)
    marks = ticks(grid.x.low / unit, grid.x.high / unit, max(width // 16, 2))
    grid_text.axes(grid, [(x * unit, axes.label(x, marks)) for x in marks])
    level = [(b.flops, b.y) for b in found.curve] or [(x, _mean(found)) for x in (grid.x.low, grid.x.high)]
    _line(grid, level)
    grid_text.dots(grid, [(p.flops, p.y, BASE) for p in base] + [(c.at.flops, c.at.y, c.kind) for c in found.candidates])
    return grid


def _line(grid: Grid, points: list[tuple[float, float]]) -> None:
    """Straight from point to point, one cell a column."""
    for (x1, y1), (x2, y2) in pairwise(points):
        first, last = grid.column(x1), grid.column(x2)
        for column in range(first, last + 1):
            share = (column - first) / max(last - first, 1)
            grid.cells.put(column, grid.row(y1 + share * (y2 - y1)), "━", "head")


def _mean(found: Compute) -> float:
    return sum(p.y for p in found.base) / len(found.base)


def _entries(found: Compute) -> list[tuple[str, str, str]]:
    line = "the baseline's curve" if found.curve else "the baseline's level"
    runs = len(found.base) + len(found.others)
    entries = [("━", line, "head"), (BASE.symbol, f"runs of the baseline {runs}", "dim")]
    counts = [(kind, sum(c.kind is kind for c in found.candidates)) for kind in KINDS]
    return entries + [(kind.symbol, f"{kind.words} {count}", kind.colour) for kind, count in counts if count] + [
        ("x", x_title(found), "dim")
    ]  # fmt: skip
