"""Was this tried before? What equals an earlier experiment is refused with its verdict; what is near to one is told.

Equal: the same code against the same base, however it is written. Refused too, unless the author says why it is worth
another try: the same code from another base, and the same recipe values. An experiment that never got its verdict
(refused, withdrawn, cancelled), or got it under another task, budget or environment, is in nobody's way.
"""

import math
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from org.agents.offline import space as spaces
from org.agents.offline.space import Dimension, Range
from org.lab import pools
from org.lab.lab import Lab
from org.lab.memory import footprints, likeness, tried
from org.lab.memory.footprints import Footprint
from org.model.errors import ConfigError, Refused
from org.model.experiment import NO_VERDICT, Experiment
from org.model.program import Program
from org.store.tables import EXPERIMENTS, POOLS

NEAR_IN_RANGE = 0.1  # part of the brief's range within which two values are close
NEAR_BY_RATIO = 0.2  # without a range: the share by which they differ
ALIKE_LINES, ALIKE_TITLES = 0.5, 0.75
TOLD = 3


@dataclass(frozen=True, slots=True)
class Near:
    """An earlier experiment that this one resembles. why: in what. verdict: what became of it."""

    experiment: str
    author: str
    why: str
    verdict: str


def refuse(lab: Lab, con: sqlite3.Connection, mine: Footprint, run_tree: str, again: str = "") -> None:
    """Refused, with the earlier verdict, when this was tried. again: why the earlier verdict may not hold here."""
    if mine.code == mine.base:
        raise Refused("it runs as its base does: only comments, layout or spelling differ; there is nothing to measure")
    earlier = [e for e in EXPERIMENTS.select(con, "ORDER BY CAST(substr(id, 2) AS INTEGER) DESC") if _speaks(lab, con, e)]
    prints = footprints.of(lab, earlier)
    for e in earlier:
        theirs = prints.get(e.id)
        if theirs is not None and (theirs.code, theirs.base) == (mine.code, mine.base):
            written = "this very tree" if e.run_tree == run_tree else "the same but for comments and layout,"
            raise Refused(f"{e.id} by {e.author} was {written} against the same base: {tried.verdict(e)}")
    if any(prints[e.id].base == mine.code for e in earlier if e.id in prints):
        raise Refused("this tree is an earlier head of the lab; a way back is `org revert`, not an experiment")
    if not again.strip():
        _refuse_from_elsewhere(mine, earlier, prints)


def near(lab: Lab, con: sqlite3.Connection, program: Program, e: Experiment) -> list[Near]:
    """Earlier experiments that resemble this one, the likest first."""
    others = [o for o in EXPERIMENTS.select(con, "WHERE id != ?", e.id) if int(o.id[1:]) < int(e.id[1:])]
    prints = footprints.of(lab, [o for o in others if o.state not in NO_VERDICT] + [e])
    mine, space = prints.get(e.id), _space(program)
    if mine is None:
        return []
    found = []
    for other in others:
        alike = _alike(mine, prints[other.id], e.subject, other.subject, space) if other.id in prints else None
        if alike is not None:
            found.append((alike[0], int(other.id[1:]), Near(other.id, other.author, alike[1], tried.verdict(other))))
    return [told for _, _, told in sorted(found, key=lambda f: (f[0], f[1]), reverse=True)[:TOLD]]


def words(found: Iterable[Near]) -> list[str]:
    """A sentence each, for whoever proposed."""
    return [f"near {n.experiment} by {n.author} ({n.why}): {n.verdict}" for n in found]


def _speaks(lab: Lab, con: sqlite3.Connection, e: Experiment) -> bool:
    """Whether its verdict, given or to come, is one on today's task."""
    if e.state in NO_VERDICT:
        return False
    return e.pool is None or pools.is_current(lab, con, POOLS.get(con, e.pool))


def _refuse_from_elsewhere(mine: Footprint, earlier: Iterable[Experiment], prints: Mapping[str, Footprint]) -> None:
    for e in earlier:
        theirs = prints.get(e.id)
        if theirs is None:
            continue
        same_values = not (mine.paths or theirs.paths) and _equal(mine.values, theirs.values)
        if same_values or theirs.code == mine.code:
            what = f"the same recipe values ({tried.changed_values(theirs)})" if same_values else "the same code"
            raise Refused(
                f"{e.id} by {e.author} was {what} from another base: {tried.verdict(e)}. "
                'If that may not hold here, say why: `org propose … --again "WHY"`'
            )


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """1 and 1.0 are one value, 1 and true are two."""
    same = bool(one) and one == other
    return same and all(isinstance(one[k], bool) == isinstance(other[k], bool) for k in one)


def _alike(
    mine: Footprint, theirs: Footprint, title: str, other: str, space: Mapping[str, Dimension]
) -> tuple[float, str] | None:
    """(how alike, in what) when they are near."""
    if mine.recipe and not mine.paths and not theirs.paths:
        return _close(mine, theirs, space)
    if not set(mine.paths) & set(theirs.paths):
        return None
    lines, titles = likeness.overlap(mine.lines, theirs.lines), likeness.titles(title, other)
    if lines >= ALIKE_LINES:
        return 1 + lines, f"{lines:.0%} of the changed lines are the same"
    return (titles, "its title reads alike") if titles >= ALIKE_TITLES else None


def _close(mine: Footprint, theirs: Footprint, space: Mapping[str, Dimension]) -> tuple[float, str] | None:
    """The same keys, every value close to the earlier one."""
    if set(mine.values) != set(theirs.values):
        return None
    apart = [_apart(space.get(key), value, theirs.values[key]) for key, value in mine.values.items()]
    return (2 - max(apart), f"its {tried.changed_values(theirs)}") if max(apart) <= 1 else None


def _apart(dimension: Dimension | None, one: Any, other: Any) -> float:
    """Distance of two values; at most 1 is close."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
    if one == other or not numbers:
        return 0.0 if one == other else math.inf
    if isinstance(dimension, Range):
        distance = abs(spaces.position(dimension, one) - spaces.position(dimension, other))
        return distance / NEAR_IN_RANGE if math.isfinite(distance) else math.inf
    return float(abs(one - other) / max(abs(one), abs(other)) / NEAR_BY_RATIO)


def _space(program: Program) -> Mapping[str, Dimension]:
    try:
        return spaces.parse(program.space, program.slug)
    except ConfigError:
        return {}
