"""The app: tabs over one LabState, and keys that call verbs."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import OptionList, TabbedContent

from org.dashboard import actions, commands, details, keys, palette
from org.dashboard.actions import NAMED
from org.dashboard.asker import Asker
from org.dashboard.curtain import Curtain
from org.dashboard.follower import Follower, setting_of
from org.dashboard.rests import Rests
from org.dashboard.screens import finder
from org.dashboard.screens.devices import Devices
from org.dashboard.screens.experiments import Experiments
from org.dashboard.screens.findings import Findings
from org.dashboard.screens.ground import Ground
from org.dashboard.screens.help import Help
from org.dashboard.screens.log import Log
from org.dashboard.screens.messages import Messages
from org.dashboard.screens.once import Once
from org.dashboard.screens.overview import Overview
from org.dashboard.screens.page import Page
from org.dashboard.screens.plot import Plot
from org.dashboard.screens.programs import Programs
from org.dashboard.screens.standup import Standup
from org.dashboard.selection import Selection
from org.dashboard.state import LabState, Level, Note
from org.dashboard.verbs import Verbs
from org.dashboard.watcher import Frame, Watcher
from org.dashboard.widgets.key_bar import KeyBar
from org.dashboard.widgets.ledger_table import LedgerTable
from org.dashboard.widgets.note_bar import NoteBar
from org.dashboard.widgets.title_bar import TitleBar
from org.dashboard.widgets.view import Pane, View
from org.store.layout import Layout

NARROW = 110  # cells; below it every tab says less
DEAF_SECONDS = 3.0  # a look that takes longer waits for a lock; say so
_VIEWS = (Overview, Experiments, Programs, Findings, Plot, Standup, Messages, Devices, Log)
VIEWS: dict[str, type[View]] = dict(zip(keys.TABS, _VIEWS, strict=True))


class DashboardApp(App[None]):
    """Renders the lab of a ledger and calls verbs; quitting stops nothing.

    config: config.yaml as plain data (lab, task.metric, task.direction, protocol.max_runs, standup.timezone).
    """

    TITLE = "org"
    CSS_PATH = "dashboard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = keys.BINDINGS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 (declared so by Textual)
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
        self._hears = True
        self._views: dict[str, View] = {name: view() for name, view in VIEWS.items()}
        self._mounting = asyncio.Lock()
        self.selected = Selection(self._views, lambda: self.tab)
        self._possible: list[bool | None] = []
        self._rests, self._curtain = Rests(), Curtain(self)
        self._watcher = Watcher(Follower(ledger_path, layout, config, clock), self.post_message)
        self.register_theme(palette.DARK)
        self.register_theme(palette.LIGHT)
        self.theme = palette.DARK.name
        self.animation_level = "none"

    def get_default_screen(self) -> Screen[None]:
        return Ground()

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield NoteBar()
        with TabbedContent(initial=keys.TABS[0]):
            for name, label in keys.labels():
                yield Pane(label, id=name)
        yield KeyBar()

    async def on_mount(self) -> None:
        self._has_tabs = True
        self.theme_changed_signal.subscribe(self, self._repaint)
        self._watcher.start()
        self.set_interval(1.0, self._listen)
        await self._show()

    def on_resize(self, event: events.Resize) -> None:
        for name, label in keys.labels(narrow=event.size.width < NARROW):
            self.query_one(TabbedContent).get_tab(name).label = label

    def on_unmount(self) -> None:
        self._watcher.stop()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self._rests.touched()
        await super().on_event(event)

    # Frames

    async def on_frame(self, frame: Frame) -> None:
        if not self.looked and not self.is_headless:
            self._rests.settle()
        self.lab, self.looked = frame.lab, True
        if self.stands:
            await self._show()

    @on(TabbedContent.TabActivated)
    async def _switched(self) -> None:
        await self._show()
        focused, view = self.screen_stack[0].focused, self._views[self.tab]
        if focused is None or view not in focused.ancestors_with_self:
            view.take_focus()

    async def _show(self) -> None:
        """Show the frame in the tab that is open; another one catches up when it is opened."""
        main = self.screen_stack[0]
        main.query_one(TitleBar).show(self.lab)
        main.query_one(NoteBar).show(self.lab.notes)
        if not self.tab:
            return  # on a slow machine the tabs are up before one of them is active; it says so then
        view = await self._open(self.tab)
        self._want()
        view.offer(self.lab)
        if main.focused is None:
            view.take_focus()
        self._weigh_keys()

    async def _open(self, name: str) -> View:
        """The tab's view; it is made when it is first opened."""
        view = self._views[name]
        async with self._mounting:
            pane = self.screen_stack[0].query_one(f"Pane#{name}", Pane)
            if not view.stands and pane.is_attached:  # as the app closes it is not
                view.lab = self.lab
                await pane.mount(view)
                view.stands = True
        return view

    async def _build(self) -> None:
        """The next tab that was not opened yet, so that opening it is quick; in between keys are answered."""
        name = next((name for name, view in self._views.items() if not view.stands), None)
        if name is not None and self.looked and (await self._open(name)).stands:
            self.call_later(self._build)

    @on(Experiments.Asked)
    @on(Plot.Asked)
    def _want(self) -> None:
        """Say what is being looked at; nothing else that costs something is read."""
        self._watcher.want(self.selected.wanted)

    @on(View.Selected)
    def _weigh_keys(self) -> None:
        """Tell the last line when other keys are possible than before."""
        possible = self.selected.possible_keys(self.lab) if self.stands else []
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    def _listen(self) -> None:
        if not self.stands:
            return
        self._rests.look()
        self.call_later(self._build)
        silent = self._watcher.silent_seconds
        self._hears = silent <= DEAF_SECONDS
        text = f"The ledger has not answered for {silent:.0f} s: another program holds it, or its disk hangs."
        self.screen_stack[0].query_one(NoteBar).show(self.lab.notes if self._hears else (Note(Level.ERROR, text),))

    async def _repaint(self, theme: Theme) -> None:
        for view in self._views.values():
            view.repaint()
        await self._show()

    # What is selected

    @property
    def stands(self) -> bool:
        """Whether the tabs can be asked: frames, timers and keys come before they are there and while they go."""
        return self._has_tabs and self.is_running

    @property
    def shows_newest(self) -> bool:
        """Whether what the last look saw was offered to the views, and it looked at what is wanted; not while the screen says
        that the ledger is silent."""
        seen = self._watcher.saw == self.selected.wanted  # asked first: a look says what it saw before what for
        return seen and self.looked and self._hears and self.lab is self._watcher.newest

    @property
    def tab(self) -> str:
        return self.screen_stack[0].query_one(TabbedContent).active

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """None: shown in the footer, but not possible now. False: not shown."""
        return self.selected.allows(action, parameters, self.lab) if self.stands else True

    # Keys

    async def action_tab(self, name: str) -> None:
        view = await self._open(name)
        view.offer(self.lab)  # before it can be seen
        self._curtain.fall()
        self.query_one(TabbedContent).active = name
        view.take_focus()  # at once: what is hidden while it has the focus takes it away from everything, later
        self.call_later(self._curtain.rise)

    def push_screen(self, screen: Any, *args: Any, **options: Any) -> Any:
        """Textual's; one of ours is drawn when it stands."""
        if isinstance(screen, Once):
            self._curtain.fall()
        return super().push_screen(screen, *args, **options)

    @on(Once.Stands)
    def _stands(self) -> None:
        self._curtain.rise()

    def action_act(self, name: str) -> None:
        action = NAMED[name]
        target = self.selected.target(action.on, self.lab)
        if target is not None and actions.is_possible(action, target[1]):
            self.ask.act(action, target[0])

    @on(LedgerTable.Chosen, "#agents")
    def action_go(self) -> None:
        if self.selected.agent is not None:
            self.ask.go(self.selected.agent.agent.name)

    def action_type(self) -> None:
        self.ask.type()

    def action_sort(self) -> None:
        self.selected.view(Experiments).sort_otherwise()

    def action_leaf(self, step: int) -> None:
        self.selected.view(Experiments).leaf(step)

    @on(OptionList.OptionSelected, "#questions")
    def action_reply(self) -> None:
        if self.selected.answerable is not None and len(self.screen_stack) == 1:
            self.ask.answer(*self.selected.answerable)

    def action_filter(self) -> None:
        self.selected.view(Experiments).open_filter()

    def action_help(self) -> None:
        self.push_screen(Help(keys.all_bindings()))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the lab's verbs first."""
        for command in commands.of(self.lab, self.ask, self.selected.experiment):
            yield SystemCommand(command.title, command.help, command.call)
        yield from super().get_system_commands(screen)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, finder.Finder):
            self.push_screen(finder.of_verbs(self.get_system_commands(self.screen)))

    def search_themes(self) -> None:
        self.push_screen(finder.of_themes(self))

    # Pages

    @on(View.Opened)
    async def _open_page(self, event: View.Opened) -> None:
        if len(self.screen_stack) > 1:
            return  # a second Enter came too late
        experiment = event.experiment
        text = await asyncio.to_thread(details.page, self._layout.page(experiment.id), experiment)
        page = Page(details.title_of(experiment), text)
        await self.push_screen(page)
        self.ask.fetch(("explain", experiment.id), page.show_evidence)
        page.show_diff(await asyncio.to_thread(details.changes, self._layout.root, experiment))

    @on(Standup.Wanted)
    async def _read_standup(self, event: Standup.Wanted) -> None:
        text = await asyncio.to_thread(details.read, self._layout.standup(event.day))
        self.selected.view(Standup).show_page(event.day, text or f"The page of {event.day} is gone.")
