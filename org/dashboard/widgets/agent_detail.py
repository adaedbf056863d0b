"""The selected agent in full: what it tries and why, its last words, why it waits, who holds it."""

from rich.text import Text
from textual.widgets import Static

from org.dashboard import figures, palette
from org.dashboard.palette import Palette
from org.dashboard.state import AgentLine, LabState
from org.model.agent import Control, State


class AgentDetail(Static):
    _text = Text()

    def show(self, line: AgentLine | None, lab: LabState) -> None:
        colours = palette.of_app(self.app)
        text = Text("") if line is None else palette.harmless(_text(line, lab, colours))
        if text != self._text:
            self._text = text
            self.update(text, layout=False)


def _text(line: AgentLine, lab: LabState, colours: Palette) -> Text:
    agent = line.agent
    text = Text.assemble((agent.name, f"bold {colours.plain}"))
    about = [agent.role.replace("_", " "), agent.backend, f"program {agent.program}" if agent.program else "no program"]
    if agent.control is not Control.AGENT:
        since = figures.time_of(agent.control_since, lab.setting.zone)
        note = f": {agent.control_note}" if agent.control_note else ""
        text.append(f"  ◆ {agent.controlled_by or 'a person'} since {since}{note}", style=colours.warn)
    if agent.until is not None and agent.state is State.WAITING:
        text.append(f"  until {figures.time_of(agent.until, lab.setting.zone)}", style=colours.warn)
    if agent.reason:
        text.append(f"  {agent.reason}", style=colours.warn)
    text.append(f"  {' · '.join(about)}", style=colours.dim)
    if line.experiment is not None:
        text.append(f"\n{line.experiment.id} ", style=colours.live).append(line.experiment.subject, style=colours.plain)
        text.append(_progress(line, lab), style=colours.plain)
        text.append(f"  because {line.experiment.because}", style=colours.dim)
    if agent.last_words:
        text.append(f"\n“{agent.last_words}”", style=f"italic {colours.plain}")
    return text


def _progress(line: AgentLine, lab: LabState) -> str:
    progress = lab.progress.get(line.run.id) if line.run else None
    if progress is None:
        return ""
    of = f"/{progress.steps}" if progress.steps else ""
    loss = "" if progress.loss is None else f" · loss {progress.loss:.4f}"
    rate = "" if progress.tok_per_sec is None else f" · {progress.tok_per_sec:,.0f} tok/s"
    return f"  step {progress.step}{of}{loss}{rate}"
