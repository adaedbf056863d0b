"""The forest plot in a terminal."""

from rich.text import Text

from org.plots import cells
from org.plots.axes import Scale, label, shortened, ticks
from org.plots.cells import TERMINAL, Cells, Inks, headline
from org.plots.effects import Effect, Effects, Interval
from org.plots.kinds import KINDS

NUMBERS = 18  # columns of `+0.0184 ± 0.0014`
ID = 7


def lines(found: Effects, name: str, width: int, height: int, inks: Inks = TERMINAL) -> list[Text]:
    """name: of the lab. As many effects as fit into `height` rows, the misses included."""
    more = f"   gain in {found.metric}, positive is better"
    head = headline(f"{found.program or name}: effects and 95 % intervals", more, inks)
    if not found.effects:
        return [head, Text("No verdicts yet: the first effect appears with the first one.", inks["ink"])]
    shown = _fitting(found, max(height - 6, 5))
    used = {e.kind for e in shown}
    legend = [("━", "fresh seeds", "ink"), ("─", "runs that selected it", "dim")]
    legend += [(kind.symbol, kind.words, kind.colour) for kind in KINDS if kind in used]
    left_out = len(found.effects) - len(shown) + found.more_merged + found.more_missed
    told = [Text(f"{left_out} more: a taller terminal, or `org plot effects --to FILE.svg`", inks["dim"])] if left_out else []
    return [head, *_rows(found, shown, width).lines(inks), *cells.legend(legend, width, inks), *told]


def _fitting(found: Effects, rows: int) -> list[Effect]:
    """All when they fit; else the largest, with the nearest misses in the last quarter."""
    kept = [e for e in found.effects if e.kind.rank >= 6]
    missed = [e for e in found.effects if e.kind.rank < 6]
    few = min(len(missed), max(rows - len(kept), rows // 4))
    return kept[: rows - few] + missed[:few]


def _rows(found: Effects, shown: list[Effect], width: int) -> Cells:
    canvas = Cells(width, len(shown) + 1)
    words = max(min(34, width - ID - NUMBERS - 30), 8)
    ends = [end for e in shown for i in (e.raced, e.best) for end in (i.low, i.high)]
    scale = Scale(min(0.0, *ends), max(0.0, *ends) or 1e-9, ID + words + 1, max(width - NUMBERS - 2, ID + words + 12))
    for row, effect in enumerate(shown):
        canvas.write(0, row, effect.experiment)
        canvas.write(ID, row, shortened(effect.subject, words), "dim")
        canvas.put(round(scale(0.0)), row, "│", "dim")
        _bar(canvas, scale, row, effect.raced, "─", "dim")
        if effect.fresh is not None:
            _bar(canvas, scale, row, effect.fresh, "━", effect.kind.colour)
        canvas.put(round(scale.inside(effect.best.gain)), row, effect.kind.symbol, effect.kind.colour)
        canvas.write(width - NUMBERS, row, f"{effect.best.gain:+.4f} ± {effect.best.se:.4f}", "ink" if effect.fresh else "dim")
    marks = ticks(scale.low, scale.high, max(int(scale.end - scale.start) // 12, 2))
    for value in marks:
        text = label(value, marks)
        canvas.write(round(scale(value)) - len(text) // 2, len(shown), text, "dim")
    return canvas


def _bar(canvas: Cells, scale: Scale, row: int, told: Interval, character: str, colour: str) -> None:
    for column in range(round(scale.inside(told.low)), round(scale.inside(told.high)) + 1):
        canvas.put(column, row, character, colour)
