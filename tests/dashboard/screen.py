"""What a person reads on the screen, as lines of text."""

import html
import re
from collections import defaultdict

from rich.cells import cell_len
from textual.app import App

_TEXT = re.compile(r'<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>')
_CELL = 12.2  # what a screenshot takes for a cell's width


def lines(app: App[None]) -> list[str]:
    """From the top down, each character at its column."""
    svg = app.export_screenshot()
    rows: dict[float, dict[int, str]] = defaultdict(dict)
    for x, y, words in _TEXT.findall(svg[svg.index('-matrix">') :]):
        column = round(float(x) / _CELL)
        for character in html.unescape(words).replace("\xa0", " ").rstrip("\n"):
            rows[float(y)][column] = character
            column += cell_len(character)
    return ["".join(row.get(x, " ") for x in range(max(row) + 1)) for _, row in sorted(rows.items()) if row]


def text(app: App[None]) -> str:
    return "\n".join(lines(app))


def row(app: App[None], start: str) -> str:
    """The first line that begins with `start`."""
    found = [line for line in lines(app) if line.strip().startswith(start)]
    assert found, f"no line begins with {start!r} in\n{text(app)}"
    return found[0]
