"""Tab 6: the standups: a calendar, the days that have a page, its sections, and the page; r answers it."""

from collections.abc import Iterable

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from org.dashboard import month
from org.dashboard.palette import harmless
from org.dashboard.prose import Block
from org.dashboard.state import LabState
from org.dashboard.widgets.prose import Prose
from org.dashboard.widgets.view import View

REPLY = (
    "A paragraph that begins with a name and a colon (`AGENT: …`, `PROGRAM: …`, `all: …`) directs whom it names; without one it "
    "goes to the chief, or to everybody where there is none."
)
NONE_YET = "## No standup yet\n\nThe lab writes one a day. Press **s** to ask for one now."


class Standup(View):
    class Wanted(Message):
        """The page of a day is to be read."""

        def __init__(self, day: str) -> None:
            super().__init__()
            self.day = day

    _wanted = ""  # the day whose page is shown, or being read

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="standup-side"):
                yield Static(id="month")
                yield OptionList(id="days")
                yield OptionList(id="sections")
            yield Prose(NONE_YET, id="standup-page")

    def on_mount(self) -> None:
        self.query_one("#days").border_title = "Days"
        self.query_one("#sections").border_title = "Sections"

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is not None and was.standups is lab.standups:
            return
        days = self.query_one("#days", OptionList)
        self.query_one("#standup-side").display = bool(lab.standups)
        at = days.highlighted or 0
        days.set_options([Option(line.day, id=line.day) for line in lab.standups])
        if lab.standups:
            days.highlighted = min(at, len(lab.standups) - 1)
            self._want(lab.standups[days.highlighted].day)
        else:
            self.query_one(Prose).read(NONE_YET)

    @property
    def selected_day(self) -> str | None:
        days = self.query_one("#days", OptionList)
        return None if days.highlighted is None else days.get_option_at_index(days.highlighted).id

    @on(OptionList.OptionHighlighted, "#days")
    def _day(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id is not None and event.option_id != self._wanted:
            self._want(event.option_id)

    def _want(self, day: str) -> None:
        self._wanted = day
        written = {line.day for line in self.lab.standups}
        self.query_one("#month", Static).update(month.month_of(day, written, self.palette))
        self.post_message(self.Wanted(day))

    def show_page(self, day: str, markdown: str) -> None:
        """Show the page of a day, unless it left the list while it was read."""
        days = self.query_one("#days", OptionList)
        if day not in {option.id for option in days.options}:
            return
        page = self.query_one(Prose)
        page.read(markdown)
        self.query_one("#sections", OptionList).set_options(sections_of(page.headings))

    @on(OptionList.OptionHighlighted, "#sections")
    @on(OptionList.OptionSelected, "#sections")
    def _section(self, event: OptionList.OptionMessage) -> None:
        """Its heading comes to the top."""
        if event.option_index < len(self.query_one(Prose).headings):
            self.query_one(Prose).scroll_to_heading(event.option_index)

    def focus_main(self) -> None:
        days = self.query_one("#days", OptionList)
        (days if self.lab.standups else self.query_one("#standup-page")).focus()


def sections_of(headings: Iterable[Block]) -> list[Option]:
    """Each agent's own section is one of them."""
    return [Option(harmless(Text(f"{'  ' * (block.level - 2)}{block.words}"))) for block in headings]
