"""A grid of characters with colours, for plots in a terminal, and in the dashboard. Every kind has its own character. What
draws names colours of Theme; what shows says how they look: Inks."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from rich.text import Text

Inks = Mapping[str, str]
"""A style of Rich for each colour of Theme, and for "title"."""

TERMINAL: Inks = {
    "ink": "", "dim": "bright_black", "grid": "bright_black", "head": "cyan", "band": "bright_black", "certified": "bold yellow",
    "merged": "green", "better": "blue", "parked": "magenta", "discarded": "bright_black", "bad": "red", "second": "blue",
    "third": "magenta", "fourth": "yellow", "title": "bold",
}  # fmt: skip
"""The terminal's own colours, so that light and dark both work."""


class Cells:
    """x to the right and y downwards, from 0. What lies outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows: list[list[tuple[str, str]]] = [[(" ", "ink")] * width for _ in range(height)]

    def put(self, x: int, y: int, character: str, colour: str = "ink") -> None:
        if 0 <= x < self.width and 0 <= y < self.height:
            self._rows[y][x] = (character, colour)

    def at(self, x: int, y: int) -> str:
        return self._rows[y][x][0] if 0 <= x < self.width and 0 <= y < self.height else " "

    def write(self, x: int, y: int, words: str, colour: str = "ink") -> None:
        for offset, character in enumerate(words):
            self.put(x + offset, y, character, colour)

    def lines(self, inks: Inks) -> list[Text]:
        return [_line(row, inks) for row in self._rows]


def legend(entries: Iterable[tuple[str, str, str]], width: int, inks: Inks) -> list[Text]:
    """(symbol, words, colour) as lines of at most `width` cells."""
    lines, used = [Text()], 0
    for symbol, words, colour in entries:
        length = len(symbol) + len(words) + 1
        if used and used + 3 + length > width:
            lines.append(Text())
            used = 0
        if used:
            lines[-1].append("   ")
            used += 3
        lines[-1].append(symbol, inks[colour]).append(f" {words}", inks["dim"])
        used += length
    return lines


def stacked(lines: Iterable[Text]) -> Text:
    """The lines as one text, without blanks at their ends."""
    found = list(lines)
    for line in found:
        line.rstrip()
    return Text("\n").join(found)


def headline(title: str, more: str, inks: Inks) -> Text:
    """The first line of every plot."""
    return Text(no_wrap=True).append(title, inks["title"]).append(more, inks["dim"])


def _line(row: list[tuple[str, str]], inks: Inks) -> Text:
    text = Text(no_wrap=True)
    for colour, cells in groupby(row, key=lambda cell: cell[1]):
        text.append("".join(character for character, _ in cells), inks[colour])
    return text
