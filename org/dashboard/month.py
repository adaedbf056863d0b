"""A month of standups: which days have a page."""

import calendar
from collections.abc import Collection

from rich.text import Text

from org.dashboard.palette import Palette


def month_of(day: str, written: Collection[str], colours: Palette) -> Text:
    """The month of `day` (YYYY-MM-DD), 20 cells wide: days with a page are underlined, the chosen one has a mark before it."""
    year, month, chosen = (int(part) for part in day.split("-"))
    text = Text.assemble((f"{calendar.month_name[month]} {year}".center(21), f"bold {colours.plain}"), no_wrap=True)
    text.append("\n Mo Tu We Th Fr Sa Su", style=colours.dim)
    for week in calendar.monthcalendar(year, month):
        text.append("\n")
        for number in week:
            has_page = f"{year:04}-{month:02}-{number:02}" in written
            if number == chosen:
                text.append(f"›{number:>2}", style=f"bold {colours.live}")
            elif has_page:
                text.append(" ").append(f"{number:>2}", style=f"bold underline {colours.plain}")
            else:
                text.append(f"{number or '':>3}", style=colours.dim)
    return text
