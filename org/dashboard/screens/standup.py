"""Tab 5: the standups, the newest first; the page is Markdown."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Markdown, OptionList
from textual.widgets.option_list import Option

from org.dashboard.state import LabState
from org.dashboard.widgets.view import View

NONE_YET = "## No standup yet\n\nThe lab writes one a day. Press **s** to ask for one now."


class Standup(View):
    class Wanted(Message):
        """The page of a day is to be read."""

        def __init__(self, day: str) -> None:
            super().__init__()
            self.day = day

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield OptionList(id="days")
            with VerticalScroll(id="standup-page"):
                yield Markdown(NONE_YET)

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is not None and was.standups is lab.standups:
            return
        days = self.query_one("#days", OptionList)
        days.display = bool(lab.standups)
        at = days.highlighted or 0
        days.set_options([Option(line.day, id=line.day) for line in lab.standups])
        if lab.standups:
            days.highlighted = min(at, len(lab.standups) - 1)
            self.post_message(self.Wanted(lab.standups[days.highlighted].day))
        else:
            self.query_one(Markdown).update(NONE_YET)

    @on(OptionList.OptionHighlighted, "#days")
    def _day(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id is not None:
            self.post_message(self.Wanted(event.option_id))

    async def show_page(self, day: str, markdown: str) -> None:
        """Show the page of a day, unless it left the list while it was read."""
        days = self.query_one("#days", OptionList)
        if day not in {option.id for option in days.options}:
            return
        await self.query_one(Markdown).update(markdown)

    def focus_main(self) -> None:
        days = self.query_one("#days", OptionList)
        (days if days.display else self.query_one("#standup-page")).focus()
