"""The device timeline in a terminal: one row a device, one character a stretch of time."""

import textwrap
from datetime import tzinfo

from rich.text import Text

from org.plots import cells
from org.plots.axes import counted
from org.plots.cells import TERMINAL, Cells, Inks, headline
from org.plots.devices import Row, Timeline, Use
from org.plots.devices_svg import BARS, clock, first_tick, idle_by_cause, share

SYMBOLS = {Use.RACE: "█", Use.BASELINE: "▓", Use.STUDY: "▒", Use.FRESH: "▚", Use.SCREEN: "▄", Use.TRY: "▞", Use.LOST: "!"}
LEFT, RIGHT = 9, 6  # columns for the names, and for the shares


def lines(found: Timeline, name: str, zone: tzinfo, width: int, height: int | None = None, inks: Inks = TERMINAL) -> list[Text]:
    """name: of the lab. zone: of the times. height: so many rows at most, the last devices left out; None: all of them."""
    since, until = found.since.astimezone(zone), found.until.astimezone(zone)
    busy = f" {share(found.busy)} busy" if found.busy is not None else ""
    head = headline(f"{name}: devices{busy}", f"   {since:%m-%d %H:%M} to {until:%m-%d %H:%M} {zone}", inks)
    if not found.rows:
        return [head, Text("No run was on a device in this time.", inks["ink"])]
    causes = ", ".join(f"{cause} {seconds / 3600:.1f} h" for cause, seconds in idle_by_cause(found)[:5])
    idle = textwrap.wrap(f"Idle device-hours: {causes}", max(width, 20)) if causes else []
    shown = found.rows if height is None else found.rows[: max(height - 5 - len(idle), 1)]
    canvas = Cells(width, len(shown) + 1)
    for number, row in enumerate(shown):
        _row(canvas, found, row, number)
    _times(canvas, found, zone)
    used = {s.use for row in found.rows for s in row.stretches}
    entries = [(SYMBOLS[use], use.value, BARS[use].colour) for use in Use if use in used] + [("·", "idle, cause known", "dim")]
    told = [Text(line, inks["ink"]) for line in idle]
    if len(shown) < len(found.rows):
        told.append(Text(f"{counted(len(found.rows) - len(shown), 'device')} more: a taller terminal", inks["dim"]))
    return [head, *canvas.lines(inks), *cells.legend(entries, width, inks), *told]


def _row(canvas: Cells, found: Timeline, row: Row, y: int) -> None:
    """A column shows what the device did in the middle of its time."""
    canvas.write(0, y, row.device[: LEFT - 1])
    columns = canvas.width - LEFT - RIGHT
    step = (found.until - found.since) / columns
    for gap in row.idle:
        for column in range(int((gap.begin - found.since) / step), min(int((gap.end - found.since) / step) + 1, columns)):
            canvas.put(LEFT + column, y, "·", "dim")
    for stretch in row.stretches:
        first = round((stretch.begin - found.since) / step)
        last = min(max(round((stretch.end - found.since) / step), first + 1), columns)
        for column in range(first, last):
            canvas.put(LEFT + column, y, SYMBOLS[stretch.use], BARS[stretch.use].colour)
    canvas.write(canvas.width - 5, y, f"{share(row.busy):>4}")


def _times(canvas: Cells, found: Timeline, zone: tzinfo) -> None:
    columns = canvas.width - LEFT - RIGHT
    at, step = first_tick(found, zone, max(columns // 9, 2))
    while at <= found.until:
        words = clock(at.astimezone(zone), step)
        column = LEFT + round((at - found.since) / (found.until - found.since) * columns)
        if column + len(words) <= canvas.width - RIGHT + 3:
            canvas.write(column, canvas.height - 1, words, "dim")
        at += step
