"""Tab 3: programs as a tree: question, head, rung, who works on it, queue, merged, discarded; then the backlog of ideas."""

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.geometry import Size
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from org.dashboard import figures
from org.dashboard.palette import Palette, harmless
from org.dashboard.state import LabState, ProgramLine
from org.dashboard.symbols import EXPERIMENT, PROGRAM, Tone
from org.dashboard.widgets.view import View
from org.model.experiment import IN_HEAD, Experiment
from org.model.experiment import State as S
from org.model.idea import Idea
from org.model.merge import Merge
from org.model.program import Program, State

IDEAS = " ideas"  # the node's data; no slug has a space
QUEUED = (S.PROPOSED, S.APPROVED)
RACING = (S.SCREENING, S.RACING, S.REOPENED)


class ProgramTree(Tree[str]):
    _seen_size = Size(0, 0)
    _style: Style | None = None

    @property
    def rich_style(self) -> Style:
        """Kept: Textual (8.2) adds it up anew for every line that it draws."""
        if self._style is None:
            self._style = super().rich_style
        return self._style

    def notify_style_update(self) -> None:
        self._style = None
        super().notify_style_update()

    def on_resize(self, event: events.Resize) -> None:
        """One that was hidden is told its size again; Textual's would draw every line anew."""
        if event.size == self._seen_size:
            event.prevent_default()
        self._seen_size = event.size


class Programs(View):
    def compose(self) -> ComposeResult:
        tree = ProgramTree("Programs", id="program-tree")
        tree.show_root, tree.guide_depth = False, 3
        yield tree

    def show(self, was: LabState | None, lab: LabState) -> None:
        if was is not None and was.programs is lab.programs and was.ideas is lab.ideas:
            return
        tree: Tree[str] = self.query_one("#program-tree", Tree)
        nodes = {node.data: node for node in tree.root.children}
        for program in lab.programs:
            node = self._node(nodes.get(program.program.slug), program)
            _fill(node, leaves(program, lab, self.palette))
        if not lab.programs and not tree.root.children:
            tree.root.add_leaf(self.palette.text("no programs yet; the chief opens them from briefs", Tone.DIM))
        elif lab.programs:
            label = self.palette.text(f"Ideas: {len(lab.ideas)} open", bold=True)
            ideas = nodes.get(IDEAS) or tree.root.add(label, data=IDEAS)
            ideas.set_label(label)
            _fill(ideas, [idea_label(idea, self.palette) for idea in lab.ideas])
            if tree.cursor_line < 0:  # keys act on the program under it
                tree.cursor_line = 0
        self.post_message(self.Selected())

    def _node(self, node: TreeNode[str] | None, program: ProgramLine) -> TreeNode[str]:
        label, tree = harmless(program_label(program, self.palette)), self.query_one("#program-tree", Tree)
        if node is None:
            ideas = next((n for n in tree.root.children if n.data == IDEAS), None)
            is_open = program.program.state is State.OPEN
            return tree.root.add(label, data=program.program.slug, expand=is_open, before=ideas)
        node.set_label(label)
        return node

    @property
    def selected_program(self) -> Program | None:
        """That of the line under the cursor."""
        node = self.query_one("#program-tree", Tree).cursor_node
        while node is not None and node.data is None:
            node = node.parent
        slug = None if node is None else node.data
        return next((line.program for line in self.lab.programs if line.program.slug == slug), None)

    @on(Tree.NodeHighlighted, "#program-tree")
    def _selected(self) -> None:
        self.post_message(self.Selected())

    def focus_main(self) -> None:
        tree = self.query_one("#program-tree", Tree)
        tree.focus()


def leaves(line: ProgramLine, lab: LabState, colours: Palette) -> list[Text]:
    """Facts, then what is under way, then what was merged."""
    queue = sorted(line.queue, key=lambda e: e.state in QUEUED)
    merged = (_merged(merge, e, colours) for merge, e in line.merged)
    return [*_facts(line, lab, colours), *(_queued(e, colours) for e in queue), *merged]


def _fill(node: TreeNode[str], labels: list[Text]) -> None:
    """Set the leaves; added and removed only where their number changed."""
    labels = [harmless(label) for label in labels]
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
    counts = f"{figures.count(line.tries, 'try')}, {line.count(IN_HEAD)} merged"
    return text.append(f"  {counts}", style=colours.live).append(
        f", {len(line.queue)} open" if line.queue else "", style=colours.live
    )


def _facts(line: ProgramLine, lab: LabState, colours: Palette) -> list[Text]:
    program = line.program
    head = (program.head_commit or "")[:9] or "no branch yet"
    facts = [
        ("asks", program.question),
        ("head", f"{head} · {program.claim} · judged by {program.objective or 'the config'}"),
        ("rung", _rung(line, lab)),
        ("tries", _tries(line)),
    ]
    if line.agents:
        facts.append(("agents", ", ".join(line.agents)))
    if program.reason:
        facts.append(("note", program.reason))
    return [colours.text(f"{name:7}", Tone.DIM).append(words, style=colours.plain) for name, words in facts]


def _tries(line: ProgramLine) -> str:
    """How many are where; without those of which there are none."""
    groups = (
        ("queued", QUEUED), ("racing", RACING), ("merging", (S.BETTER, S.QUEUED)), ("merged", IN_HEAD),
        ("discarded", (S.DISCARDED,)), ("parked", (S.PARKED,)), ("failed", (S.FAILED, S.INVALID)),
    )  # fmt: skip
    counted = [(words, line.count(states)) for words, states in groups]
    return " · ".join(f"{number} {words}" for words, number in counted if number) or "none yet"


def _rung(line: ProgramLine, lab: LabState) -> str:
    """Where its races are run, and what held further up."""
    rungs = lab.setting.rungs
    here = f"1 of {len(rungs)} ({rungs[0]})" if rungs else "1"
    held, fell = line.count((S.CONFIRMED,)), line.count((S.FAILED_TRANSFER,))
    return here + (f" · {held} confirmed further up, {fell} did not hold" if held or fell else "")


def _sign(e: Experiment, colours: Palette) -> Text:
    sign = EXPERIMENT[e.state]
    return colours.text(f"{sign!s:<13}", sign.tone)


def _queued(e: Experiment, colours: Palette) -> Text:
    text = _sign(e, colours).append(f" {e.id:6}", style=f"bold {colours.plain}")
    return text.append(f" {e.subject}", style=colours.plain).append(f"  {e.author}", style=colours.dim)


def _merged(merge: Merge, e: Experiment, colours: Palette) -> Text:
    text = _sign(e, colours).append(f" {e.id:6}", style=f"bold {colours.plain}")
    text.append(f" {figures.gain(e.gain):8} ", style=colours.good).append(e.subject, style=colours.plain)
    return text.append(f"  {e.author}, head {merge.new[:9]}", style=colours.dim)


def idea_label(idea: Idea, colours: Palette) -> Text:
    where = f", for {idea.program}" if idea.program else ""
    text = colours.text(f"{idea.id:>4}  ", Tone.DIM).append(idea.text, style=colours.plain)
    return text.append(f"  {idea.author}{where}", style=colours.dim)
