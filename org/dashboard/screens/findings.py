"""Tab 4: what is in a head, and its certificates; f says what may be claimed."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import FindingLine, LabState
from org.dashboard.symbols import EXPERIMENT
from org.dashboard.widgets.findings_table import FindingsTable
from org.dashboard.widgets.ledger_table import LedgerTable
from org.dashboard.widgets.view import View
from org.model.experiment import Experiment, State


class Findings(View):
    def compose(self) -> ComposeResult:
        yield FindingsTable(id="finding-table")
        yield Static(id="finding-detail")
        yield Static(id="finding-count")

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is not None and was.findings is lab.findings:
            return
        self.query_one(FindingsTable).show(lab.findings)
        self.query_one("#finding-count", Static).update(Text.assemble((told(lab.findings), self.palette.dim)))
        self._detail()

    @property
    def selected_experiment(self) -> Experiment | None:
        row = self.query_one(FindingsTable).selected
        return None if row is None else row.experiment

    @on(LedgerTable.Moved, "#finding-table")
    def _detail(self) -> None:
        if self.app.is_running:
            row = self.query_one(FindingsTable).selected
            self.query_one("#finding-detail", Static).update(Text("") if row is None else detail(row, self.palette))
            self.post_message(self.Selected())

    @on(LedgerTable.Chosen, "#finding-table")
    def _open(self) -> None:
        if self.selected_experiment is not None:
            self.post_message(self.Opened(self.selected_experiment))

    def focus_main(self) -> None:
        self.query_one(FindingsTable).focus()


def told(found: tuple[FindingLine, ...]) -> str:
    """How much of what was merged may be claimed."""
    if not found:
        return "nothing is merged yet: findings are what was merged and then held on fresh seeds"
    certified = sum(line.experiment.state is State.CERTIFIED for line in found)
    untested = sum(not line.outcome for line in found)
    words = f"{certified} of {figures.count(len(found), 'merge')} certified, {untested} not tested yet"
    return f"{words} · Enter tells all · y tests on fresh seeds · f says what may be claimed"


def detail(line: FindingLine, colours: Palette) -> Text:
    """The certificate in words, and what explains the gain."""
    e, outcome = line.experiment, line.outcome
    text = Text.assemble((f"{e.id} ", f"bold {colours.plain}"), (e.subject, colours.plain))
    text.append(f"  by {e.author} in {e.program}, merge {line.merge}", style=colours.dim)
    sign = EXPERIMENT[e.state]
    said = str(outcome.get("reason") or "no certificate yet: its gain is that of the runs that selected it")
    text.append(f"\n{sign} ", style=colours.of(sign.tone)).append(said, style=colours.plain)
    quoted = outcome.get("shrunk_gain")
    if e.state is State.CERTIFIED and isinstance(quoted, int | float):
        text.append(f"  quote {figures.gain(quoted)}", style=f"bold {colours.good}")
    why = str(e.label_detail.get("reason") or "not matched for compute").removeprefix(f"{e.label}: ")
    return text.append(f"\nlabel: {e.label or 'none'}  ", style=colours.plain).append(why, style=colours.dim)
