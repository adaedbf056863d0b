"""The chief's decisions by rule: which program opens, closes, and gets whom. Pure: values in, orders out."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from org.model import experiment as experiments
from org.model.agent import Agent
from org.model.brief import Brief
from org.model.experiment import IN_HEAD, VERDICTS, Experiment
from org.model.program import Program, State

JUNIORS_A_PROGRAM = 2
"""Two juniors on one question build on each other's merges; more than that race each other's bases."""
OFFLINE = "offline"
PENDING = frozenset({experiments.State.BETTER, experiments.State.QUEUED})


@dataclass(frozen=True, slots=True)
class Shipped:
    """A brief in the repository."""

    path: Path
    brief: Brief


@dataclass(frozen=True, slots=True)
class Open:
    shipped: Shipped


@dataclass(frozen=True, slots=True)
class Close:
    slug: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assign:
    slug: str
    agent: str


Order: TypeAlias = Open | Close | Assign


@dataclass(frozen=True, slots=True)
class Lab:
    """What the rules look at. has: what this machine has (`cuda`). exhausted: programs whose space is tried out."""

    juniors: Sequence[Agent]
    programs: Sequence[Program]
    experiments: Sequence[Experiment]
    briefs: Sequence[Shipped]
    has: Collection[str]
    exhausted: Collection[str] = ()


def decide(lab: Lab) -> list[Order]:
    """What to do now: closes first, then opens, then assignments to programs that are open already."""
    closes = [Close(p.slug, why) for p in lab.programs if (why := _end(p, lab))]
    closing = {order.slug for order in closes}
    alive = [p for p in lab.programs if p.state is not State.CLOSED and p.slug not in closing]
    staffed = [p for p in alive if p.state is not State.PAUSED]
    opens = [Open(shipped) for shipped in _next_briefs(lab, staffed)]
    return [*closes, *opens, *_assignments(lab, [p for p in alive if p.state is State.OPEN], more_to_come=bool(opens))]


def left(lab: Lab) -> list[Shipped]:
    """Briefs to open, in their order: new ones that this machine can run, and, where all juniors are offline, with a space:
    without one these could try nothing."""
    known = {p.slug for p in lab.programs}
    need_a_space = all(junior.backend == OFFLINE for junior in lab.juniors)
    new = (s for s in lab.briefs if s.brief.slug not in known and can_run(s, lab.has))
    return [shipped for shipped in new if shipped.brief.space or not need_a_space]


def can_run(shipped: Shipped, has: Collection[str]) -> bool:
    return set(shipped.brief.needs) <= set(has)


def streak(found: Iterable[Experiment]) -> int:
    """Verdicts in a row, up to now, that did not enter the head. One that still may is the end of the row."""
    ended = sorted((e for e in found if e.state in VERDICTS and e.decided_at), key=lambda e: str(e.decided_at))
    count = 0
    for experiment in reversed(ended):
        if experiment.state in IN_HEAD or experiment.state in PENDING:
            break
        count += 1
    return count


def _end(program: Program, lab: Lab) -> str:
    """Why an open program ends now; empty when it goes on."""
    if program.state is not State.OPEN:
        return ""
    mine = [e for e in lab.experiments if e.program == program.slug]
    decided = sum(e.state in VERDICTS for e in mine)
    row, limit = streak(mine), program.stop.get("discards", math.inf)
    if row >= limit:
        return f"{row} verdicts in a row without a merge ({decided} in all); its stop rule says {limit:g}"
    if decided >= program.stop.get("verdicts", math.inf):
        return f"{decided} verdicts; its stop rule says {program.stop['verdicts']:g}"
    if program.slug in lab.exhausted and not any(e.is_open for e in mine) and not _has_a_model(program, lab):
        why = "every value that its space allows was tried" if program.space else "its brief has no space for offline juniors"
        return f"{why} ({decided} verdicts)"
    return ""


def _has_a_model(program: Program, lab: Lab) -> bool:
    """Whether one of its juniors is not offline: it can try what no space names."""
    return any(junior.program == program.slug and junior.backend != OFFLINE for junior in lab.juniors)


def _suits_offline(program: Program, lab: Lab) -> bool:
    """Whether an offline junior finds something to try there. One that is tried out and goes on without it does not."""
    return bool(program.space) and not (program.slug in lab.exhausted and _has_a_model(program, lab))


def _next_briefs(lab: Lab, staffed: Sequence[Program]) -> list[Shipped]:
    """As many of those that are left as the juniors need programs, and one with a space where offline juniors have none."""
    found = left(lab)
    wanted = math.ceil(len(lab.juniors) / JUNIORS_A_PROGRAM) - len(staffed)
    opens, later = found[: max(0, wanted)], found[max(0, wanted) :]
    served = any(_suits_offline(p, lab) for p in staffed) or any(shipped.brief.space for shipped in opens)
    if not served and any(junior.backend == OFFLINE for junior in lab.juniors):
        opens += [shipped for shipped in later if shipped.brief.space][:1]
    return opens


def _assignments(lab: Lab, open_ones: Sequence[Program], more_to_come: bool) -> list[Order]:
    """Every junior without an open program goes where the fewest are; the older program wins a tie. An offline one goes only
    where it finds something to try.

    Once the open ones have enough, juniors wait: for a program that is being opened, or for their own that is paused.
    """
    busy = Counter(a.program for a in lab.juniors if a.program)
    every, with_space = [p.slug for p in open_ones], [p.slug for p in open_ones if _suits_offline(p, lab)]
    paused = {p.slug for p in lab.programs if p.state is State.PAUSED}
    orders: list[Order] = []
    for junior in lab.juniors:
        slugs = with_space if junior.backend == OFFLINE else every
        waits = (more_to_come or junior.program in paused) and _all_full(busy, slugs)
        if not slugs or junior.program in slugs or waits:
            continue
        slug = min(slugs, key=lambda s: busy[s])
        busy[slug] += 1
        orders.append(Assign(slug, junior.name))
    return orders


def _all_full(busy: Mapping[str, int], slugs: Sequence[str]) -> bool:
    return all(busy[slug] >= JUNIORS_A_PROGRAM for slug in slugs)
