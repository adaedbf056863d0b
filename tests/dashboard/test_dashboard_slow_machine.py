"""What happens one after the other where it is slow, and at once elsewhere."""

import threading

import ledgers
import pytest
import screen
from recorder import Recorder
from settling import Visitor, eventually
from standing import Build, Dashboard, Running
from textual import on
from textual.message import Message
from textual.widgets import TabbedContent

from org.dashboard.app import VIEWS
from org.dashboard.state import LabState, Wanted
from org.dashboard.watcher import Frame, Watcher


class LateTabs(Dashboard):
    """Up before any of its tabs is active."""

    late = True

    @property
    def tab(self) -> str:
        return "" if self.late else super().tab

    @on(TabbedContent.TabActivated)
    def _are_there(self) -> None:
        self.late = False


async def test_an_app_that_is_up_before_its_tabs_shows_the_first_one_when_it_comes(lab: Build) -> None:
    layout = lab()
    app = LateTabs(layout.ledger, layout, Recorder(), ledgers.CONFIG, lambda: ledgers.NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(Visitor(pilot), lambda: "junior-1" in screen.text(app))


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_that_never_stands_is_shown_nothing(name: str) -> None:
    """As the app closes, the next tab is not mounted any more."""
    view = VIEWS[name]()
    view.offer(LabState(lab="main"))
    view.take_focus()
    assert view.lab.lab == "main"


async def test_a_tab_that_was_left_does_not_come_back_with_the_focus(lab: Build, running: Running) -> None:
    """What is hidden hands its focus to a neighbour, which is hidden too."""
    async with running(lab()) as (app, visitor):
        await visitor.press("7", "6")
        app.screen.set_focus(app.query_one("#body"))
        await visitor.settled()
        assert app.tab == "standup" and "A busy day" in screen.text(app)


def test_a_look_hands_over_its_frame_before_it_says_what_it_looked_at() -> None:
    """Whoever sees that the wanted was looked at finds its frame."""

    class Looking:
        def look(self, with_progress: bool, wanted: Wanted) -> LabState:
            return lab

        def close(self) -> None:
            closed.set()

    def post(message: Message) -> None:
        assert isinstance(message, Frame)
        posted.append((watcher.newest, watcher.saw))
        watcher.stop()

    lab, posted, closed = LabState(lab="main"), list[tuple[LabState | None, Wanted]](), threading.Event()
    watcher = Watcher(Looking(), post)  # type: ignore[arg-type]
    watcher.want(Wanted("log"))
    watcher.start()
    assert closed.wait(120)
    assert posted == [(lab, Wanted())] and watcher.saw == Wanted("log")
