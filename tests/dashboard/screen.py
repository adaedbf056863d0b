"""What a person reads on the screen, as lines of text; and how it looks."""

from collections.abc import Iterator
from itertools import groupby

from rich.style import Style
from textual._context import visible_screen_stack
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip


def lines(app: App[None]) -> list[str]:
    """From the top down, those that are not empty."""
    return [row for row in rows(app) if row]


def place(app: App[None], words: str, last: bool = False) -> tuple[int, int]:
    """Column and row of the first cell of these words, where they are first (or last) on the screen."""
    found = [(line.index(words), y) for y, line in enumerate(rows(app)) if words in line]
    assert found, f"{words!r} is not in\n{text(app)}"
    return found[-1 if last else 0]


def rows(app: App[None], within: Region | None = None) -> list[str]:
    """All of them; or what of them is in a part of the screen."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in _strips(app, within)]


def text(app: App[None]) -> str:
    return "\n".join(lines(app))


def row(app: App[None], start: str) -> str:
    """The first line that begins with `start`."""
    found = [line for line in lines(app) if line.strip().startswith(start)]
    assert found, f"no line begins with {start!r} in\n{text(app)}"
    return found[0]


def looks(app: App[None], within: Region | None = None) -> str:
    """The style of every cell: a line `a12b4` for so many cells of each style, then what the letters stand for. Lines that
    look like the one above them are counted."""
    known: dict[str, str] = {}
    drawn = [
        "".join(f"{known.setdefault(style, _name(len(known)))}{cells}" for style, cells in _runs(s)) for s in _strips(app, within)
    ]
    counted = [(line, len(list(same))) for line, same in groupby(drawn)]
    rows = [f"{number}× {line}" if number > 1 else line for line, number in counted]
    return "\n".join([*rows, *(f"{letter}: {style}" for style, letter in known.items())])


def _strips(app: App[None], within: Region | None = None) -> list[Strip]:
    visible_screen_stack.set(app._background_screens)  # what a dialogue is drawn over
    drawn = app.screen._compositor.render_strips(app.size)
    return drawn if within is None else [strip.crop(within.x, within.right) for strip in drawn[within.y : within.bottom]]


def _runs(strip: Strip) -> Iterator[tuple[str, int]]:
    for style, segments in groupby(strip, key=lambda segment: _read(segment.style)):
        yield style, sum(segment.cell_length for segment in segments)


def _read(style: Style | None) -> str:
    """Colours and what a person sees of the rest; not what Textual hangs on it for the mouse."""
    if style is None:
        return "plain"
    marks = [name for name in ("bold", "italic", "underline", "reverse", "dim") if getattr(style, name)]
    ink, ground = (colour.name if colour else "default" for colour in (style.color, style.bgcolor))
    return " ".join([f"{ink} on {ground}", *marks])


def _name(number: int) -> str:
    return chr(ord("a") + number % 26) * (1 + number // 26)
