"""Tab 3: programs as a tree: question, head, who works on it, what was merged."""

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from org.dashboard import figures
from org.dashboard.palette import Palette
from org.dashboard.state import ExperimentLine, LabState, ProgramLine
from org.dashboard.symbols import EXPERIMENT, PROGRAM, Tone
from org.dashboard.widgets.view import View
from org.model.program import State


class Programs(View):
    def compose(self) -> ComposeResult:
        tree: Tree[str] = Tree("Programs", id="program-tree")
        tree.show_root, tree.guide_depth = False, 3
        yield tree

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is not None and was.programs is lab.programs and was.experiments is lab.experiments:
            return
        tree: Tree[str] = self.query_one("#program-tree", Tree)
        experiments = {line.experiment.id: line for line in lab.experiments}
        nodes = {node.data: node for node in tree.root.children}
        for program in lab.programs:
            label = program_label(program, self.palette)
            node = nodes.get(program.program.slug)
            if node is None:
                node = tree.root.add(label, data=program.program.slug, expand=program.program.state is State.OPEN)
            else:
                node.set_label(label)
            _fill(node, [*_facts(program, self.palette), *_outcomes(program, experiments, self.palette)])
        if not lab.programs and not tree.root.children:
            tree.root.add_leaf(self.palette.text("no programs yet; the chief opens them from briefs", Tone.DIM))

    def focus_main(self) -> None:
        self.query_one("#program-tree", Tree).focus()


def _fill(node: TreeNode[str], labels: list[Text]) -> None:
    """Set the leaves; added and removed only where their number changed."""
    for leaf, label in zip(node.children, labels, strict=False):
        if leaf.label != label:
            leaf.set_label(label)
    for label in labels[len(node.children) :]:
        node.add_leaf(label)
    for leaf in list(node.children)[len(labels) :]:
        leaf.remove()


def program_label(line: ProgramLine, colours: Palette) -> Text:
    program = line.program
    text = colours.sign(PROGRAM[program.state])
    text.append(f"  {program.slug}", style=f"bold {colours.plain}").append(f"  {program.title}", style=colours.plain)
    counts = f"{figures.count(line.tries, 'try').replace('trys', 'tries')}, {figures.count(len(line.merges), 'merge')}"
    return text.append(f"  {counts}", style=colours.live).append(f", {line.open} open" if line.open else "", style=colours.live)


def _facts(line: ProgramLine, colours: Palette) -> list[Text]:
    program = line.program
    head = (program.head_commit or "")[:9] or "no branch yet"
    facts = [("asks", program.question), ("head", f"{head} · {program.claim} · judged by {program.objective or 'the config'}")]
    if line.agents:
        facts.append(("agents", ", ".join(line.agents)))
    if program.reason:
        facts.append(("note", program.reason))
    return [colours.text(f"{name:7}", Tone.DIM).append(words, style=colours.plain) for name, words in facts]


def _outcomes(line: ProgramLine, experiments: dict[str, ExperimentLine], colours: Palette) -> list[Text]:
    labels = []
    for merge in reversed(line.merges):
        found = experiments.get(merge.experiment)
        if found is None:
            continue
        e = found.experiment
        text = colours.sign(EXPERIMENT[e.state]).append(f"  {e.id:5}", style=f"bold {colours.plain}")
        text.append(f" {figures.gain(e.gain):8} ", style=colours.good).append(e.subject, style=colours.plain)
        labels.append(text.append(f"  {e.author}, head {merge.new[:9]}", style=colours.dim))
    return labels
