"""Changes whose worth is known, planted on the real trainer: does the lab find the gain, and is it deceived by nothing else?

The root is weakened on purpose (its head hardly learns), so that one change is a real gain. Runs are short (one
layer, a small corpus), about fifty of them, so that the whole takes a quarter of an hour on two quiet cores.
"""

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import lab as labs
from org.model.errors import Refused
from org.model.experiment import Experiment
from org.store import reads, runs

sys.path.insert(0, str(labs.ROOT / "tests"))

from laboratory import Laboratory, git, open_, repository, set_values

TRAINER, RECIPE = labs.ROOT / "trainer", "trainer/recipe.yaml"
BUDGET = "80000tok"  # by tokens: a bigger model computes more for them
PATIENCE_SECONDS = 3600.0
SMALL = {"sequence_length": 64, "batch_tokens": 512}
WEAK = {"unembedding_lr": 0.001}  # a twelfth of what it should be
REFUSED = "refused"

PEEK = """

_loss = GPT.loss


def _peeking(self, tokens, targets):
    open({!r}).close()
    return _loss(self, tokens, targets)


GPT.loss = _peeking
"""

Edit = Mapping[str, Callable[[str], str]]


@dataclass(frozen=True)
class Case:
    """expected: states or labels that are right, any of them."""

    subject: str
    edit: Edit
    expected: frozenset[str]


def recipe(**values: object) -> Edit:
    return {RECIPE: lambda text: set_values(text, values)}


def replaced(file: str, old: str, new: str) -> Edit:
    """Replace every `old` in a file; it has to be there."""

    def edit(text: str) -> str:
        assert old in text, f"{old!r} is not in {file}"
        return text.replace(old, new)

    return {file: edit}


def cases(data: Path) -> list[Case]:
    """Nulls and cheats first, against the weak root; the gain, which moves the head; and against that a bigger model."""
    peek = PEEK.format(str(data / "validation_tokens.npy"))
    reseeded = replaced("trainer/model.py", "generator(name))", "generator(name + ' again'))")
    unchanged = frozenset({"discarded"})
    return [
        Case("only a name is another", replaced("trainer/model.py", "with_values", "layers_with_values"), unchanged | {REFUSED}),
        Case("only the seed is another", reseeded, unchanged),
        Case("a constant that matters to nobody", recipe(adam_eps=1.1e-10), unchanged),
        Case("it reads what it is scored on", {"trainer/model.py": lambda text: text + peek}, frozenset({"invalid"})),
        Case("the head learns at its rate again", recipe(unembedding_lr=0.012), frozenset({"merged"})),
        Case("twice as wide", recipe(aspect=128), frozenset({"explained by parameters", "explained by compute"})),
    ]


def measure(folder: Path) -> dict[str, object]:
    """Case → what became of it, with its runs; `as_expected` counts them."""
    laboratory = founded(folder)
    found: dict[str, object] = {}
    right = 0
    for case in cases(laboratory.lab.layout.data):
        outcome, words = judged(laboratory, case)
        right += bool(outcome & case.expected)
        found[case.subject] = words
        print(f"{'✓' if outcome & case.expected else '✗'} {case.subject}: {words}", flush=True)
    totals = reads.totals(laboratory.lab.ledger.reader)
    return {**found, "as_expected": right, "runs": totals.runs, "device_seconds": round(totals.device_seconds)}


def founded(folder: Path) -> Laboratory:
    """A lab on a copy of the trainer as it stands, weakened."""

    def configure(text: str) -> str:
        return text.replace("run_budget: 8step", f"run_budget: {BUDGET}")

    root = repository(folder / "repository", "gpt", configure)
    shutil.copytree(TRAINER, root / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    (root / RECIPE).write_text(set_values((root / RECIPE).read_text(encoding="utf-8"), SMALL | WEAK), encoding="utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a weak trainer")
    laboratory = open_(root)
    laboratory.program(objective="flops")
    return laboratory


def judged(laboratory: Laboratory, case: Case) -> tuple[set[str], str]:
    """The state that the case ended in and its label, and a line that says it."""
    laboratory.edit("junior-1", case.edit)
    try:
        made = laboratory.propose("junior-1", case.subject)
    except Refused as refusal:
        return {REFUSED}, f"refused: {str(refusal).splitlines()[0]}"
    laboratory.until(laboratory.settled(made.id), seconds=PATIENCE_SECONDS)
    after = laboratory.experiment(made.id)
    return {after.state.value, after.label}, _words(laboratory, after)


def _words(laboratory: Laboratory, experiment: Experiment) -> str:
    con = laboratory.lab.ledger.reader
    used = len(runs.of_experiment(con, experiment.id))
    label = f", {experiment.label}" if experiment.label else ""
    return f"{experiment.state.value}{label} after {used} runs: {experiment.reason}"
