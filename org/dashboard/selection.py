"""What a person has selected, on which keys act: it depends on the tab that is open."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from org.dashboard import keys
from org.dashboard.actions import NAMED, On, is_possible
from org.dashboard.screens.experiments import Experiments
from org.dashboard.screens.findings import Findings
from org.dashboard.screens.messages import Messages
from org.dashboard.screens.overview import Overview
from org.dashboard.screens.plot import Plot
from org.dashboard.screens.programs import Programs
from org.dashboard.screens.standup import REPLY, Standup
from org.dashboard.state import AgentLine, Asked, LabState, Query, Wanted
from org.dashboard.widgets.questions import in_full
from org.dashboard.widgets.view import View
from org.model.experiment import Experiment
from org.model.program import Program

V = TypeVar("V", bound=View)
DIMMED = frozenset({"takeover", "handback"})  # shown also where they are not possible


class Selection:
    """views: by the names of their tabs. tab: the open one."""

    def __init__(self, views: Mapping[str, View], tab: Callable[[], str]) -> None:
        self._views, self._tab = views, tab

    def view(self, kind: type[V]) -> V:
        return next(found for found in self._views.values() if isinstance(found, kind))

    def shows(self, name: str) -> bool:
        """Whether this tab is open, and can be asked."""
        return self._tab() == name and self._views[name].stands

    @property
    def agent(self) -> AgentLine | None:
        """The one that keys act on: selected in the overview, while that is open."""
        return self.view(Overview).selected_agent if self.shows("overview") else None

    @property
    def answerable(self) -> tuple[str, str, str] | None:
        """(message, asker, text) of the selected question or message, or of the standup that is shown."""
        if self.shows("overview"):
            question = self.view(Overview).selected_question
            return None if question is None else (question.id, question.asker, in_full(question))
        if self.shows("standup"):
            day = self.view(Standup).selected_day
            return None if day is None else (f"standup-{day}", "the standup", REPLY)
        message = self.view(Messages).selected_message if self.shows("messages") else None
        return None if message is None else (message.id, message.sender, message.body)

    @property
    def experiment(self) -> Experiment | None:
        """The one that keys act on: selected among the experiments or the findings, while that tab is open."""
        if self.shows("experiments"):
            return self.view(Experiments).selected_experiment
        return self.view(Findings).selected_experiment if self.shows("findings") else None

    @property
    def program(self) -> Program | None:
        return self.view(Programs).selected_program if self.shows("programs") else None

    def target(self, on: On, lab: LabState) -> tuple[str, object] | None:
        """(name, thing) that an action is used on now."""
        match on:
            case On.LAB:
                return "", lab
            case On.AGENT:
                return None if self.agent is None else (self.agent.agent.name, self.agent)
            case On.EXPERIMENT:
                return None if self.experiment is None else (self.experiment.id, self.experiment)
            case On.PROGRAM:
                return None if self.program is None else (self.program.slug, self.program)

    def allows(self, action: str, parameters: tuple[object, ...], lab: LabState) -> bool | None:
        """Whether a key does something now. None: shown all the same. False: not shown."""
        match action:
            case "act":
                asked = NAMED[str(parameters[0])]
                target = self.target(asked.on, lab)
                possible = target is not None and is_possible(asked, target[1])
                return possible or (None if asked.name in DIMMED and target is not None else False)
            case "go":
                return self.agent is not None
            case "reply":
                return self.answerable is not None
            case "leaf":
                return self.shows("experiments") and self.view(Experiments).has_leaf(int(str(parameters[0])))
            case "filter" | "sort":
                return self.shows("experiments")
        return True

    def possible_keys(self, lab: LabState) -> list[bool | None]:
        """What `allows` says of every key, in their order."""
        parts = (binding.action.rstrip(")").partition("(") for binding in keys.all_bindings())
        return [self.allows(name, (rest.strip("'"),) if rest else (), lab) for name, _, rest in parts]

    @property
    def wanted(self) -> Wanted:
        """What is being looked at; nothing else that costs something is read."""
        tab = self._tab()
        query = self.view(Experiments).query_of_page if tab == "experiments" else Query()
        return Wanted(tab, query, self.view(Plot).asked_for if tab == "plot" else Asked())
