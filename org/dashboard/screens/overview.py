"""Tab 1: what the lab asks of the person, what every agent and device does, what was learned and what it cost."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from org.dashboard import drawings, palette
from org.dashboard.state import AgentLine, LabState
from org.dashboard.widgets.agent_detail import AgentDetail
from org.dashboard.widgets.agents_table import AgentsTable
from org.dashboard.widgets.devices_table import DevicesTable
from org.dashboard.widgets.ledger_table import LedgerTable
from org.dashboard.widgets.numbers import Numbers
from org.dashboard.widgets.plot_lines import PlotLines
from org.dashboard.widgets.questions import Questions
from org.dashboard.widgets.view import View
from org.model.message import Question


class Overview(View):
    def compose(self) -> ComposeResult:
        yield Questions(id="questions")
        yield AgentsTable(id="agents")
        yield AgentDetail(id="detail")
        yield Numbers(id="numbers")
        with Horizontal(id="below"):
            with Vertical(id="devices-box", classes="box"):
                yield DevicesTable(id="devices")
            with Vertical(id="curve-box", classes="box"):
                yield PlotLines(id="small-curve")

    def on_mount(self) -> None:
        self.query_one("#devices-box").border_title = "Devices"
        self.query_one("#curve-box").border_title = "Best so far"

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is None or was.questions is not lab.questions:
            self.query_one(Questions).show_lab(lab)
        self.query_one(AgentsTable).show_lab(lab)
        self.query_one(DevicesTable).show_lab(lab)
        if was is None or _counted(was) != _counted(lab):
            self.query_one(Numbers).show(lab)
        if was is None or was.curve is not lab.curve:
            found, inks = lab.curve, palette.inks(self.app)
            self.query_one(PlotLines).draw(lambda width, height: drawings.small(found, width, height, inks))
        self._detail()

    @property
    def selected_agent(self) -> AgentLine | None:
        row = self.query_one(AgentsTable).selected
        return None if row is None else row.line

    @property
    def selected_question(self) -> Question | None:
        return self.query_one(Questions).selected

    @on(LedgerTable.Moved, "#agents")
    def _detail(self) -> None:
        if not self.app.is_running:
            return
        self.query_one(AgentDetail).show(self.selected_agent, self.lab)
        self.post_message(self.Selected())

    def focus_main(self) -> None:
        self.query_one(AgentsTable).focus()


def _counted(lab: LabState) -> tuple[object, ...]:
    """What the numbers are made of."""
    return lab.totals, lab.today, lab.spend, lab.budgets, lab.curve, lab.sigma, lab.programs, lab.agents
