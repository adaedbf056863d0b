"""Text of Rich as one line of the screen, exactly so many cells wide. Without Rich's console, which wraps, measures and
renders a cell of a table fifty times as slowly."""

from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from org.dashboard import figures


class Styles:
    """Styles by their words, each on the widget's own colours."""

    def __init__(self, base: Style) -> None:
        self.base = base
        self._known: dict[str, Style] = {}

    def of(self, words: str | Style) -> Style:
        found = self._known.get(str(words))
        if found is None:
            found = self.base + (words if isinstance(words, Style) else Style.parse(words))
            self._known[str(words)] = found
        return found


def segments(text: Text, width: int, styles: Styles) -> Iterator[Segment]:
    """The text on one line: cut with an ellipsis, or filled with blanks. Its spans do not overlap."""
    plain = figures.harmless(text.plain).replace("\n", " ")
    length = len(plain) if plain.isascii() else cell_len(plain)
    if length > width:
        plain = set_cell_size(plain, max(width - 1, 0)) + "…" * (width > 0)
        length = width
    at, own = 0, styles.of(text.style)
    for span in text.spans:
        if span.start >= len(plain):
            break
        if span.start > at:
            yield Segment(plain[at : span.start], own)
        if span.end > span.start:
            yield Segment(plain[max(span.start, at) : span.end], styles.of(span.style))
        at = max(at, span.end)
    if at < len(plain):
        yield Segment(plain[at:], own)
    if length < width:
        yield Segment(" " * (width - length), styles.base)


def strip(text: Text, width: int, styles: Styles) -> Strip:
    return Strip(segments(text, width, styles), width)


def over(line: Strip, style: Style) -> Strip:
    """The line with another background."""
    return Strip(Segment.apply_style(line, post_style=style), line.cell_length)
