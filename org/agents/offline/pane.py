"""The terminal output of an offline agent: plain lines that scroll, and at most one live line at the bottom.

The live line is erased with a carriage return and "erase line" only, which every tmux understands; without a terminal
there is none. Colour never is the only signal: each kind of line has its own mark.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

ERASE = "\r\x1b[2K"
INDENT = 11  # the time, a mark, a space


class Mark(Enum):
    """A kind of line: its mark and its style."""

    THINK = ("◆", "bold cyan")
    PREDICT = ("◇", "cyan")
    COMMIT = ("●", "blue")
    RUN = ("·", "dim")
    GOOD = ("✓", "bold green")
    BAD = ("✗", "red")
    MAIL = ("✉", "magenta")
    NEXT = ("→", "bold")
    HOLD = ("‖", "bold yellow")
    TYPED = ("›", "bold")
    PLAIN = (" ", "")


class Pane:
    """Writes to one terminal; safe to call from several threads."""

    def __init__(self, out: TextIO, clock: Callable[[], datetime], width: int | None = None) -> None:
        self._console = Console(file=out, highlight=False, width=width)
        self._clock = clock
        self._lock = threading.Lock()
        self._live, self._typed, self._drawn = "", "", False

    def header(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """A titled block of name and value; rows without a value are left out."""
        with self._lock:
            self._clear()
            self._console.rule(Text(title, style="bold"), align="left")
            for name, value in rows:
                if value:
                    self._console.print(Text.assemble((f"{name:<10}", "dim"), (value, "bold yellow" if name == "note" else "")))
            self._console.rule(style="dim")
            self._draw()

    def say(self, mark: Mark, text: str) -> None:
        """One paragraph with its mark; the first row carries the time, the others are indented behind the mark."""
        symbol, style = mark.value
        first, *rest = (_clean(line) for line in text.splitlines() or [""])
        with self._lock:
            self._clear()
            room = max(self._console.width - INDENT, 20)
            rows = [row for line in (first, *rest) for row in self._wrapped(line, room)]
            rows[0].stylize(style)
            self._console.print(Text.assemble((f"{self._clock():%H:%M:%S} ", "dim"), (f"{symbol} ", style), rows[0]))
            for row in rows[1:]:
                self._console.print(Text.assemble(" " * INDENT, row))
            self._draw()

    def _wrapped(self, line: str, room: int) -> list[Text]:
        rows = list(Text(line).wrap(self._console, room)) or [Text()]
        for row in rows:
            row.rstrip()
        return rows

    def live(self, text: str) -> None:
        """Replace the live line; empty takes it away."""
        with self._lock:
            if text != self._live:
                self._live = text
                self._redraw()

    def typing(self, text: str) -> None:
        """Show what a person has typed so far at the end of the live line."""
        with self._lock:
            self._typed = text
            self._redraw()

    def _redraw(self) -> None:
        self._clear()
        self._draw()

    def _clear(self) -> None:
        if self._drawn:
            self._console.file.write(ERASE)
            self._drawn = False

    def _draw(self) -> None:
        line = self._line()
        if self._console.is_terminal and line:
            self._console.file.write(line)
            self._drawn = True
        self._console.file.flush()

    def _line(self) -> str:
        """The live line in one row of the terminal; typed text keeps its end visible."""
        width = max(self._console.width - 1, 10)
        live, typed = _clean(self._live), _clean(self._typed)
        if not typed:
            return _cut(live, width)
        prompt = f"› {typed}"
        while cell_len(prompt) > width:
            prompt = prompt[1:]
        room = width - cell_len(prompt) - 2
        return f"{set_cell_size(live, room)}  {prompt}" if live and room > 20 else prompt


def bar(done: int, total: int, cells: int = 20) -> str:
    """A progress bar of that many cells."""
    filled = min(cells, cells * done // total) if total > 0 else 0
    return "━" * filled + "─" * (cells - filled)


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width)


def _clean(text: str) -> str:
    """Without control characters: words from a ledger or a file never steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
