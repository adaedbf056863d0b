"""A grid of characters with colours, for plots in a terminal. Colours are the terminal's own, so that light and dark both
work, and every kind has its own character."""

from collections.abc import Iterable

from rich.text import Text

STYLES = {
    "ink": "", "dim": "bright_black", "grid": "bright_black", "head": "cyan", "band": "bright_black", "certified": "bold yellow",
    "merged": "green", "better": "blue", "parked": "magenta", "discarded": "bright_black", "bad": "red", "second": "blue",
    "third": "magenta", "fourth": "yellow",
}  # fmt: skip
"""Of the colours of Theme."""


class Cells:
    """x to the right and y downwards, from 0. What lies outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows: list[list[tuple[str, str]]] = [[(" ", "")] * width for _ in range(height)]

    def put(self, x: int, y: int, character: str, colour: str = "ink") -> None:
        if 0 <= x < self.width and 0 <= y < self.height:
            self._rows[y][x] = (character, STYLES[colour])

    def at(self, x: int, y: int) -> str:
        return self._rows[y][x][0] if 0 <= x < self.width and 0 <= y < self.height else " "

    def write(self, x: int, y: int, words: str, colour: str = "ink") -> None:
        for offset, character in enumerate(words):
            self.put(x + offset, y, character, colour)

    def lines(self) -> list[Text]:
        return [_line(row) for row in self._rows]


def legend(entries: Iterable[tuple[str, str, str]], width: int) -> list[Text]:
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
        lines[-1].append(symbol, STYLES[colour]).append(f" {words}", STYLES["dim"])
        used += length
    return lines


def stacked(lines: Iterable[Text]) -> Text:
    """The lines as one text, without blanks at their ends."""
    found = list(lines)
    for line in found:
        line.rstrip()
    return Text("\n").join(found)


def _line(row: list[tuple[str, str]]) -> Text:
    text = Text(no_wrap=True)
    for character, style in row:
        text.append(character, style)
    return text
