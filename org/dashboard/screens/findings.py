"""Tab 4: what is in a head, its certificates, and what may be claimed of it."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from org.dashboard import figures
from org.dashboard.palette import Palette, harmless
from org.dashboard.state import FindingLine, LabState
from org.dashboard.symbols import EXPERIMENT
from org.dashboard.widgets.findings_table import FindingsTable
from org.dashboard.widgets.hints import Hints
from org.dashboard.widgets.ledger_table import LedgerTable
from org.dashboard.widgets.view import View
from org.model.experiment import Experiment, State


class Findings(View):
    def compose(self) -> ComposeResult:
        yield FindingsTable(id="finding-table")
        yield Static(id="finding-detail")
        yield Static(id="finding-claim")
        yield Hints(id="finding-count")

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is not None and was.findings is lab.findings:
            return
        self.query_one(FindingsTable).show(lab.findings)
        self.query_one(Hints).show(told(lab.findings))
        self._detail()

    @property
    def selected_experiment(self) -> Experiment | None:
        row = self.query_one(FindingsTable).selected
        return None if row is None else row.experiment

    @on(LedgerTable.Moved, "#finding-table")
    def _detail(self) -> None:
        if self.app.is_running:
            row = self.query_one(FindingsTable).selected
            for name, words in (("#finding-detail", detail), ("#finding-claim", claim)):
                said = Text("") if row is None else harmless(words(row, self.palette))
                self.query_one(name, Static).update(said, layout=False)
            self.post_message(self.Selected())

    @on(LedgerTable.Chosen, "#finding-table")
    def _open(self) -> None:
        if self.selected_experiment is not None:
            self.post_message(self.Opened(self.selected_experiment))

    def focus_main(self) -> None:
        self.query_one(FindingsTable).focus()


def told(found: tuple[FindingLine, ...]) -> list[str]:
    """How much of what was merged may be claimed, and the keys."""
    if not found:
        return ["nothing is merged yet: a finding is what was merged and held on fresh seeds"]
    certified = sum(line.experiment.state is State.CERTIFIED for line in found)
    untested = sum(not line.outcome for line in found)
    words = f"{certified} of {figures.count(len(found), 'merge')} certified, {untested} not tested yet"
    return [words, "f says what may be claimed", "Enter tells all", "y tests on fresh seeds"]


def detail(line: FindingLine, colours: Palette) -> Text:
    """The certificate in words, and what explains the gain."""
    e, outcome = line.experiment, line.outcome
    text = Text.assemble((f"{e.id} ", f"bold {colours.plain}"), (e.subject, colours.plain))
    text.append(f"  by {e.author} in {e.program}, merge {line.merge}", style=colours.dim)
    sign = EXPERIMENT[e.state]
    said = str(outcome.get("reason") or "no certificate yet: its gain is that of the runs that selected it")
    text.append(f"\n{sign}  ", style=colours.of(sign.tone)).append(said, style=colours.plain)
    why = str(e.label_detail.get("reason") or "not matched for compute").removeprefix(f"{e.label}: ")
    return text.append(f"\nlabel: {e.label or 'none'}  ", style=colours.plain).append(why, style=colours.dim)


def claim(line: FindingLine, colours: Palette) -> Text:
    return Text.assemble(("may be claimed: ", colours.dim), (line.claim, f"bold {colours.plain}"))
