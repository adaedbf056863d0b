"""The agents: who they are, what they do, how far their run is."""

from dataclasses import dataclass

from rich.text import Text

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import AgentLine, HowFar, LabState
from org.dashboard.symbols import AGENT, CONTROL, EXPERIMENT, Tone
from org.dashboard.widgets.ledger_table import Column, LedgerTable
from org.model.agent import Cause, Control, State
from org.model.run import Purpose


@dataclass(frozen=True, slots=True)
class Row:
    line: AgentLine
    progress: HowFar | None
    max_runs: int


class AgentsTable(LedgerTable[Row]):
    """Enter goes to the agent's pane."""

    def show_lab(self, lab: LabState) -> None:
        self.show([_row(line, lab) for line in lab.agents])

    def key_of(self, row: Row) -> str:
        return row.line.agent.name

    def fitting(self, width: int) -> list[Column[Row]]:
        if width < 110:
            return [
                Column("Agent", 10, _name), Column("State", 12, _state), Column("Held by", 7, _control),
                Column("Exp.", 6, _experiment), Column("Run", 0, _progress_short), Column("Device", 6, _device),
            ]  # fmt: skip
        if width < 150:
            return [
                Column("Agent", 10, _name), Column("State", 12, _state), Column("Held by", 8, _control),
                Column("Program", 10, _program), Column("Experiment", 16, _subject), Column("Run", 27, _progress_short),
                Column("Device", 6, _device), Column("Last words", 0, _words),
            ]  # fmt: skip
        wider = width >= 180
        return [
            Column("Agent", 12, _name), Column("State", 12, _state), Column("Held by", 8, _control),
            *([Column("Backend", 8, _backend)] if wider else []), Column("Program", 12, _program),
            Column("Experiment", max(28, width // 6), _subject), Column("Run", 6, _look),
            Column("Progress", 25 if wider else 20, _progress), *([Column("Metric", 7, _metric)] if wider else []),
            Column("Device", 7, _device), Column("Tokens", 7, _tokens), Column("Cost", 8, _cost),
            *([Column("Ctx", 4, _context)] if wider else []), Column("Last words", 0, _words),
        ]  # fmt: skip


def _row(line: AgentLine, lab: LabState) -> Row:
    return Row(line, lab.progress.get(line.run.id) if line.run else None, lab.setting.protocol.max_runs)


def _name(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.line.agent.name, bold=True)


def _state(row: Row, colours: Palette, width: int) -> Text:
    """Of one that waits: for what."""
    agent = row.line.agent
    sign = AGENT[agent.state]
    if agent.state is State.WAITING and agent.cause is not Cause.NONE:
        return colours.text(f"{sign.symbol} {agent.cause.value}", sign.tone)
    return colours.sign(sign)


def _control(row: Row, colours: Palette, width: int) -> Text:
    agent = row.line.agent
    sign = CONTROL[agent.control]
    who = agent.controlled_by if agent.control is Control.HUMAN and agent.controlled_by else sign.words
    return colours.text(f"{sign.symbol} {who}".strip(), sign.tone)


def _backend(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.line.agent.backend, Tone.DIM)


def _program(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.line.agent.program or "–", Tone.PLAIN if row.line.agent.program else Tone.DIM)


def _experiment(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(row.line.experiment.id if row.line.experiment else "–", Tone.DIM)


def _subject(row: Row, colours: Palette, width: int) -> Text:
    e = row.line.experiment
    if e is None:
        return colours.text("–", Tone.DIM)
    return colours.text(f"{EXPERIMENT[e.state].symbol} {e.id} ", EXPERIMENT[e.state].tone).append(e.subject, style=colours.plain)


def _look(row: Row, colours: Palette, width: int) -> Text:
    run = row.line.run
    if row.line.experiment is None or run is None:
        return colours.text("–", Tone.DIM)
    if run.purpose is Purpose.SCREEN:
        return colours.text("screen")
    if run.purpose is not Purpose.RACE:
        return colours.text(f"re {row.line.look}/4")
    return colours.text(f"{row.line.look}/{row.max_runs}")


def _progress(row: Row, colours: Palette, width: int) -> Text:
    if row.line.run is None:
        words = EXPERIMENT[row.line.experiment.state].words if row.line.experiment else ""
        return colours.text(words, Tone.DIM)
    return progress_bar(row.progress, colours, bar=width - 13)


def _progress_short(row: Row, colours: Palette, width: int) -> Text:
    if row.line.run is None:
        return _progress(row, colours, width)
    return _look(row, colours, 5).append(" ").append_text(progress_bar(row.progress, colours, bar=width - 19))


def progress_bar(progress: HowFar | None, colours: Palette, bar: int) -> Text:
    """A bar of `bar` cells, percent, time left: bar + 12 cells at most."""
    if progress is None:
        return colours.text("starting", Tone.DIM)
    done, still = figures.bar(progress.fraction, bar)
    left = "" if progress.left_seconds is None else f" {figures.clock(progress.left_seconds):>6}"
    if progress.fraction >= 1.0:
        left = "  eval."
    text = colours.text(done, Tone.LIVE).append(still, style=colours.dim)
    return text.append(f" {progress.fraction:4.0%}", style=colours.plain).append(left, style=colours.dim)


def _metric(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(figures.metric(row.line.metric), Tone.PLAIN if row.line.metric is not None else Tone.DIM)


def _device(row: Row, colours: Palette, width: int) -> Text:
    run, agent = row.line.run, row.line.agent
    if run is not None and run.device:
        return colours.text(run.device)
    return colours.text(agent.device or "–", Tone.DIM)


def _tokens(row: Row, colours: Palette, width: int) -> Text:
    spend = row.line.spend
    words = figures.amount(spend.tokens) if spend else "–"
    return colours.text(f"{words:>{width}}", Tone.PLAIN if spend else Tone.DIM)


def _cost(row: Row, colours: Palette, width: int) -> Text:
    """A model without a price costs an unknown amount."""
    spend = row.line.spend
    words = "–" if spend is None else "unknown" if spend.dollars is None else f"${spend.dollars:.2f}"
    return colours.text(f"{words:>{width}}", Tone.DIM if spend is None or spend.dollars is None else Tone.PLAIN)


def _context(row: Row, colours: Palette, width: int) -> Text:
    """Of the model's window in use."""
    share = row.line.agent.context
    words = "–" if share is None else f"{share:.0%}"
    tone = Tone.DIM if share is None else Tone.WARN if share > 0.8 else Tone.PLAIN
    return colours.text(f"{words:>{width}}", tone)


def _words(row: Row, colours: Palette, width: int) -> Text:
    agent = row.line.agent
    return colours.text(agent.last_words or agent.reason, Tone.DIM)
