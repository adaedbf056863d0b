"""The lab in numbers: ever, in the last 24 hours, what is left, and how much of a difference is noise."""

from rich.text import Text
from textual import events
from textual.widgets import Static

from org.dashboard import figures, palette
from org.dashboard.palette import Palette
from org.dashboard.state import Budget, LabState

NEAR = 0.8  # of a budget: what is spent beyond is marked


class Numbers(Static):
    """As many on a line as fit; three lines at most."""

    _lab: LabState | None = None

    def show(self, lab: LabState) -> None:
        self._lab = lab
        self.update(_text(pairs_of(lab), max(self.size.width - 2, 20), palette.of_app(self.app)))

    def on_resize(self, event: events.Resize) -> None:
        if self._lab is not None:
            self.show(self._lab)


def pairs_of(lab: LabState) -> list[tuple[str, str, str]]:
    """(name, value, what else is to be known of it). The most wanted first."""
    ever, day = lab.totals, lab.today
    bound = min(lab.setting.protocol.alpha * ever.verdicts, ever.merged)
    cost = "unknown" if lab.spend.dollars is None else f"${lab.spend.dollars:.2f}"
    return [
        ("verdicts", f"{ever.verdicts}", f"+{day.verdicts} in 24 h"),
        ("merges", f"{ever.merged}", f"+{day.merged}"),
        (
            "false merges",
            f"≤ {bound:.2g} expected",
            f"α {lab.setting.protocol.alpha:g} a try",
        ),
        *_head(lab),
        ("device-hours", f"{ever.device_seconds / 3600:.1f}", f"+{day.device_seconds / 3600:.1f}"),
        *([("cost", cost, f"{figures.amount(lab.spend.tokens)} tokens")] if lab.spend.tokens else []),
        *((f"{budget.what} left", _left(budget), f"of {_amount(budget, budget.most)}") for budget in lab.budgets),
        ("noise σ", _sigma(lab), f"df {lab.sigma[1]:.0f}"),
        ("runs", f"{ever.runs}", f"{ever.failed_runs} failed"),
    ]


def _text(pairs: list[tuple[str, str, str]], width: int, colours: Palette) -> Text:
    text, used = Text(), 0
    for name, value, more in pairs:
        length = len(name) + len(value) + len(more) + 4
        between = "" if not used else "   " if used + 3 + length <= width else "\n"
        used = length if between in ("", "\n") else used + 3 + length
        text.append(f"{between}{name} ", style=colours.dim).append(value, style=f"bold {colours.plain}")
        text.append(f" ({more})", style=colours.dim)
    return text


def _left(budget: Budget) -> str:
    return _amount(budget, max(budget.most - budget.spent, 0.0)) + (" !" if budget.spent >= NEAR * budget.most else "")


def _amount(budget: Budget, value: float) -> str:
    return f"${value:.2f}" if budget.what == "dollars" else figures.amount(value) if value >= 1000 else f"{value:.1f}"


def _sigma(lab: LabState) -> str:
    return f"{lab.sigma[0]:.2g}" if lab.sigma[1] else "unknown"


def _head(lab: LabState) -> list[tuple[str, str, str]]:
    found = lab.curve
    if found.head is None or found.root is None:
        return []
    change = (found.head - found.root) / found.root if found.root else 0.0
    return [(lab.setting.metric, figures.metric(found.head), f"root {change:+.2%}")]
