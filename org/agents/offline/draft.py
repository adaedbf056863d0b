"""The change in the making. It is written before the recipe is touched, so that after a death the agent knows which
edit is its own: it finishes that one, and leaves alone whatever a person did to the file."""

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from org.agents.offline import recipe
from org.agents.offline.desk import Desk
from org.agents.offline.recipe import Value
from org.model.errors import OrgError
from org.model.program import Program, State
from org.store import atomic
from org.store.tables import EXPERIMENTS


@dataclass(frozen=True, slots=True)
class Draft:
    """base: the commit it starts from. before, after: the recipe file's text. value: what after sets key to."""

    program: str
    key: str
    value: Value
    base: str
    before: str
    after: str
    claim: str
    subject: str
    because: str
    predict: str
    predicted_gain: float | None
    idea: int | None


class Step(StrEnum):
    """What a draft needs next, as its worktree and the ledger show."""

    COMMIT = "commit"  # the recipe holds the edit, a torn part of it, or nothing yet
    PROPOSE = "propose"  # its commit is made
    DONE = "done"  # its experiment is in the ledger
    STALE = "stale"  # the program moved on before the commit; the edit is taken back
    FOREIGN = "foreign"  # somebody else changed the file or committed; it is theirs now


def path(desk: Desk) -> Path:
    return desk.box / "draft.json"


def save(desk: Desk, draft: Draft) -> None:
    atomic.write_json(path(desk), dataclasses.asdict(draft))


def load(desk: Desk) -> Draft | None:
    """The draft on disk; None when there is none."""
    try:
        return Draft(**atomic.read_json(path(desk)))
    except FileNotFoundError:
        return None
    except TypeError as error:
        raise OrgError(f"{path(desk)} is not a draft of this version ({error}); move it away") from error


def drop(desk: Desk) -> None:
    path(desk).unlink(missing_ok=True)


def next_step(desk: Desk, draft: Draft, program: Program | None) -> Step:
    """What is left to do. program: what the agent is assigned to now."""
    head = desk.worktree.head()
    if head != draft.base:
        return _after_a_commit(desk, draft, head)
    text = recipe_file(desk).read_text(encoding="utf-8")
    if text != draft.before and not draft.after.startswith(text):
        return Step.FOREIGN
    fresh = program is not None and program.slug == draft.program and program.state is State.OPEN
    if not fresh or program is None or not _is_at_head(desk, draft, program):
        return Step.STALE
    return Step.COMMIT


def _after_a_commit(desk: Desk, draft: Draft, head: str) -> Step:
    if EXPERIMENTS.count(desk.con, "WHERE author = ? AND tip_commit = ?", desk.name, head):
        return Step.DONE
    made_here = desk.worktree.show(head, desk.recipe_path) == draft.after
    return Step.PROPOSE if made_here else Step.FOREIGN


def commit(desk: Desk, draft: Draft) -> str:
    """Write the edit and commit it; the commit."""
    file = recipe_file(desk)
    # Not beside-and-rename: a torn write is a beginning of `after`, which next_step knows; a leftover file is not.
    file.write_text(draft.after, encoding="utf-8")
    return desk.worktree.commit((desk.recipe_path,), f"{draft.subject}\n\n{draft.because}\n\nPredicted: {draft.predict}\n")


def take_back(desk: Desk, draft: Draft) -> None:
    """Undo the edit of a stale draft: this one file, and only when it holds what the draft wrote."""
    text = recipe_file(desk).read_text(encoding="utf-8")
    if text != draft.before and draft.after.startswith(text):
        desk.worktree.restore(desk.recipe_path)


def propose(draft: Draft) -> list[str]:
    """The arguments of `org propose`."""
    arguments = [
        "propose", "--claim", draft.claim, "--subject", draft.subject, "--because", draft.because,
        "--predict", draft.predict,
    ]  # fmt: skip
    if draft.predicted_gain is not None:
        arguments += ["--predicted-gain", f"{draft.predicted_gain:.6g}"]
    if draft.idea is not None:
        arguments += ["--idea", str(draft.idea)]
    return [*arguments, "--json"]


def proposed_id(out: str) -> str:
    """The experiment that `org propose --json` names."""
    try:
        return str(json.loads(out)["experiment"])
    except (ValueError, KeyError, TypeError):
        raise OrgError(f"org propose said {out!r}; a JSON object with `experiment` was expected") from None


def recipe_file(desk: Desk) -> Path:
    return desk.worktree.path / desk.recipe_path


def _is_at_head(desk: Desk, draft: Draft, program: Program) -> bool:
    """Whether the draft starts from the recipe that the program's head has now."""
    if program.head_commit is None:
        return False
    return desk.recipe_at(program.head_commit) == recipe.values(draft.before)
