"""Lines that a person must see on every tab; nothing when there are none."""

from rich.text import Text
from textual.widgets import Static

from org.dashboard import palette
from org.dashboard.state import Level, Note
from org.dashboard.symbols import Tone

_SIGNS = {Level.INFO: ("i", Tone.LIVE), Level.WARNING: ("!", Tone.WARN), Level.ERROR: ("✗", Tone.BAD)}


class NoteBar(Static):
    """One line a note, wrapped where the terminal is narrow."""

    _shown: tuple[object, object] = ((), None)

    def show(self, notes: tuple[Note, ...]) -> None:
        colours = palette.of_app(self.app)
        if self._shown == (notes, colours):
            return
        self._shown = (notes, colours)
        lines = []
        for note in notes:
            symbol, tone = _SIGNS[note.level]
            lines.append(Text.assemble((f"{symbol} ", f"bold {colours.of(tone)}")).append(note.text, style=colours.of(tone)))
        self.display = bool(lines)
        self.update(palette.harmless(Text("\n").join(lines)))
