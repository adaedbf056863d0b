"""Loss against compute as a picture."""

from org.plots import axes
from org.plots.axes import Scale, limits, shortened, ticks
from org.plots.compute import Candidate, Compute, Point
from org.plots.kinds import KINDS, MERGED, Kind
from org.plots.svg import Drawing, Frame, headline, legend, width_of
from org.plots.svg import axes as draw_axes

WIDTH, HEIGHT = 1200.0, 675.0
LEFT, RIGHT, TOP, BOTTOM = 84.0, 1160.0, 112.0, 560.0
NAMED, LETTERS = 12, 34
_SUPER = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def draw(found: Compute, name: str) -> Drawing:
    """name: of the lab."""
    drawing = Drawing(WIDTH, HEIGHT, f"{found.metric} against compute: {found.program or name}")
    of = f"{found.program or name}: {found.metric} against compute"
    headline(drawing, of, caption(found))
    if not found.base:
        drawing.text(WIDTH / 2, HEIGHT / 2, f"{found.why[0].upper()}{found.why[1:]}.", 16, "dim", "middle")
        return drawing
    frame, unit = _frame(found), unit_of(found)
    ys, xs = ticks(frame.y.low, frame.y.high, 6), ticks(frame.x.low / unit, frame.x.high / unit, 7)
    words = [(x * unit, axes.label(x, xs)) for x in xs]
    draw_axes(drawing, frame, words, ys, x_title(found), found.metric)
    _curve(drawing, frame, found)
    for point in (*found.base, *found.others):
        drawing.mark(frame.x(point.flops), frame.y.inside(point.y), BASE, 3.4)
    for candidate in sorted(found.candidates, key=lambda c: c.kind.rank):
        _candidate(drawing, frame, candidate, found)
    _names(drawing, frame, found)
    _legend(drawing, found)
    return drawing


def caption(found: Compute) -> str:
    """How to read it."""
    better, side = ("higher", "above") if found.higher_is_better else ("lower", "below")
    if found.curve:
        return f"{found.metric}, {better} is better. What lies {side} the baseline's band is not explained by compute."
    return f"{found.metric}, {better} is better. " + (f"{found.why[0].upper()}{found.why[1:]}." if found.base else "")


BASE = Kind("run of the baseline", "·", MERGED.shape, "dim", 0)


def _frame(found: Compute) -> Frame:
    ends = [end for b in found.curve for end in (b.y - 2 * b.se, b.y + 2 * b.se)]
    base = [*found.base, *found.others]
    low, high = limits([c.at.y for c in found.candidates], [p.y for p in base] + ends, 0.0, found.higher_is_better)
    flops = [p.flops for p in base] + [c.at.flops for c in found.candidates]
    least, most = min(flops), max(flops)
    more = (most - least) * 0.08 or most * 0.1
    return Frame(Scale(least - more, most + more, LEFT, RIGHT), Scale(low, high, BOTTOM, TOP))


def unit_of(found: Compute) -> float:
    """The power of ten that the axis counts in."""
    return 10.0 ** int(f"{found.base[0].flops:e}".partition("e")[2])


def x_title(found: Compute) -> str:
    return "training FLOPs of one run, × 10" + f"{unit_of(found):e}".partition("e")[2].lstrip("+0").translate(_SUPER)


def _curve(drawing: Drawing, frame: Frame, found: Compute) -> None:
    if found.curve:
        upper = [(frame.x(b.flops), frame.y(b.y + 2 * b.se)) for b in found.curve]
        lower = [(frame.x(b.flops), frame.y(b.y - 2 * b.se)) for b in found.curve]
        drawing.area([*upper, *reversed(lower)], "band", 0.75)
        drawing.path([(frame.x(b.flops), frame.y(b.y)) for b in found.curve], "head", 3)
        return
    level = frame.y(_mean(found.base))
    drawing.line((frame.left, level), (frame.right, level), "head", 2, "6 5")


def _candidate(drawing: Drawing, frame: Frame, c: Candidate, found: Compute) -> None:
    x, y = frame.x(c.at.flops), frame.y.inside(c.at.y)
    one = abs(frame.y(c.at.y + c.se) - frame.y(c.at.y))
    kept = c.kind.rank >= MERGED.rank
    if kept:
        drawing.line((x, y - one), (x, y + one), c.kind.colour, 2)
    at = f"{c.at.y:.4f} ± {c.se:.4f} at {c.at.flops:.3g} FLOPs"
    hint = f"{c.experiment} {c.subject}: {c.kind.words}, {at}, {c.label or 'no label'}"
    drawing.mark(x, y, c.kind, 7 if kept else 4.6, hint)


def _names(drawing: Drawing, frame: Frame, found: Compute) -> None:
    """What was kept, by name and label."""
    taken: list[float] = []
    kept = sorted((c for c in found.candidates if c.kind.rank >= MERGED.rank), key=lambda c: frame.y(c.at.y))
    for c in kept[:NAMED]:
        words = f"{c.experiment} {shortened(c.subject, LETTERS)}" + (f" · {c.label}" if c.label else "")
        x, y = frame.x(c.at.flops), frame.y.inside(c.at.y)
        while any(abs(y - other) < 15 for other in taken):
            y += 15
        taken.append(y)
        right = _is_better_right(frame, found, x, y, width_of(words, 12) + 14)
        drawing.text(x + 13 if right else x - 13, y + 4, words, 12, anchor="start" if right else "end", halo=True)


def _is_better_right(frame: Frame, found: Compute, x: float, y: float, wide: float) -> bool:
    """Whether words of that width have room at the right of a dot, and do not lie on the curve; else they go to the left."""
    fits = x + wide < frame.right, x - wide > frame.left
    points = [(frame.x(b.flops), frame.y(b.y)) for b in found.curve]
    free = [not any(left < at < left + wide and abs(height - y) < 10 for at, height in points) for left in (x, x - wide)]
    return fits[0] and (free[0] or not (fits[1] and free[1]))


def _legend(drawing: Drawing, found: Compute) -> None:
    entries: list[tuple[Kind | str, str]] = []
    if found.curve:
        entries += [("head", "the baseline's curve"), ("band", "± 2 standard errors")]
    else:
        entries.append(("head", "the baseline's level"))
    entries.append((BASE, f"runs of the baseline {len(found.base) + len(found.others)}"))
    counts = [(kind, sum(c.kind is kind for c in found.candidates)) for kind in KINDS]
    legend(drawing, HEIGHT - 28, entries + [(kind, f"{kind.words} {count}") for kind, count in counts if count])


def _mean(points: tuple[Point, ...]) -> float:
    return sum(p.y for p in points) / len(points)
