"""The progress plot as a picture."""

from collections.abc import Sequence
from itertools import pairwise

from org.plots import axes, kinds
from org.plots.axes import Scale, limits, shortened, ticks
from org.plots.progress import Bracket, Dot, Progress, merged
from org.plots.stairs import Stair
from org.plots.svg import Drawing, Frame, Point, headline, legend, width_of
from org.plots.svg import axes as draw_axes

WIDTH, HEIGHT = 1200.0, 675.0
LEFT, RIGHT, TOP, BOTTOM = 84.0, 1000.0, 112.0, 560.0
NAMED = 14  # merges that get their name, at most
LETTERS = 34  # of a name


def draw(found: Progress, name: str) -> Drawing:
    """name: of the lab."""
    drawing = Drawing(WIDTH, HEIGHT, f"Progress of {found.program or name}: {found.metric} by experiment")
    title = f"{found.program or name}: {axes.counted(len(found.dots), 'experiment')}, {len(merged(found))} merged"
    better = "higher" if found.higher_is_better else "lower"
    headline(drawing, title, f"{found.metric}, {better} is better. A dot is the mean of an experiment's runs.{_gain(found)}")
    if not found.dots and not found.stairs:
        drawing.text(WIDTH / 2, HEIGHT / 2, "The first dot appears with the first verdict.", 16, "dim", "middle")
        return drawing
    frame = _frame(found)
    ys = ticks(frame.y.low, frame.y.high, 6)
    draw_axes(drawing, frame, _x_ticks(found), ys, _x_title(found), found.metric)
    _band(drawing, frame, found)
    _dots(drawing, frame, [d for d in found.dots if d.kind.rank < kinds.MERGED.rank], found)
    drawing.path(_corners(found.stairs, frame), "head", 3)
    _dots(drawing, frame, [d for d in found.dots if d.kind.rank >= kinds.MERGED.rank], found)
    _names(drawing, frame, found)
    _marks(drawing, frame, found)
    _levels(drawing, frame, found)
    _legend(drawing, found)
    return drawing


def _gain(found: Progress) -> str:
    if found.root is None or found.head is None or found.root == found.head:
        return ""
    return f" Root {found.root:.4f} → head {found.head:.4f}, by runs that also selected."


def _frame(found: Progress) -> Frame:
    must = [s.level for s in found.stairs]
    if found.fresh is not None:
        must += [found.fresh.root, found.fresh.head]
    values = [d.y for d in found.dots if d.y is not None]
    low, high = limits(values, must, 2 * found.sigma, found.higher_is_better)
    span = found.end + (1 if found.over == "experiments" else found.end * 0.02 + 1e-6)
    return Frame(Scale(0.0, span, LEFT, RIGHT), Scale(low, high, BOTTOM, TOP))


def _x_ticks(found: Progress) -> list[tuple[float, str]]:
    marks = [x for x in ticks(0.0, found.end, 8) if found.over == "hours" or x == int(x)]
    return [(x, axes.label(x, marks)) for x in marks]


def _x_title(found: Progress) -> str:
    return "device-hours of the lab" if found.over == "hours" else "experiments in the order of their verdicts"


def _band(drawing: Drawing, frame: Frame, found: Progress) -> None:
    """± σ of one run around the head: a dot in it says nothing."""
    if not found.sigma or not found.stairs:
        return
    upper = _corners([Stair(s.x, s.level + found.sigma) for s in found.stairs], frame)
    lower = _corners([Stair(s.x, s.level - found.sigma) for s in found.stairs], frame)
    drawing.area([*upper, *reversed(lower)], "band", 0.75)


def _dots(drawing: Drawing, frame: Frame, dots: Sequence[Dot], found: Progress) -> None:
    many, crowd = len(found.dots) > 250, len(found.dots) > 1500
    small = 2.6 if crowd else 3.6
    if crowd:  # no pointer finds one of so many
        plain = [(frame.x(d.x), frame.y.inside(d.y)) for d in dots if d.kind is kinds.DISCARDED and d.y is not None]
        drawing.crosses(plain, 2.4, kinds.DISCARDED.colour)
        dots = [d for d in dots if d.kind is not kinds.DISCARDED or d.y is None]
    bad = frame.y.low if found.higher_is_better else frame.y.high
    for dot in sorted(dots, key=lambda d: d.kind.rank):
        y = frame.y.inside(bad if dot.y is None else dot.y)
        kept = dot.kind.rank >= kinds.MERGED.rank
        size = (6.0 if kept else small) if many else (7.0 if kept else 5.0)
        value = "no value" if dot.y is None else f"{dot.y:.4f}"
        drawing.mark(frame.x(dot.x), y, dot.kind, size, f"{dot.experiment} {dot.subject}: {dot.kind.words}, {value}")


def _corners(stairs: Sequence[Stair], frame: Frame) -> list[Point]:
    points: list[Point] = []
    for stair in stairs:
        if points:
            points.append((frame.x(stair.x), points[-1][1]))
        points.append((frame.x(stair.x), frame.y(stair.level)))
    return [*points, (frame.right, points[-1][1])] if points else []


