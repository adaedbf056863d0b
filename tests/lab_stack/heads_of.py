"""A played lab whose runs are worth what their recipe says: every value of a key has its effect, and some pairs interact."""

import random
from dataclasses import dataclass, field

from laboratory import git, set_values
from played import NOISE, SPREAD, Played
from ruamel.yaml import YAML

from org.lab import requests as lab_requests
from org.model.experiment import Experiment, State
from org.model.request import Request
from org.model.run import Run
from org.model.study import Study
from org.runs.spec import End, Outcome, write_outcome
from org.store import requests
from org.store.tables import PROGRAMS, REQUESTS, STUDIES
from org.workspace import refs, trees

RECIPE = "fit/recipe.yaml"
PLAIN = {"lr": 0.2, "degree": 3, "decay": 0.0, "unused": 1, "pause": 0.0}


@dataclass
class Heads(Played):
    """effects: (key, value) → what it gains; a longer tuple (key, value, key, value): what both gain on top."""

    effects: dict[tuple[object, ...], float] = field(default_factory=dict)

    def worth(self, tree: str) -> float:
        blob = trees.blob_at(self.lab.git, tree, RECIPE)
        assert blob is not None
        recipe = YAML(typ="safe").load(trees.text(self.lab.git, blob))
        pairs = {(key, value) for key, value in recipe.items()}
        met = [
            worth for names, worth in self.effects.items()
            if all((names[i], names[i + 1]) in pairs for i in range(0, len(names), 2))
        ]  # fmt: skip
        return sum(met)

    def end(self, run: Run) -> None:
        seed, own = random.Random(run.slot), random.Random(f"{run.tree}{run.slot}")
        value = 1.0 - self.worth(run.tree) + SPREAD * seed.gauss(0, 1) + NOISE * own.gauss(0, 1)
        outcome = self.ends(run) or Outcome(run.id, End.SUCCEEDED, metric=value, total_seconds=36.0)
        write_outcome(self.lab.layout.run(run.id), outcome)

    def merged(self, gain: float = 0.1, agent: str = "junior-1", **recipe: object) -> Experiment:
        """An experiment that raced and was merged."""
        for key, value in recipe.items():
            self.effects[key, value] = gain
        made = self.recipe(agent, **recipe)
        self.run_until(lambda: not self.experiment(made.id).is_open)
        found = self.experiment(made.id)
        assert found.state is State.MERGED, found.reason
        return found

    def run_until(self, done, ticks: int = 120) -> None:  # type: ignore[no-untyped-def]
        for _ in range(ticks):
            if done():
                return
            self.ticks(1)
        raise AssertionError("it took too long")

    def study(self, id: str) -> Study:
        return STUDIES.get(self.lab.ledger.reader, id)

    def settle(self, id: str) -> Study:
        """Until the study has ended and what it moved has moved."""
        self.run_until(lambda: self.study(id).state.value != "open")
        self.ticks(1)
        return self.study(id)

    def request(self, verb: str, actor: str = "human", **args: object) -> Request:
        """A verb, and the supervisor's answer."""
        with self.lab.ledger.transaction() as tx:
            asked = requests.ask(tx, verb, actor, self.now(), **args)
        lab_requests.step(self.lab, self.now())
        return REQUESTS.get(self.lab.ledger.reader, asked.id)

    def head(self, slug: str = "free") -> str:
        """A program's head, where the ledger and its branch agree."""
        found = PROGRAMS.get(self.lab.ledger.reader, slug).head_commit
        assert found == refs.head(self.lab.git, f"org/test/program/{slug}")
        return str(found)

    def lab_head(self) -> str:
        found = refs.head(self.lab.git, "org/test/head")
        assert found is not None
        return found

    def recipe_at(self, commit: str) -> dict[str, object]:
        return dict(YAML(typ="safe").load(git(self.lab.layout.root, "show", f"{commit}:{RECIPE}")))

    def persons_commit(self, files: dict[str, str] | None = None, **recipe: object) -> str:
        """A commit on the person's branch."""
        root = self.lab.layout.root
        for name, content in (files or {}).items():
            (root / name).write_text(content)
        if recipe:
            (root / RECIPE).write_text(set_values((root / RECIPE).read_text(), recipe))
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "mine")
        return git(root, "rev-parse", "HEAD")
