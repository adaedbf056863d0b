"""The forest plot as a picture."""

from org.plots.axes import Scale, label, shortened, ticks
from org.plots.effects import Effect, Effects, Interval
from org.plots.kinds import CERTIFIED, KINDS, MERGED
from org.plots.svg import Drawing, Frame, headline, legend

WIDTH, LEFT, RIGHT, TOP, ROW, FOOT = 1200.0, 410.0, 830.0, 116.0, 25.0, 96.0
LETTERS = 42  # of a subject


def draw(found: Effects, name: str) -> Drawing:
    """name: of the lab. As high as it has rows."""
    rows = _rows(found)
    bottom = TOP + ROW * max(len(rows), 6)
    drawing = Drawing(WIDTH, bottom + FOOT, f"Effects of {found.program or name}")
    headline(drawing, f"{found.program or name}: effects and their 95 % intervals",
             f"Gain in {found.metric}, positive is better. Thick: fresh seeds that selected nothing. Thin: the runs that "
             "selected it, which flatter.")  # fmt: skip
    if not found.effects:
        drawing.text(WIDTH / 2, (TOP + bottom) / 2, "The first effect appears with the first verdict.", 16, "dim", "middle")
        return drawing
    frame = _frame(found, bottom)
    _axis(drawing, frame)
    for number, row in enumerate(rows):
        y = TOP + ROW * (number + 0.5)
        if isinstance(row, str):
            drawing.text(28, y + 5, row, 13, "dim", weight=600)
        else:
            _row(drawing, frame, row, y)
    legend(drawing, bottom + FOOT - 24, [(kind, kind.words) for kind in KINDS if any(e.kind is kind for e in found.effects)])
    return drawing


def _rows(found: Effects) -> list[str | Effect]:
    """Effects under the headings of their groups."""
    kept = [e for e in found.effects if e.kind in (CERTIFIED, MERGED)]
    missed = [e for e in found.effects if e.kind not in (CERTIFIED, MERGED)]
    rows: list[str | Effect] = []
    if kept:
        rows += ["In a head" + (f" (and {found.more_merged} smaller ones)" if found.more_merged else ""), *kept]
    if missed:
        of = f" (of {len(missed) + found.more_missed} that looked better)" if found.more_missed else ""
        rows += [f"Nearest misses{of}", *missed]
    return rows


def _frame(found: Effects, bottom: float) -> Frame:
    ends = [end for e in found.effects for i in (e.raced, e.fresh or e.raced) for end in (i.low, i.high)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    margin = (high - low) * 0.04 or 1e-6
    return Frame(Scale(low - margin, high + margin, LEFT, RIGHT), Scale(0.0, 1.0, bottom, TOP))


def _axis(drawing: Drawing, frame: Frame) -> None:
    marks = ticks(frame.x.low, frame.x.high, 7)
    for x in marks:
        drawing.line((frame.x(x), frame.top), (frame.x(x), frame.bottom), "grid")
        drawing.text(frame.x(x), frame.bottom + 20, label(x, marks), 12.5, "dim", "middle")
    drawing.line((frame.x(0.0), frame.top), (frame.x(0.0), frame.bottom), "ink", 1.2)
    drawing.text(frame.right + 24, frame.top - 8, "gain ± standard error", 12.5, "dim")
    drawing.text(frame.right + 190, frame.top - 8, "label", 12.5, "dim")


def _row(drawing: Drawing, frame: Frame, effect: Effect, y: float) -> None:
    drawing.text(34, y + 4.5, effect.experiment, 13, weight=600)
    drawing.text(92, y + 4.5, shortened(effect.subject, LETTERS), 13)
    raced_y = y + 5 if effect.fresh is not None else y
    _interval(drawing, frame, effect.raced, raced_y, "dim", 1.2)
    drawing.line((frame.x(effect.shrunk), raced_y - 4), (frame.x(effect.shrunk), raced_y + 4), "dim", 1.2)
    if effect.fresh is not None:
        _interval(drawing, frame, effect.fresh, y - 3, effect.kind.colour, 3.2)
    drawing.mark(frame.x(effect.best.gain), y - 3 if effect.fresh is not None else y, effect.kind, 5.5)
    told = effect.best
    drawing.text(frame.right + 24, y + 4.5, f"{told.gain:+.4f} ± {told.se:.4f}", 13, "ink" if effect.fresh else "dim")
    drawing.text(frame.right + 190, y + 4.5, effect.label or "–", 12, "dim")


def _interval(drawing: Drawing, frame: Frame, told: Interval, y: float, colour: str, width: float) -> None:
    drawing.line((frame.x(told.low), y), (frame.x(told.high), y), colour, width)
