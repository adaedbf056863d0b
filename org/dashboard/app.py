"""The app: seven tabs over one LabState, and keys that call verbs."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual import events, on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import DataTable, Footer, OptionList, TabbedContent, TabPane

from org.dashboard import commands, keys, palette
from org.dashboard.asker import Asker
from org.dashboard.follower import Follower, setting_of
from org.dashboard.screens import page
from org.dashboard.screens.experiments import Experiments
from org.dashboard.screens.help import Help
from org.dashboard.screens.log import Log
from org.dashboard.screens.messages import Messages
from org.dashboard.screens.overview import Overview
from org.dashboard.screens.plot import Plot
from org.dashboard.screens.programs import Programs
from org.dashboard.screens.standup import Standup
from org.dashboard.state import AgentLine, LabState, Level, Note
from org.dashboard.verbs import Verbs
from org.dashboard.watcher import Frame, Watcher
from org.dashboard.widgets.note_bar import NoteBar
from org.dashboard.widgets.questions import in_full
from org.dashboard.widgets.title_bar import TitleBar
from org.dashboard.widgets.view import View
from org.model.agent import Control, State
from org.store.layout import Layout

V = TypeVar("V", bound=View)
DEAF_SECONDS = 3.0  # a look that takes longer waits for a lock; say so
AGENT_ACTIONS = frozenset({"takeover", "handback", "pause", "resume", "go"})
VIEWS: dict[str, type[View]] = dict(zip(keys.TABS, (Overview, Experiments, Programs, Plot, Standup, Messages, Log), strict=True))


class DashboardApp(App[None]):
    """Renders the lab of a ledger and calls verbs; quitting stops nothing.

    config: config.yaml as plain data (lab, task.metric, task.direction, protocol.max_runs, standup.timezone).
    """

    TITLE = "org"
    CSS_PATH = "dashboard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = keys.BINDINGS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 (declared so by Textual)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-medium")]  # noqa: RUF012

    def __init__(
        self,
        ledger_path: Path,
        layout: Layout,
        verbs: Verbs,
        config: Mapping[str, Any],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        reading = (Note(Level.INFO, "Reading the ledger …"),)
        self.lab = LabState(setting=setting_of(config), lab=str(config.get("lab", "")), notes=reading)
        self.looked = False  # whether lab was read, or is what the app began with
        self.ask = Asker(self, verbs)
        self._layout = layout
        self._has_tabs = False
        self._possible: list[bool | None] = []
        self._watcher = Watcher(Follower(ledger_path, layout, config, clock), self.post_message)
        self.register_theme(palette.DARK)
        self.register_theme(palette.LIGHT)
        self.theme = palette.DARK.name

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield NoteBar()
        with TabbedContent(initial=keys.TABS[0]):
            for number, (name, view) in enumerate(VIEWS.items(), start=1):
                with TabPane(f"{number} {name.capitalize()}", id=name):
                    yield view()
        yield Footer()

    def on_mount(self) -> None:
        self._has_tabs = True
        self.theme_changed_signal.subscribe(self, self._repaint)
        self._watcher.start()
        self.set_interval(1.0, self._listen)
        self.query_one(Overview).focus_main()

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(Footer).show_command_palette = event.size.width >= 100

    def on_unmount(self) -> None:
        self._watcher.stop()

    # Frames

    def on_frame(self, frame: Frame) -> None:
        self.lab, self.looked = frame.lab, True
        if self.stands:
            self._show()

    @on(TabbedContent.TabActivated)
    def _show(self) -> None:
        """Offer the frame to every view; only the one that can be seen works."""
        main = self.screen_stack[0]
        main.query_one(TitleBar).show(self.lab)
        main.query_one(NoteBar).show(self.lab.notes)
        for name, view in VIEWS.items():
            main.query_one(view).offer(self.lab, visible=name == self.tab)
        self._weigh_keys()

    @on(View.Selected)
    def _weigh_keys(self) -> None:
        """Tell the footer when other keys are possible than before; it makes all its widgets anew for that."""
        possible = [self.check_action(b.action, ()) for b in keys.all_bindings()]
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    def _listen(self) -> None:
        silent = self._watcher.silent_seconds
        if not self.stands:
            return
        if silent > DEAF_SECONDS:
            text = f"The ledger has not answered for {silent:.0f} s: another program holds it, or its disk hangs."
            self.screen_stack[0].query_one(NoteBar).show((Note(Level.ERROR, text),))
        else:
            self.screen_stack[0].query_one(NoteBar).show(self.lab.notes)

    def _repaint(self, theme: Theme) -> None:
        for view in VIEWS.values():
            self.screen_stack[0].query_one(view).repaint()
        self._show()

    # What is selected

    @property
    def stands(self) -> bool:
        """Whether the tabs can be asked: frames, timers and keys come before they are there and while they go."""
        return self._has_tabs and self.is_running

    @property
    def shows_newest(self) -> bool:
        """Whether what the last look saw was offered to the views."""
        return self.looked and self.lab is self._watcher.newest

    @property
    def tab(self) -> str:
        return self.screen_stack[0].query_one(TabbedContent).active

    @property
    def agent(self) -> AgentLine | None:
        """The one that keys act on: selected in the overview, while that is open."""
        return self._view(Overview).selected_agent if self.tab == "overview" else None

    @property
    def answerable(self) -> tuple[str, str, str] | None:
        """(message, asker, text) of the selected question or message."""
        if self.tab == "overview":
            question = self._view(Overview).selected_question
            return None if question is None else (question.id, question.asker, in_full(question))
        message = self._view(Messages).selected_message if self.tab == "messages" else None
        return None if message is None else (message.id, message.sender, message.body)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """None: shown in the footer, but not possible now. False: not shown."""
        if not self.stands:
            return True
        if action in AGENT_ACTIONS:
            return False if self.agent is None else _possible(action, self.agent)
        if action == "reply":
            return self.answerable is not None
        if action == "filter":
            return self.tab == "experiments"
        return True

    # Keys

    def action_tab(self, name: str) -> None:
        self.query_one(TabbedContent).active = name
        self._view(VIEWS[name]).focus_main()

    def action_takeover(self) -> None:
        self._with_agent(self.ask.takeover)

    def action_handback(self) -> None:
        self._with_agent(self.ask.handback)

    def action_pause(self) -> None:
        self._with_agent(self.ask.pause)

    def action_resume(self) -> None:
        self._with_agent(self.ask.resume)

    @on(DataTable.RowSelected, "#agents")
    def action_go(self) -> None:
        self._with_agent(self.ask.go)

    def action_standup(self) -> None:
        self.ask.standup_now()

    @on(OptionList.OptionSelected, "#questions")
    def action_reply(self) -> None:
        if self.answerable is not None:
            self.ask.answer(*self.answerable)

    def action_filter(self) -> None:
        self._view(Experiments).open_filter()

    def action_help(self) -> None:
        self.push_screen(Help(keys.all_bindings()))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the lab's verbs first."""
        for command in commands.of(self.lab, self.ask):
            yield SystemCommand(command.title, command.help, command.call)
        yield from super().get_system_commands(screen)

    def _with_agent(self, verb: Callable[[str], None]) -> None:
        if self.agent is not None:
            verb(self.agent.agent.name)

    def _view(self, view: type[V]) -> V:
        return self.screen_stack[0].query_one(view)

    # Pages

    @on(Experiments.Opened)
    async def _open_page(self, event: Experiments.Opened) -> None:
        line = next((e for e in self.lab.experiments if e.experiment.id == event.experiment), None)
        if line is not None:
            text = await asyncio.to_thread(page.text_of, self._layout.page(event.experiment), line)
            await self.push_screen(page.Page(page.title_of(line), text))

    @on(Standup.Wanted)
    async def _read_standup(self, event: Standup.Wanted) -> None:
        text = await asyncio.to_thread(page.read, self._layout.standup(event.day))
        await self._view(Standup).show_page(event.day, text or f"The page of {event.day} is gone.")


def _possible(action: str, line: AgentLine) -> bool | None:
    match action:
        case "takeover":
            return None if line.agent.control is Control.HUMAN else True
        case "handback":
            return None if line.agent.control is Control.AGENT else True
        case "pause":
            return line.agent.state is not State.PAUSED
        case "resume":
            return line.agent.state is State.PAUSED
        case _:
            return True
