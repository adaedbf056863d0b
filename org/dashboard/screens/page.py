"""An experiment's notebook page, over the tab that asked for it."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown

from org.comms import front_matter
from org.dashboard import figures
from org.dashboard.state import ExperimentLine
from org.dashboard.symbols import EXPERIMENT


class Page(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "app.pop_screen", "Back", tooltip="Back to the table")]

    def __init__(self, title: str, markdown: str) -> None:
        super().__init__()
        self._title, self._markdown = title, markdown

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet") as sheet:
            sheet.border_title, sheet.border_subtitle = self._title, "Esc goes back"
            yield Markdown(self._markdown)


def read(path: Path) -> str | None:
    """The text of a page as a person reads it; None when there is none yet."""
    try:
        return front_matter.without(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def text_of(path: Path, line: ExperimentLine) -> str:
    """The page, or what the ledger knows."""
    text = read(path)
    return unwritten(line) if text is None else text


def title_of(line: ExperimentLine) -> str:
    return f"{line.experiment.id}  {EXPERIMENT[line.experiment.state]}"


def unwritten(line: ExperimentLine) -> str:
    """What the ledger knows of an experiment that has no page yet."""
    e = line.experiment
    facts = [
        f"# {e.subject}",
        f"**Because** {e.because}",
        f"**Predicted** {e.predict or '–'}",
        f"**By** {e.author} in {e.program}, claim: {e.claim.value}",
        f"**So far** {figures.count(len(line.values), 'run')}, mean {figures.metric(line.metric)}",
        f"**Said** {e.reason}" if e.reason else "",
        "*The notebook page is written with the verdict.*",
    ]
    return "\n\n".join(fact for fact in facts if fact)
