"""What is behind a line: the notebook page of an experiment, its code as a diff, a standup's page. Read when it is asked for,
in a thread."""

import textwrap
from pathlib import Path

from org.comms import front_matter
from org.dashboard.symbols import EXPERIMENT
from org.model.errors import OrgError
from org.model.experiment import Experiment
from org.workspace import diff
from org.workspace.git import Git

WIDTH = 60  # of words among lines that are not wrapped: they fit the smallest terminal


def read(path: Path) -> str | None:
    """The text of a page as a person reads it; None when there is none yet."""
    try:
        return front_matter.without(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def page(path: Path, experiment: Experiment) -> str:
    """The notebook page, or what the ledger knows."""
    text = read(path)
    return unwritten(experiment) if text is None else text


def changes(root: Path, experiment: Experiment) -> str:
    """What the experiment changes, as a unified diff; or why there is none to show."""
    try:
        return diff.diff(Git(root), experiment.base_commit, experiment.tip_commit) or "It changes no line."
    except OrgError as error:
        return f"The diff cannot be shown:\n{textwrap.fill(str(error), WIDTH)}"


def title_of(e: Experiment) -> str:
    return f"{e.id}  {EXPERIMENT[e.state]}" + (f"  {e.label}" if e.label else "")


def unwritten(e: Experiment) -> str:
    """What the ledger knows of an experiment that has no page yet."""
    facts = [
        f"# {e.subject}",
        f"**Because** {e.because}",
        f"**Predicted** {e.predict or '–'}",
        f"**By** {e.author} in {e.program}, claim: {e.claim.value}",
        f"**Said** {e.reason}" if e.reason else "",
        "*The notebook page is written with the verdict.*",
    ]
    return "\n\n".join(fact for fact in facts if fact)
