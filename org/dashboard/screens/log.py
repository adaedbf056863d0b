"""Tab 9: the ledger's events as they come, newest last."""

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import RichLog

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import LabState
from org.dashboard.symbols import Tone
from org.dashboard.widgets.view import View
from org.model.event import Event

KEPT_LINES = 5000
# The end of an event's kind says how it went; anything else is plain.
_TONES = {
    "merged": Tone.GOOD, "better": Tone.GOOD, "certified": Tone.GOOD, "confirmed": Tone.GOOD, "failed": Tone.BAD,
    "invalid": Tone.BAD, "crashed": Tone.BAD, "reverted": Tone.BAD, "timed_out": Tone.BAD, "lost": Tone.BAD,
    "human": Tone.WARN, "paused": Tone.WARN, "conflict": Tone.WARN, "stalled": Tone.WARN, "running": Tone.LIVE,
    "racing": Tone.LIVE,
}  # fmt: skip


class Log(View):
    _last = 0  # the newest event on the screen

    def compose(self) -> ComposeResult:
        yield RichLog(id="events", max_lines=KEPT_LINES, wrap=False, min_width=40)

    def show(self, was: LabState | None, lab: LabState) -> None:
        log = self.query_one(RichLog)
        if was is None:
            log.clear()
            self._last = 0
        new = [event for event in lab.events if event.id > self._last]
        if self._last and new and new[0].id > self._last + 1:
            log.write(self.palette.text(f"… {new[0].id - self._last - 1} events not shown", Tone.DIM))
        for event in new:
            log.write(line_of(event, lab, self.palette))
            self._last = event.id

    def focus_main(self) -> None:
        self.query_one(RichLog).focus()


def line_of(event: Event, lab: LabState, colours: Palette) -> Text:
    """time  kind  subject  actor  detail."""
    tone = _TONES.get(event.kind.rpartition(".")[2], Tone.PLAIN)
    text = Text.assemble((figures.second_of(event.at, lab.setting.zone), colours.dim), no_wrap=True, end="")
    text.append(f"  {_cut(event.kind, 22):<22}", style=colours.of(tone)).append(
        f" {_cut(event.subject, 12):<12}", style=f"bold {colours.plain}"
    )
    text.append(f" {_cut(event.actor, 10):<10}", style=colours.plain)
    detail = "  ".join(f"{k}={_short(v)}" for k, v in event.detail.items() if v not in (None, "", [], {}))
    return text.append(f" {detail}", style=colours.dim)


def _short(value: object) -> str:
    words = " ".join(f"{value:.5g}".split() if isinstance(value, float) else str(value).split())
    return _cut(words, 60)


def _cut(words: str, length: int) -> str:
    return words if len(words) <= length else f"{words[: length - 1]}…"
