"""The progress plot in a terminal."""

from rich.text import Text

from org.plots import axes, cells, grid_text, kinds
from org.plots.axes import limits, ticks
from org.plots.cells import TERMINAL, Cells, Inks, headline
from org.plots.grid_text import Grid
from org.plots.progress import Progress, merged

MARK = "◆"


def lines(found: Progress, name: str, width: int, height: int, inks: Inks = TERMINAL) -> list[Text]:
    """name: of the lab. In at most `width` columns and about `height` rows, titles and legend included."""
    better = "higher" if found.higher_is_better else "lower"
    title = f"{found.program or name}: {axes.counted(len(found.dots), 'experiment')}, {len(merged(found))} merged"
    head = headline(title, f"   {found.metric}, {better} is better", inks)
    if not found.dots and not found.stairs:
        return [head, Text("No verdicts yet: the first dot appears with the first one (`org status`).", inks["ink"])]
    legend = cells.legend(_entries(found), width, inks)
    told = Text(fresh(found), inks["ink"])
    return [head, *field(found, width, max(height - len(legend) - 3, 8)).lines(inks), *legend, told]


def fresh(found: Progress) -> str:
    """Head against root, as far as it is known."""
    if found.fresh is not None:
        f = found.fresh
        return f"Head against root on {f.seeds} fresh seeds ({f.program}): {f.gain:+.4f} ± {f.se:.4f} {found.metric}."
    if found.root is None or found.head is None or found.root == found.head:
        return "The head is its root: nothing was merged."
    return f"Root {found.root:.4f}, head {found.head:.4f} by runs that also selected; fresh seeds have not compared them yet."


def field(found: Progress, width: int, height: int) -> Cells:
    """The plot alone, without its words."""
    must = [s.level for s in found.stairs] + ([found.fresh.root, found.fresh.head] if found.fresh else [])
    values = [d.y for d in found.dots if d.y is not None]
    ys = limits(values, must, 2 * found.sigma, found.higher_is_better)
    end = found.end + (1 if found.over == "experiments" else found.end * 0.02 + 1e-6)
    grid = grid_text.grid(width, height, (0.0, end), ys)
    marks = [x for x in ticks(0.0, found.end, max(width // 14, 2)) if found.over == "hours" or x == int(x)]
    grid_text.axes(grid, [(x, axes.label(x, marks) + (" h" if found.over == "hours" else "")) for x in marks])
    bad = grid.y.low if found.higher_is_better else grid.y.high
    placed = [(d.x, bad if d.y is None else d.y, d.kind) for d in found.dots]
    _band(grid, found)
    grid_text.dots(grid, [dot for dot in placed if dot[2].rank < kinds.MERGED.rank])
    _stairs(grid, found)
    grid_text.dots(grid, [dot for dot in placed if dot[2].rank >= kinds.MERGED.rank])
    _bracket(grid, found)
    return grid.cells


def _levels(grid: Grid, found: Progress) -> list[tuple[int, int, float]]:
    """From column, to column, level: each step of the staircase."""
    if not found.stairs:
        return []
    ends = [grid.column(s.x) for s in found.stairs[1:]] + [int(grid.x.end)]
    starts = [int(grid.x.start), *ends[:-1]]
    return [(a, b, s.level) for a, b, s in zip(starts, ends, found.stairs, strict=True)]


def _band(grid: Grid, found: Progress) -> None:
    if not found.sigma:
        return
    for begin, end, level in _levels(grid, found):
        rows = sorted((grid.row(level - found.sigma), grid.row(level + found.sigma)))
        for row in range(rows[0], rows[1] + 1):
            for column in range(begin, end + 1):
                grid.cells.put(column, row, "░", "band")


def _stairs(grid: Grid, found: Progress) -> None:
    before: int | None = None
    for begin, end, level in _levels(grid, found):
        row = grid.row(level)
        for column in range(begin, end + 1):
            grid.cells.put(column, row, "━", "head")
        if before is not None and before != row:
            down = row > before
            for between in range(min(before, row) + 1, max(before, row)):
                grid.cells.put(begin, between, "┃", "head")
            grid.cells.put(begin, before, "┓" if down else "┛", "head")
            grid.cells.put(begin, row, "┗" if down else "┏", "head")
        before = row
    _marks(grid, found)


def _marks(grid: Grid, found: Progress) -> None:
    """What moved the head without a dot of its own: a program's beginning, a revert, a stack, a new root."""
    for stair in found.stairs:
        if stair.why:
            grid.cells.put(grid.column(stair.x), grid.row(stair.level), MARK, "head")
            start = min(grid.column(stair.x) + 2, grid.cells.width - len(stair.why))
            if all(grid.cells.at(start + n, grid.row(stair.level) + 1) in " ░" for n in range(len(stair.why))):
                grid.cells.write(start, grid.row(stair.level) + 1, stair.why, "head")


def _bracket(grid: Grid, found: Progress) -> None:
    """At the right edge: from the root to the head on seeds that selected nothing."""
    if found.fresh is None:
        return
    top, bottom = sorted((grid.row(found.fresh.root), grid.row(found.fresh.head)))
    for row in range(top, bottom + 1):
        shape = "┤" if top == bottom else "┐" if row == top else "┘" if row == bottom else "│"
        grid.cells.put(grid.cells.width - 1, row, shape, "certified")


def _entries(found: Progress) -> list[tuple[str, str, str]]:
    entries = [("━", "head", "head")]
    if found.sigma:
        entries.append(("░", f"± σ of one run ({found.sigma:.2g})", "band"))
    if any(stair.why for stair in found.stairs):
        entries.append((MARK, "begun, out again, stack, root", "head"))
    if found.fresh is not None:
        entries.append(("┐", "on fresh seeds", "certified"))
    counts = [(kind, sum(d.kind is kind for d in found.dots)) for kind in kinds.KINDS]
    return entries + [(kind.symbol, f"{kind.words} {count}", kind.colour) for kind, count in counts if count]
