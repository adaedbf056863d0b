"""What a person has selected, on which keys act: it depends on the tab that is open."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from org.dashboard.actions import On
from org.dashboard.screens.experiments import Experiments
from org.dashboard.screens.findings import Findings
from org.dashboard.screens.messages import Messages
from org.dashboard.screens.overview import Overview
from org.dashboard.screens.programs import Programs
from org.dashboard.screens.standup import REPLY, Standup
from org.dashboard.state import AgentLine, LabState
from org.dashboard.widgets.questions import in_full
from org.dashboard.widgets.view import View
from org.model.experiment import Experiment
from org.model.program import Program

V = TypeVar("V", bound=View)


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
