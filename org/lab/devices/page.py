"""The device timeline as people see it: one line a device, a chart of letters, the standup's section."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from org.comms.figures import span, table
from org.lab.devices import reading as timeline_read
from org.lab.devices.reading import DeviceTime, Stretch
from org.lab.lab import Lab
from org.model.idle import Cause
from org.runs.devices import models

LETTERS = {
    "race": "R", "re-check": "K", "baseline": "B", "fresh seed": "F", "screen": "S", "screen baseline": "s", "certificate": "C",
    "curve": "U", "noise": "N", "sweep": "W", "sentinel": "D", "stack": "T", "ablation": "A", "rung": "G", "revert": "V",
    "headline": "H",
}  # fmt: skip
SIGNS = {
    Cause.TRY: "Y", Cause.NOTHING: "·", Cause.STARTING: "^", Cause.RATE_LIMIT: "r", Cause.LIMIT: "l", Cause.PAUSED: "p",
    Cause.ANSWER: "w", Cause.DISK: "d", Cause.BROKEN: "x", Cause.DRIFT: "z", Cause.GANG: "g", Cause.MISMATCH: "m",
    Cause.FOREIGN: "f", Cause.STOPPING: "v", Cause.STOPPED: "_", Cause.DOWN: "?",
}  # fmt: skip
OTHER, UNKNOWN = "Z", " "  # a study without a letter; before the lab, or without a word in the ledger
COLUMNS = 72
HOUR = 3600.0


def chart(times: Sequence[DeviceTime], since: datetime, until: datetime, zone: tzinfo = UTC, columns: int = COLUMNS) -> str:
    """One row a device, one letter for each stretch of time: what filled most of it. A legend of the letters used."""
    width = max((len(time.device) for time in times), default=0)
    rows = [(time.device, _letters(time, since, until, columns)) for time in times]
    lines = [f"{device.ljust(width)}  {letters}".rstrip() for device, letters in rows]
    axis = f"{since.astimezone(zone):%m-%d %H:%M}".ljust(max(columns - 5, 12)) + f"{until.astimezone(zone):%H:%M}"
    used = set("".join(letters for _, letters in rows))
    legend = [f"{letter} {name}" for name, letter in LETTERS.items() if letter in used]
    legend += [f"{OTHER} study"] if OTHER in used else []
    legend += [f"{sign} {cause.value}" for cause, sign in SIGNS.items() if sign in used]
    each = (until - since) / columns
    told = f"a column is {span(each.total_seconds())}; times in {zone}"
    return "\n".join([*lines, f"{' ' * width}  {axis}", "", "  ".join([*legend, told])])


def hours_by_cause(time: DeviceTime) -> str:
    """`0.4 h: nothing proposed 0.3, rate limit 0.1`; "" where it never idled."""
    total = sum(time.idle_seconds.values())
    parts = ", ".join(f"{cause.value} {_hours(seconds)}" for cause, seconds in time.idle_seconds.items())
    return f"{_hours(total)} h: {parts}" if parts else ""


def section(lab: Lab, since: datetime | None, now: datetime) -> str:
    """The standup's section: how busy the devices were, idle device-hours by cause and what they cost; "" before anything
    is known."""
    con = lab.ledger.reader
    begin = since or timeline_read.began(con)
    if begin is None or begin >= now:
        return ""
    times = timeline_read.read(con, [device.name for device in lab.devices], begin, now)
    all_ = timeline_read.of_all(times)
    if all_.busy_share is None:
        return ""
    idle, price = sum(all_.idle_seconds.values()), lab.config.device_dollars_per_hour
    head = (
        f"{models(lab.devices)}: {all_.busy_share:.0%} busy, "
        f"{_hours(all_.busy_seconds)} device-hours of use, {_hours(idle)} idle."
    )
    if idle < 1:
        return f"## Devices\n\n{head}"
    columns = ("idle because", "device-hours", "of the idle time", *(("cost",) if price else ()))
    body = [
        (cause.value, _hours(seconds), f"{seconds / idle:.0%}", *((f"${seconds / HOUR * price:.2f}",) if price else ()))
        for cause, seconds in all_.idle_seconds.items()
    ]
    return f"## Devices\n\n{head}\n\n{table(columns, body)}\n\nMore: `org devices`."


def _hours(seconds: float) -> str:
    hours = seconds / HOUR
    return f"{hours:.1f}" if hours >= 0.1 else f"{hours:.2f}"


def _letters(time: DeviceTime, since: datetime, until: datetime, columns: int) -> str:
    step = (until - since) / columns
    return "".join(_letter(time.stretches, since + step * n, step) for n in range(columns))


def _letter(stretches: Sequence[Stretch], begin: datetime, step: timedelta) -> str:
    """Of what fills most of begin … begin + step."""
    filled: Counter[str] = Counter()
    for s in stretches:
        share = (min(s.end, begin + step) - max(s.begin, begin)).total_seconds()
        if share > 0:
            filled[LETTERS.get(s.purpose, OTHER) if s.purpose else SIGNS[s.cause or Cause.NOTHING]] += share  # type: ignore[assignment]
    return filled.most_common(1)[0][0] if filled else UNKNOWN
