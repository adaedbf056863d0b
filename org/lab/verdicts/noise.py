"""The noise of a head in numbers and in words: how far two runs of the same code differ, and which gains can be seen."""

import functools
import sqlite3
from dataclasses import dataclass
from statistics import median

from org.lab import pools
from org.lab.lab import Lab
from org.model.program import Program
from org.science import sigma
from org.workspace import snapshots

# Gains in sigmas that the default race keeps about nine times in ten (STATISTICS.md, the table of power): without any
# same-seed correlation, and for edits whose runs move with their base's, such as most edits of schedules and values.
SEEN_ALWAYS, SEEN_PAIRED, HARDLY_SEEN = 3.0, 1.0, 0.3
UNKNOWN = "not measured yet; the lab runs its baseline first"
SPREADS_NEEDED = 5


@dataclass(frozen=True, slots=True)
class Noise:
    """sigma: standard deviation of a run, metric units; None before two runs of one code. mean: of the head's own pool, as
    the task reports it, over `runs`. spread: the usual standard deviation of a same-seed difference, once it is known."""

    sigma: float | None
    df: float
    mean: float | None
    runs: int
    spread: float | None


def of_program(lab: Lab, con: sqlite3.Connection, program: Program) -> Noise:
    """At the program's head; a program without one has no noise."""
    if program.head_commit is None or program.root_commit is None:
        return Noise(None, 0.0, None, 0, None)
    tree = _run_tree(lab.git, program.root_commit, program.head_commit, program.editable, lab.config.task.protected)
    mine = [pool for pool in pools.of_races(lab, con, tree) if pool.tree == tree]
    if not mine:
        return Noise(None, 0.0, None, 0, _spread(con))
    values = [v for v in pools.values(lab, con, mine[0].id) if v is not None]
    spread, df = sigma.pooled([values], *pools.spread_before(lab, con, mine[0]))
    mean = lab.sign * sigma.mean(values) if values else None
    return Noise(spread if df else None, df, mean, len(values), _spread(con))


def words(noise: Noise) -> str:
    """`σ 0.0021 between runs of the same code; …`: for prompts and pages."""
    if noise.sigma is None:
        return UNKNOWN
    s = noise.sigma
    told = f"σ {s:.2g} between runs of the same code ({noise.df:.0f} degrees of freedom)"
    if noise.spread is not None:
        told += f", {noise.spread:.2g} between same-seed runs of an edit and its base"
    return told


def detectable(noise: Noise) -> str:
    """The smallest gain that a race can see, in words."""
    if noise.sigma is None:
        return "not known before the noise is measured"
    s = noise.sigma
    return (
        f"a gain of {SEEN_ALWAYS * s:.2g} ({SEEN_ALWAYS:g}σ) is kept nine times in ten whatever the edit; {SEEN_PAIRED * s:.2g} "
        f"({SEEN_PAIRED:g}σ) when same-seed runs move together, as after most edits of values and schedules; below "
        f"{HARDLY_SEEN * s:.2g} hardly anything is seen"
    )


# The tree of two commits never changes, and every agent's page asks for it.
_run_tree = functools.lru_cache(maxsize=256)(snapshots.run_tree)


def _spread(con: sqlite3.Connection) -> float | None:
    rows = con.execute("SELECT json_extract(decision, '$.pair_spread') FROM experiments WHERE decided_at IS NOT NULL")
    found = [float(row[0]) for row in rows if row[0]]
    return median(found) if len(found) >= SPREADS_NEEDED else None
