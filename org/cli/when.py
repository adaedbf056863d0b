"""Points in time as people type them: `12h`, `7d`, `yesterday`, `09:00`, `2026-03-14`, `"2026-03-14 09:00"`."""

import re
from datetime import datetime, timedelta, tzinfo

from org.model.errors import UsageError

_AGO = re.compile(r"(\d+(?:\.\d+)?) ?(min|m|h|d|w)")
_UNITS = {"m": 1 / 60, "min": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}


def parse(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The aware time that is meant; days and hours are those of the lab's timezone."""
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now - timedelta(hours=float(ago[1]) * _UNITS[ago[2]])
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"today": midnight, "yesterday": midnight - timedelta(days=1)}
    if text in named:
        return named[text]
    if re.fullmatch(r"\d\d:\d\d", text):
        text = f"{local:%Y-%m-%d}T{text}"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time; write 12h, 7d, yesterday, 09:00, 2026-03-14 or 2026-03-14T09:00") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)
