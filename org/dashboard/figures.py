"""Numbers, times and bars as text."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

FULL, EMPTY = "━", "─"
# What agents write may move a terminal's cursor, change its title, or turn the direction of what follows.
_COMMANDS = dict.fromkeys(
    [*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A)], " "
)


def metric(value: float | None) -> str:
    """A metric as it is written everywhere: five figures, or a dash."""
    return "–" if value is None else f"{value:.5g}" if abs(value) >= 10 else f"{value:.4f}"


def gain(value: float | None) -> str:
    """In metric units; positive is better."""
    return "" if value is None else f"{value:+.4f}"


def clock(seconds: float) -> str:
    """41 → 0:41, 3723 → 1:02:03."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def ago(seconds: float) -> str:
    """Rough: 45 s, 12 min, 5 h, 3 days."""
    for limit, unit, size in ((120.0, "s", 1), (7200.0, "min", 60), (172800.0, "h", 3600)):
        if seconds < limit:
            return f"{int(seconds / size)} {unit}"
    return f"{int(seconds / 86400)} days"


def bar(fraction: float, width: int) -> tuple[str, str]:
    """The done and the open part of a bar of `width` cells."""
    done = round(max(0.0, min(fraction, 1.0)) * width)
    return FULL * done, EMPTY * (width - done)


def time_of(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def day_time(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M}"


def second_of(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%m-%d %H:%M:%S}"


def harmless(words: str) -> str:
    """Words as words: blanks for what a terminal would obey. Lines stay lines."""
    return words.translate(_COMMANDS)


def plural(number: float, noun: str) -> str:
    """run, runs; try, tries."""
    return noun if number == 1 else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def count(number: int, noun: str) -> str:
    """1 run, 2 runs."""
    return f"{number} {plural(number, noun)}"


def fitting(parts: Sequence[str], width: int) -> str:
    """The first part and as many more as the line holds: the most wanted come first."""
    line = parts[0]
    for part in parts[1:]:
        if len(line) + 3 + len(part) <= width:
            line += f" · {part}"
    return line


def names(found: Sequence[str], most: int = 5) -> str:
    """a, b, c and 4 more."""
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def amount(count: float) -> str:
    """950, 12.3 k, 1.24 M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(count) >= size:
            return f"{count / size:.3g} {letter}"
    return f"{count:.0f}"
