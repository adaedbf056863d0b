"""What a person reads on the screen, as lines of text."""

from textual._context import visible_screen_stack
from textual.app import App


def lines(app: App[None]) -> list[str]:
    """From the top down, those that are not empty."""
    return [row for row in rows(app) if row]


def place(app: App[None], words: str, last: bool = False) -> tuple[int, int]:
    """Column and row of the first cell of these words, where they are first (or last) on the screen."""
    found = [(line.index(words), y) for y, line in enumerate(rows(app)) if words in line]
    assert found, f"{words!r} is not in\n{text(app)}"
    return found[-1 if last else 0]


def rows(app: App[None]) -> list[str]:
    """All of them."""
    visible_screen_stack.set(app._background_screens)  # what a dialogue is drawn over
    strips = app.screen._compositor.render_strips(app.size)
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def text(app: App[None]) -> str:
    return "\n".join(lines(app))


def row(app: App[None], start: str) -> str:
    """The first line that begins with `start`."""
    found = [line for line in lines(app) if line.strip().startswith(start)]
    assert found, f"no line begins with {start!r} in\n{text(app)}"
    return found[0]
