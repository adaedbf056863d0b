"""The lab in numbers: ever, in the last 24 hours, and how much of a difference is noise."""

from rich.text import Text
from textual import events
from textual.widgets import Static

from org.dashboard import curve, figures, palette
from org.dashboard.palette import Palette
from org.dashboard.state import LabState

ALL_ON_A_LINE = 140  # cells


class Numbers(Static):
    """One line, or two of three where the terminal is narrow."""

    _lab: LabState | None = None

    def show(self, lab: LabState) -> None:
        self._lab = lab
        pairs = pairs_of(lab)
        across = len(pairs) if self.size.width >= ALL_ON_A_LINE else 3
        self.update(_text(pairs, across, palette.of_app(self.app)))

    def on_resize(self, event: events.Resize) -> None:
        if self._lab is not None:
            self.show(self._lab)


def pairs_of(lab: LabState) -> list[tuple[str, str, str]]:
    """(name, value, what else is to be known of it)."""
    ever, day = lab.totals, lab.today
    return [
        ("verdicts", f"{ever.verdicts}", f"+{day.verdicts} in 24 h"),
        ("merges", f"{ever.merged}", f"+{day.merged}"),
        ("runs", f"{ever.runs}", f"{ever.failed_runs} failed"),
        ("device-hours", f"{ever.device_seconds / 3600:.1f}", f"+{day.device_seconds / 3600:.1f}"),
        ("noise σ", _sigma(lab), f"df {lab.sigma[1]:.0f}"),
        *_head(lab),
    ]


def _text(pairs: list[tuple[str, str, str]], across: int, colours: Palette) -> Text:
    text = Text()
    for place, (name, value, more) in enumerate(pairs):
        between = "" if place == 0 else "\n" if place % across == 0 else "   "
        text.append(f"{between}{name} ", style=colours.dim).append(value, style=f"bold {colours.plain}")
        text.append(f" ({more})", style=colours.dim)
    return text


def _sigma(lab: LabState) -> str:
    return f"{lab.sigma[0]:.2g}" if lab.sigma[1] else "unknown"


def _head(lab: LabState) -> list[tuple[str, str, str]]:
    found = curve.of(lab)
    if found.head is None or found.root is None:
        return []
    change = (found.head - found.root) / found.root if found.root else 0.0
    return [(lab.setting.metric, figures.metric(found.head), f"root {change:+.2%}")]
