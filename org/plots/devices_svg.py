"""The device timeline as a picture."""

from collections import Counter
from datetime import datetime, timedelta, tzinfo

from org.plots.axes import counted, shortened
from org.plots.devices import Row, Timeline, Use
from org.plots.svg import Bars, Drawing, headline, legend

WIDTH, LEFT, RIGHT, TOP, ROW, BAR, LINE, FOOT = 1200.0, 130.0, 1096.0, 116.0, 34.0, 22.0, 4.0, 108.0
BARS = {
    Use.RACE: Bars("merged"), Use.BASELINE: Bars("second", ((0.45, 1.0),)), Use.STUDY: Bars("third", ((0.0, 0.55),)),
    Use.FRESH: Bars("fourth", ((0.0, 0.38), (0.62, 1.0))), Use.SCREEN: Bars("better", ((0.3, 0.7),)),
    Use.TRY: Bars("parked", ((0.0, 0.2), (0.4, 0.6), (0.8, 1.0))), Use.LOST: Bars("bad", ((0.0, 0.65), (0.8, 1.0))),
}  # fmt: skip
"""A colour and a shape each."""
STEPS_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200)
CAUSES = 5  # of idleness, named below


def draw(found: Timeline, name: str, zone: tzinfo) -> Drawing:
    """name: of the lab. zone: of the times."""
    bottom = TOP + ROW * max(len(found.rows), 4)
    drawing = Drawing(WIDTH, bottom + FOOT, f"Devices of {name}")
    since, until = found.since.astimezone(zone), found.until.astimezone(zone)
    headline(drawing, f"{name}: devices" + (f" {share(found.busy)} busy" if found.busy is not None else ""),
             f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}, {zone}")  # fmt: skip
    if not found.rows:
        drawing.text(WIDTH / 2, (TOP + bottom) / 2, "No run was on a device in this time.", 16, "dim", "middle")
        return drawing
    _axis(drawing, found, bottom, zone)
    for number, row in enumerate(found.rows):
        _row(drawing, found, row, TOP + ROW * number, zone)
    _below(drawing, found, bottom)
    return drawing


def share(part: float | None) -> str:
    """In per cent; a dash where nothing is known."""
    return "–" if part is None else f"{part:.0%}"


def _x(found: Timeline, at: datetime) -> float:
    return LEFT + (at - found.since) / (found.until - found.since) * (RIGHT - LEFT)


def _axis(drawing: Drawing, found: Timeline, bottom: float, zone: tzinfo) -> None:
    at, step = first_tick(found, zone, 9)
    while at <= found.until:
        x = _x(found, at)
        drawing.line((x, TOP - 6), (x, bottom), "grid")
        drawing.text(x, bottom + 16, clock(at.astimezone(zone), step), 12.5, "dim", "middle")
        at += step
    drawing.text(RIGHT + 64, TOP - 12, "busy", 12.5, "dim", "end")


def first_tick(found: Timeline, zone: tzinfo, count: int) -> tuple[datetime, timedelta]:
    """The first round time of the span in its timezone, and the step to the next."""
    span = found.until - found.since
    minutes = next((m for m in STEPS_MINUTES if span / timedelta(minutes=m) <= count), STEPS_MINUTES[-1])
    local = found.since.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=minutes)
    return midnight + step * -((midnight - local) // step), step


def clock(at: datetime, step: timedelta) -> str:
    """A tick's words: the time, and at midnight the day."""
    return f"{at:%m-%d}" if step >= timedelta(days=1) or (at.hour, at.minute) == (0, 0) else f"{at:%H:%M}"


def _row(drawing: Drawing, found: Timeline, row: Row, y: float, zone: tzinfo) -> None:
    drawing.text(LEFT - 14, y + BAR / 2 + 5, shortened(row.device, 12), 13.5, "ink", "end")
    drawing.box(LEFT, y, RIGHT - LEFT, BAR, "grid", opacity=0.55)
    for gap in row.idle:
        x, end = _x(found, gap.begin), _x(found, gap.end)
        if end - x >= 1.0:
            drawing.box(x, y + BAR - LINE, end - x, LINE, "discarded", f"idle {_times(gap.begin, gap.end, zone)}: {gap.cause}")
    for stretch in row.stretches:
        x, end = _x(found, stretch.begin), _x(found, stretch.end)
        hint = f"{stretch.use.value}, {_times(stretch.begin, stretch.end, zone)}, {counted(stretch.runs, 'run')}"
        drawing.bars(x, y, max(end - x, 0.8), BAR, BARS[stretch.use], hint)
    drawing.text(RIGHT + 64, y + BAR / 2 + 5, share(row.busy), 13.5, "ink", "end")


def _times(begin: datetime, end: datetime, zone: tzinfo) -> str:
    return f"{begin.astimezone(zone):%H:%M} to {end.astimezone(zone):%H:%M}"


def _below(drawing: Drawing, found: Timeline, bottom: float) -> None:
    used = Counter(s.use for row in found.rows for s in row.stretches)
    idle = Bars("discarded", ((1 - LINE / BAR, 1.0),))
    legend(drawing, bottom + 54, [*((BARS[use], use.value) for use in Use if used[use]), (idle, "idle, cause known")])
    causes = idle_by_cause(found)
    if causes:
        told = ", ".join(f"{cause} {seconds / 3600:.1f} h" for cause, seconds in causes[:CAUSES])
        drawing.text(28, bottom + 84, shortened(f"Idle device-hours: {told}", 150), 13, "dim")


def idle_by_cause(found: Timeline) -> list[tuple[str, float]]:
    """Seconds of all devices together, the largest first."""
    total: dict[str, float] = {}
    for row in found.rows:
        for gap in row.idle:
            total[gap.cause] = total.get(gap.cause, 0.0) + (gap.end - gap.begin).total_seconds()
    return sorted(total.items(), key=lambda item: -item[1])
