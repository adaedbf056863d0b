"""The lines that a person types into an agent's pane, read by a thread. On a terminal the keys are shown at the live
line, so that output and typing do not overwrite each other; elsewhere lines are read as they come."""

import codecs
import os
import queue
import termios
import threading
from collections.abc import Callable
from typing import TextIO

ENTER, ERASE, KILL_LINE, KILL_WORD, ESCAPE = "\r\n", "\b\x7f", "\x15", "\x17", "\x1b"


class Editor:
    """Keys in, lines out. Knows backspace, ^U, ^W and Enter; escape sequences (arrows) are passed over."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._buffer = ""
        self._escape = ""

    def feed(self, keys: str) -> list[str]:
        """The lines that these keys complete."""
        lines = []
        for key in keys:
            if self._in_escape(key):
                continue
            if key in ENTER:
                lines.append(self._buffer)
                self._buffer = ""
            else:
                self._edit(key)
        self._show(self._buffer)
        return lines

    def _edit(self, key: str) -> None:
        if key in ERASE:
            self._buffer = self._buffer[:-1]
        elif key == KILL_LINE:
            self._buffer = ""
        elif key == KILL_WORD:
            self._buffer = self._buffer.rstrip().rpartition(" ")[0]
        elif key.isprintable():
            self._buffer += key

    def _in_escape(self, key: str) -> bool:
        """ESC [ … letter, ESC O letter, or ESC and one key."""
        if key == ESCAPE:
            self._escape = ESCAPE
            return True
        if not self._escape:
            return False
        self._escape += key
        introducer = len(self._escape) == 2
        if key not in "[O" if introducer else key.isalpha() or key == "~":
            self._escape = ""
        return True


def start(source: TextIO, show: Callable[[str], None]) -> "queue.SimpleQueue[str]":
    """Read source in a daemon thread until its end; the lines arrive in the queue."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    target = _keys if source.isatty() else _plain
    threading.Thread(target=target, args=(source, show, lines), name="typed", daemon=True).start()
    return lines


def _plain(source: TextIO, show: Callable[[str], None], lines: "queue.SimpleQueue[str]") -> None:
    for line in source:
        lines.put(line.rstrip("\r\n"))


def _keys(source: TextIO, show: Callable[[str], None], lines: "queue.SimpleQueue[str]") -> None:
    _stop_echo(source.fileno())
    editor = Editor(show)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := _read(source.fileno()):
        for line in editor.feed(decoder.decode(data)):
            lines.put(line)


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 1024)
    except OSError:  # the terminal is gone (EIO); so is the person
        return b""


def _stop_echo(handle: int) -> None:
    """Keys one by one, without echo; ^C stays a signal."""
    settings = termios.tcgetattr(handle)
    settings[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(handle, termios.TCSANOW, settings)
