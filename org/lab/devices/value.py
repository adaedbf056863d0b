"""What a run on an idle device is worth, so that all that the lab could do with it has one scale: device-seconds.

A run that is bought anyway, later, is worth its own device-seconds (BOUGHT: rate 1). One that something would then wait
for is worth twice that (WAITED): it is spared, and what waits goes on sooner. Both count as often as they will be used,
and how often that is comes from the lab's own ledger. What only makes a number better known is worth less.
"""

import math
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from org.lab import settings
from org.lab.lab import Lab
from org.lab.spend import away, history
from org.model.experiment import IN_HEAD, State
from org.model.program import Program
from org.store import experiments

WAITED = 2.0  # a race, or a keep that holds its program's merges, would wait for it
BOUGHT = 1.0  # bought anyway before anything is reported
CLAIM = 0.8  # of a certificate that is given: a merge becomes a claim
FRESH = 0.8  # the first pair of fresh seeds of a head; later ones add less
REFRESH = 0.45  # of a baseline as old as the protocol allows: it will be repeated soon, by whichever race comes first
RACED = 0.5  # of a refresh while a race is judged by the pool: the value that is replaced has been looked at
KEPT = IN_HEAD | {State.BETTER, State.QUEUED, State.NOT_MERGED, State.CONFLICT}


@dataclass(frozen=True, slots=True)
class Offer:
    """Something an idle device could do. value, device_seconds: of all its runs together. longest_seconds: of its longest
    run. program: whose allowance pays; None: nobody's. take: asks for it; it may raise Refused. by_itself: what asks for it
    without the backfill, when that is so: then it is only shown."""

    kind: str
    subject: str
    value: float
    device_seconds: float
    why: str
    take: Callable[[datetime], object]
    longest_seconds: float
    runs: int = 1
    program: str | None = None
    by_itself: str = ""

    @property
    def rate(self) -> float:
        """Value per device-second: 1 is a run that is bought anyway."""
        return self.value / self.device_seconds if self.device_seconds > 0 else 0.0


Offers = Callable[[Lab, sqlite3.Connection, datetime], Iterable[Offer]]


def run_seconds(lab: Lab, budget: str | None = None, gang: int = 1) -> float:
    """Device-seconds of one run: of the race's as measured (or as assumed), of another budget in proportion."""
    whole = max(history.run_seconds(lab).number, 1e-3) * gang
    of, mine = settings.BUDGET.fullmatch(lab.rung.run_budget), settings.BUDGET.fullmatch(budget or "")
    if of is None or mine is None or of[2] != mine[2]:
        return whole
    return whole * float(mine[1]) / float(of[1])


def reach(con: sqlite3.Connection, runs: int) -> float:
    """The share of races that come to so many candidate runs; one half where no race has ended."""
    told = _decided(con)
    return (sum(made >= runs for made, _ in told) + 0.5) / (len(told) + 1.0)


def keeps(con: sqlite3.Connection, runs: int) -> float:
    """The share of races kept, of those that came to so many candidate runs."""
    told = [kept for made, kept in _decided(con) if made >= runs]
    return (sum(told) + 0.5) / (len(told) + 1.0)


def coming_races(lab: Lab, con: sqlite3.Connection, program: Program) -> int:
    """Races that will be judged by the program's head: what is open, or what its agents may have open at once."""
    people = sum(agent.program == program.slug for agent in away.juniors(lab))
    mine = sum(e.is_open and e.state is not State.QUEUED for e in experiments.of_program(con, program.slug))
    return max(mine, people * lab.config.protocol.open_per_agent)


def at_least_once(share: float, times: int) -> float:
    """How probable it is that something with that chance happens at least once in so many times."""
    return 1.0 - math.pow(1.0 - share, times)


def _decided(con: sqlite3.Connection) -> list[tuple[int, bool]]:
    """(candidate runs, whether it was kept) of every race that ended."""
    kept = {state.value for state in KEPT}
    rows = con.execute("SELECT state, json_extract(decision, '$.candidate_runs') FROM experiments WHERE decided_at IS NOT NULL")
    return [(int(runs), state in kept) for state, runs in rows if runs]
