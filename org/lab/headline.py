"""Head against root on fresh seeds: runs that selected nothing, which is all that a person should believe of a total gain.
(A certificate with error control over all merges comes later; STATISTICS.md.)"""

from datetime import datetime

from org.lab import seeds, settings
from org.lab.lab import Lab
from org.model.errors import Refused
from org.model.run import Purpose, Run, State
from org.store import reads, runs
from org.store.tables import PROGRAMS, RUNS
from org.workspace import snapshots


def ask(lab: Lab, slug: str, count: int, now: datetime) -> str:
    """Queue count runs of the head and as many of the root, on the same fresh seeds."""
    con = lab.ledger.reader
    program, merges = PROGRAMS.get(con, slug), reads.merges(con, slug)
    if not merges or program.root_commit is None:
        raise Refused(f"the head of {slug} is its root: nothing was merged, there is nothing to compare")
    root = snapshots.run_tree(lab.git, program.root_commit, program.root_commit, program.editable)
    with lab.ledger.transaction() as tx:
        first = RUNS.count(tx, "WHERE purpose = ?", Purpose.FRESH.value)
        for number in range(first, first + count):
            for tree in (root, merges[-1].tree):
                runs.queue(tx, _run(lab, slug, tree, number, seeds.fresh_seed(tx, number), now))
    return f"{count} fresh seeds of {slug}: head and root run on each; the standup tells"


def _run(lab: Lab, slug: str, tree: str, slot: int, seed: int, now: datetime) -> Run:
    return Run(
        id="", purpose=Purpose.FRESH, state=State.QUEUED, tree=tree, seed=seed, slot=slot, rung=settings.RACE,
        depth=lab.rung.depth, budget=lab.rung.run_budget, queued_at=now, program=slug,
    )  # fmt: skip
