"""The app: tabs over one LabState, and keys that call verbs."""

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

from org.dashboard import actions, commands, details, keys, palette
from org.dashboard.actions import NAMED, On
from org.dashboard.asker import Asker
from org.dashboard.follower import Follower, setting_of
from org.dashboard.screens.devices import Devices
from org.dashboard.screens.experiments import Experiments
from org.dashboard.screens.findings import Findings
from org.dashboard.screens.help import Help
from org.dashboard.screens.log import Log
from org.dashboard.screens.messages import Messages
from org.dashboard.screens.overview import Overview
from org.dashboard.screens.page import Page
from org.dashboard.screens.plot import Plot
from org.dashboard.screens.programs import Programs
from org.dashboard.screens.standup import Standup
from org.dashboard.state import AgentLine, LabState, Level, Note, Query, Wanted
from org.dashboard.verbs import Verbs
from org.dashboard.watcher import Frame, Watcher
from org.dashboard.widgets.note_bar import NoteBar
from org.dashboard.widgets.questions import in_full
from org.dashboard.widgets.title_bar import TitleBar
from org.dashboard.widgets.view import View
from org.model.experiment import Experiment
from org.model.program import Program
from org.store.layout import Layout

V = TypeVar("V", bound=View)
NARROW = 110  # cells; below it every tab says less
DEAF_SECONDS = 3.0  # a look that takes longer waits for a lock; say so
DIMMED = frozenset({"takeover", "handback"})  # shown also where they are not possible
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
        names = keys.SHORT if event.size.width < NARROW else tuple(name.capitalize() for name in keys.TABS)
        for number, (name, words) in enumerate(zip(keys.TABS, names, strict=True), start=1):
            self.query_one(TabbedContent).get_tab(name).label = f"{number} {words}"

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
        self._want()
        for name, view in VIEWS.items():
            main.query_one(view).offer(self.lab, visible=name == self.tab)
        self._weigh_keys()

    @on(Experiments.Asked)
    def _want(self) -> None:
        """Say what is being looked at; nothing else that costs something is read."""
        self._watcher.want(self._wanted)

    @property
    def _wanted(self) -> Wanted:
        query = self._view(Experiments).query_of_page if self.tab == "experiments" else Query()
        return Wanted(self.tab, query)

    @on(View.Selected)
    def _weigh_keys(self) -> None:
        """Tell the footer when other keys are possible than before; it makes all its widgets anew for that."""
        possible = [self._is_possible(b.action) for b in keys.all_bindings()]
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
        """Whether what the last look saw was offered to the views, and it looked at what is wanted."""
        return self.looked and self.lab is self._watcher.newest and self._watcher.saw == self._wanted

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

    @property
    def experiment(self) -> Experiment | None:
        """The one that keys act on: selected among the experiments or the findings, while that tab is open."""
        if self.tab == "experiments":
            return self._view(Experiments).selected_experiment
        return self._view(Findings).selected_experiment if self.tab == "findings" else None

    @property
    def program(self) -> Program | None:
        return self._view(Programs).selected_program if self.tab == "programs" else None

    def _target(self, on: On) -> tuple[str, object] | None:
        """(name, thing) that an action is used on now."""
        match on:
            case On.LAB:
                return "", self.lab
            case On.AGENT:
                return None if self.agent is None else (self.agent.agent.name, self.agent)
            case On.EXPERIMENT:
                return None if self.experiment is None else (self.experiment.id, self.experiment)
            case On.PROGRAM:
                return None if self.program is None else (self.program.slug, self.program)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """None: shown in the footer, but not possible now. False: not shown."""
        if not self.stands:
            return True
        if action == "act":
            asked = NAMED[str(parameters[0])]
            target = self._target(asked.on)
            possible = target is not None and actions.is_possible(asked, target[1])
            return possible or (None if asked.name in DIMMED and target is not None else False)
        if action == "go":
            return self.agent is not None
        if action == "reply":
            return self.answerable is not None
        if action in ("filter", "sort", "leaf"):
            return self.tab == "experiments" and (action != "leaf" or self._view(Experiments).has_leaf(int(str(parameters[0]))))
        return True

    def _is_possible(self, binding: str) -> bool | None:
        name, _, rest = binding.rstrip(")").partition("(")
        return self.check_action(name, (rest.strip("'"),) if rest else ())

    # Keys

    def action_tab(self, name: str) -> None:
        self.query_one(TabbedContent).active = name
        self._view(VIEWS[name]).focus_main()

    def action_act(self, name: str) -> None:
        action = NAMED[name]
        target = self._target(action.on)
        if target is not None and actions.is_possible(action, target[1]):
            self.ask.act(action, target[0])

    @on(DataTable.RowSelected, "#agents")
    def action_go(self) -> None:
        if self.agent is not None:
            self.ask.go(self.agent.agent.name)

    def action_type(self) -> None:
        self.ask.type()

    def action_sort(self) -> None:
        self._view(Experiments).sort_otherwise()

    def action_leaf(self, step: int) -> None:
        self._view(Experiments).leaf(step)

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
        for command in commands.of(self.lab, self.ask, self.experiment):
            yield SystemCommand(command.title, command.help, command.call)
        yield from super().get_system_commands(screen)

    def _view(self, view: type[V]) -> V:
        return self.screen_stack[0].query_one(view)

    # Pages

    @on(View.Opened)
    async def _open_page(self, event: View.Opened) -> None:
        experiment = event.experiment
        text = await asyncio.to_thread(details.page, self._layout.page(experiment.id), experiment)
        page = Page(details.title_of(experiment), text)
        await self.push_screen(page)
        self.ask.fetch(("explain", experiment.id), page.show_evidence)
        page.show_diff(await asyncio.to_thread(details.changes, self._layout.root, experiment))

    @on(Standup.Wanted)
    async def _read_standup(self, event: Standup.Wanted) -> None:
        text = await asyncio.to_thread(details.read, self._layout.standup(event.day))
        await self._view(Standup).show_page(event.day, text or f"The page of {event.day} is gone.")
