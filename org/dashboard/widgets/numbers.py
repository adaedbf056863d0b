"""The morning's four questions, a line each: what was learned, what to believe, who is stuck, what it cost."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.widgets import Static

from org.dashboard import figures, palette
from org.dashboard.palette import Palette, Part
from org.dashboard.state import Budget, LabState
from org.dashboard.symbols import AGENT, CONTROL, EXPERIMENT, Tone
from org.model.agent import Agent, Cause, Control, State
from org.model.experiment import IN_HEAD
from org.model.experiment import State as ExperimentState

NEAR = 0.8  # of a budget: what is spent beyond is marked
LABEL = 9  # cells
CUT = 24  # cells: less of the last part is not worth showing
MERGES = 8  # that are named at most


class Numbers(Static):
    """The most wanted part of a line comes first; what does not fit is left out."""

    _lab: LabState | None = None
    _text = Text()

    def show(self, lab: LabState) -> None:
        self._lab = lab
        colours, width = palette.of_app(self.app), max(self.size.width - 2, 20)
        text = palette.harmless(Text("\n").join([_line(label, parts, width, colours) for label, parts in answers(lab)]))
        if text != self._text:
            self._text = text
            self.update(text, layout=False)

    def on_resize(self, event: events.Resize) -> None:
        if self._lab is not None:
            self.show(self._lab)


def answers(lab: LabState) -> list[tuple[str, list[Part]]]:
    return [("Learned", _learned(lab)), ("Believe", _believe(lab)), ("Agents", _agents(lab)), ("Cost", _cost(lab))]


def _learned(lab: LabState) -> list[Part]:
    """Of the last day, then the newest merges."""
    if not lab.totals.verdicts:
        return [_dim("no verdict yet")]
    day = lab.today
    parts = [_plain("in 24 h", f"{figures.count(day.verdicts, 'verdict')}, {day.merged} merged")]
    newest = sorted((pair for line in lab.programs for pair in line.merged), key=lambda pair: -pair[0].id)
    for _, e in newest[:MERGES]:
        sign = EXPERIMENT[e.state]
        parts.append([(f"{sign.symbol} {e.id} ", sign.tone, False), (f"{figures.gain(e.gain)} ", sign.tone, True),
                      (e.subject, Tone.PLAIN, False)])  # fmt: skip
    return parts


def _believe(lab: LabState) -> list[Part]:
    """What selected nothing first: fresh seeds; then what the runs that selected say, and how often they may be wrong."""
    found, parts = lab.curve, list[Part]()
    if found.fresh is not None:
        gain = f"{found.fresh.gain:+.4f} ± {found.fresh.se:.4f}"
        tone = _tone(found.fresh.gain, found.fresh.se)
        parts.append([("fresh seeds ", Tone.DIM, False), (gain, tone, True), (f" ({found.fresh.program})", Tone.DIM, False)])
    merged = sum(line.count(IN_HEAD) for line in lab.programs)
    certified = sum(line.count((ExperimentState.CERTIFIED,)) for line in lab.programs)
    words = f"{certified} of {figures.count(merged, 'merge')} certified"
    parts.append(_plain("", words) if merged else _dim("nothing is merged yet"))
    if found.head is not None and found.root is not None:
        change = (found.head - found.root) / found.root if found.root else 0.0
        parts.append(_plain(lab.setting.metric, figures.metric(found.head), f"root {change:+.2%}"))
    if lab.totals.merged:
        bound = min(lab.setting.protocol.alpha * lab.totals.verdicts, lab.totals.merged)
        parts.append(_plain("false merges", f"≤ {bound:.2g} expected", f"α {lab.setting.protocol.alpha:g} a try"))
    sigma = f"{lab.sigma[0]:.2g}" if lab.sigma[1] else "unknown"
    return [*parts, _plain("noise σ", sigma, f"df {lab.sigma[1]:.0f}")]


def _tone(gain: float, se: float) -> Tone:
    """Of a gain that selected nothing: within its error it is neither good nor bad."""
    return Tone.WARN if abs(gain) <= se else Tone.GOOD if gain > 0 else Tone.BAD


def _agents(lab: LabState) -> list[Part]:
    """Who is stuck, by name; then how many are not."""
    stuck: dict[tuple[str, Tone], list[str]] = defaultdict(list)
    well: Counter[State] = Counter()
    for line in lab.agents:
        trouble = _trouble(line.agent)
        if trouble is None:
            well[line.agent.state] += 1
        else:
            stuck[trouble].append(line.agent.name)
    parts: list[Part] = []
    for (words, tone), names in sorted(stuck.items(), key=lambda item: (item[0][1] is not Tone.BAD, item[0][0])):
        symbol, why = words.split(" ", 1)
        parts.append([(f"{symbol} {len(names)} {why}: ", tone, True), (figures.names(names, 3), Tone.PLAIN, False)])
    others = [_plain("", f"{number} {AGENT[state].words}") for state, number in well.most_common()]
    return (parts or [_dim("nobody is stuck")]) + others


def _trouble(agent: Agent) -> tuple[str, Tone] | None:
    """Why it does not go on by itself."""
    if agent.control is Control.HUMAN:
        sign = CONTROL[Control.HUMAN]
        return f"{sign.symbol} held", sign.tone
    if agent.state not in (State.WAITING, State.STALLED, State.CRASHED, State.PAUSED):
        return None
    sign = AGENT[agent.state]
    waits = agent.state is State.WAITING and agent.cause is not Cause.NONE
    return f"{sign.symbol} {agent.cause.value if waits else sign.words}", sign.tone


def _cost(lab: LabState) -> list[Part]:
    """Money, what is left of the limits, then what it went into."""
    ever, day = lab.totals, lab.today
    parts: list[Part] = []
    if lab.spend.tokens or lab.spend.dollars is not None:
        parts.append(_plain("", "unknown" if lab.spend.dollars is None else f"${lab.spend.dollars:,.2f}"))
    parts += [_plain(f"{b.what} left", _left(b), f"of {_amount(b, b.most)}") for b in lab.budgets]
    hours = f"{ever.device_seconds / 3600:,.1f}"
    parts.append(_plain("device-hours", hours, f"+{day.device_seconds / 3600:.1f} in 24 h"))
    if lab.spend.tokens:
        parts.append(_plain("tokens", figures.amount(lab.spend.tokens)))
    return [*parts, _plain("runs", f"{ever.runs:,}", f"{ever.failed_runs:,} failed")]


def _left(budget: Budget) -> str:
    return _amount(budget, max(budget.most - budget.spent, 0.0)) + (" !" if budget.spent >= NEAR * budget.most else "")


def _amount(budget: Budget, value: float) -> str:
    return f"${value:.2f}" if budget.what == "dollars" else figures.amount(value) if value >= 1000 else f"{value:.1f}"


def _plain(name: str, value: str, more: str = "") -> Part:
    named: Part = [(f"{name} ", Tone.DIM, False)] if name else []
    return [*named, (value, Tone.PLAIN, True)] + ([(f" ({more})", Tone.DIM, False)] if more else [])


def _dim(words: str) -> Part:
    return [(words, Tone.DIM, False)]


def _line(label: str, parts: Sequence[Part], width: int, colours: Palette) -> Text:
    """As many parts as fit; where the next one does not, its beginning, if enough of it can be seen."""
    text = Text(f"{label:<{LABEL}}", colours.dim, no_wrap=True, overflow="ellipsis", end="")
    for number, part in enumerate(parts):
        gap = "   " if number else ""
        made = Text(gap).append_text(colours.part(part))
        left = width - cell_len(text.plain)
        if cell_len(made.plain) > left:
            if number == 0 or left >= CUT:
                made.truncate(left, overflow="ellipsis")
                text.append_text(made)
            break
        text.append_text(made)
    return text
