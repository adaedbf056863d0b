"""Open questions to the person, oldest first, each with what happens without an answer."""

from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from org.dashboard import figures, palette
from org.dashboard.palette import Palette
from org.dashboard.state import LabState
from org.model.message import Question


class Questions(OptionList):
    """Enter or r answers the highlighted one."""

    _questions: tuple[Question, ...] = ()

    @property
    def selected(self) -> Question | None:
        if not self._questions:
            return None
        return self._questions[min(self.highlighted or 0, len(self._questions) - 1)]

    def show_lab(self, lab: LabState) -> None:
        """Fill the list; an empty one takes no room."""
        at = self.highlighted or 0
        self._questions = lab.questions
        self.display = bool(lab.questions)
        self.border_title = f"{figures.count(len(lab.questions), 'question')} to you"
        self.border_subtitle = "r answers"
        colours = palette.of_app(self.app)
        self.set_options([Option(palette.harmless(_prompt(q, lab, colours)), id=q.id) for q in lab.questions])
        if lab.questions:
            self.highlighted = min(at, len(lab.questions) - 1)


def _prompt(question: Question, lab: LabState, colours: Palette) -> Text:
    text = Text.assemble((f"{question.asker}  ", f"bold {colours.plain}"))
    text.append(question.text.splitlines()[0], style=colours.plain)
    if question.default_answer is not None and question.due_at is not None:
        due = figures.day_time(question.due_at, lab.setting.zone)
        text.append(f"  → at {due}: {question.default_answer}", style=colours.warn)
    return text


def in_full(question: Question) -> str:
    """Its text as Markdown, with what happens without an answer."""
    if question.default_answer is None or question.due_at is None:
        return question.text
    return f"{question.text}\n\nWithout an answer by {question.due_at:%Y-%m-%d %H:%M} UTC: **{question.default_answer}**."