def _names(drawing: Drawing, frame: Frame, found: Progress) -> None:
    """The largest merges by name, on the side of the staircase where no dots are; where there is no room, none."""
    better = -1.0 if found.higher_is_better else 1.0  # down the page
    taken = [_around(frame, d) for d in found.dots if d.kind.rank >= kinds.MERGED.rank and d.y is not None]
    taken += [_of_line(a, b) for a, b in pairwise(_corners(found.stairs, frame))]
    names: list[Box] = []
    moved = {stair.x for stair in found.stairs}
    for dot in sorted(merged(found), key=lambda d: d.x not in moved):
        if dot.y is None or len(names) == NAMED:
            continue
        words = shortened(f"{dot.experiment} {dot.subject}", LETTERS)
        x, y = frame.x(dot.x), frame.y.inside(dot.y)
        wide = width_of(words, 11.5)
        lefts = [(x - wide - 9, y + better * lift) for lift in (13, 27, 41, 55)]
        for left, middle in lefts + [(x + 9, y + better * lift) for lift in (17, 31, 45, 59)]:
            box = (left, middle - 7, left + wide, middle + 7)
            end = (left + wide if left < x else left, middle)
            lead = [_of_line(point, point) for point in _between((x, y), end)]
            inside = left > frame.left and box[2] < frame.right and frame.top < middle < frame.bottom - 8
            if inside and not _hits(box, taken) and not any(_hits(part, names) for part in lead):
                names.append(box)
                taken += [box, *lead]
                drawing.line((x, y), end, "dim", 0.6)
                drawing.text(left, middle + 4, words, 11.5, halo=True)
                break


def _between(a: Point, b: Point) -> list[Point]:
    """Points on the way from a to b."""
    return [(a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part) for part in (0.2, 0.4, 0.6, 0.8)]


Box = tuple[float, float, float, float]


def _around(frame: Frame, dot: Dot) -> Box:
    x, y = frame.x(dot.x), frame.y.inside(dot.y or 0.0)
    return x - 6, y - 6, x + 6, y + 6


def _of_line(a: Point, b: Point) -> Box:
    return min(a[0], b[0]) - 2, min(a[1], b[1]) - 2, max(a[0], b[0]) + 2, max(a[1], b[1]) + 2


def _hits(box: Box, others: Sequence[Box]) -> bool:
    return any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in others)


def _marks(drawing: Drawing, frame: Frame, found: Progress) -> None:
    """What moved the head without a dot of its own: a program's beginning, a revert, a stack, a new root."""
    for stair in found.stairs:
        if stair.why:
            x, y = frame.x(stair.x), frame.y(stair.level)
            drawing.box(x - 3.5, y - 3.5, 7, 7, "head", stair.why)
            left = min(x + 7, frame.right - width_of(stair.why, 11.5))
            drawing.text(left, y + (-8 if found.higher_is_better else 16), stair.why, 11.5, "head", halo=True)


def _levels(drawing: Drawing, frame: Frame, found: Progress) -> None:
    """To the right: where the head is; and head against root on fresh seeds, with its error, as a bracket."""
    if found.fresh is None:
        if found.head is not None:
            drawing.text(frame.right + 10, frame.y(found.head) + 4, f"head {found.head:.4f}", 12.5, "head", weight=600)
            drawing.text(frame.right + 10, frame.y(found.head) + 20, "not yet measured", 11.5, "dim")
            drawing.text(frame.right + 10, frame.y(found.head) + 34, "on fresh seeds", 11.5, "dim")
        return
    _bracket(drawing, frame, found.fresh)


def _bracket(drawing: Drawing, frame: Frame, fresh: Bracket) -> None:
    x, root, head = frame.right + 16, frame.y.inside(fresh.root), frame.y.inside(fresh.head)
    drawing.path([(x - 6, root), (x, root), (x, head), (x - 6, head)], "certified", 2.2)
    one = abs(frame.y(fresh.head + fresh.se) - frame.y(fresh.head))
    drawing.line((x, head - one), (x, head + one), "certified", 6)
    drawing.text(x + 12, root + 4, f"root {fresh.root:.4f}", 12.5, "dim")
    drawing.text(x + 12, head + 4, f"head {fresh.head:.4f}", 12.5, "dim")
    middle = (root + head) / 2
    if abs(root - head) < 70:
        middle = max(root, head) + 44
    drawing.text(x + 12, middle - 10, f"{fresh.gain:+.4f} ± {fresh.se:.4f}", 14.5, "ink", weight=600)
    for line, words in enumerate((fresh.program, f"on {fresh.seeds} fresh seeds", "that selected nothing")):
        drawing.text(x + 12, middle + 7 + 15 * line, words, 12, "dim")


def _legend(drawing: Drawing, found: Progress) -> None:
    entries: list[tuple[kinds.Kind | str, str]] = [("head", "head")]
    if found.sigma:
        entries.append(("band", f"± σ of one run ({found.sigma:.2g})"))
    counts = [(kind, sum(d.kind is kind for d in found.dots)) for kind in kinds.KINDS]
    entries += [(kind, f"{kind.words} {count}") for kind, count in counts if count]
    legend(drawing, HEIGHT - 28, entries)
