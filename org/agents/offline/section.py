"""A junior's standup section: done, next, blocked, in prose made from its own experiments."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from org.agents.offline import verdicts
from org.model.experiment import Experiment
from org.store.tables import EXPERIMENTS, STANDUPS

LISTED = 5  # verdicts that are told one by one; the rest is counted


def of_junior(con: sqlite3.Connection, name: str, asked_at: datetime, program: str | None, blocked: str) -> str:
    """The section for a standup asked at that time. blocked: what holds the junior up, empty when nothing does."""
    mine = EXPERIMENTS.select(con, "WHERE author = ? ORDER BY CAST(substr(id, 2) AS INTEGER)", name)
    since = last_asked(con, asked_at)
    return "\n\n".join(
        (
            f"**Done.** {told(verdicts.decided_since(mine, since), 'Nothing was decided since the last standup.')}",
            f"**Next.** {_next([e for e in mine if e.is_open], program)}",
            f"**Blocked.** {blocked[0].upper() + blocked[1:] + '.' if blocked else 'By nothing.'}",
        )
    )


def last_asked(con: sqlite3.Connection, asked_at: datetime) -> datetime:
    """When the standup before this one was asked; a day ago before there was one."""
    earlier = [s.asked_at for s in STANDUPS.select(con) if s.asked_at < asked_at - timedelta(seconds=1)]
    return max(earlier, default=asked_at - timedelta(days=1))


def told(decided: Sequence[Experiment], nothing: str) -> str:
    """Verdict by verdict; of many the merges and what came nearest, a line each, and how many more there are."""
    if not decided:
        return nothing
    if len(decided) <= LISTED:
        return ". ".join(verdicts.sentence(e).rstrip(".") for e in decided) + "."
    ranked = sorted(decided, key=lambda e: (not verdicts.is_merged(e), -(e.measured_gain or 0.0)))
    rest = ranked[LISTED:]
    merged = sum(verdicts.is_merged(e) for e in rest)
    lines = [f"- {verdicts.sentence(e).rstrip('.')}." for e in ranked[:LISTED]]
    lines.append(f"- {len(rest)} more, {merged or 'none'} of them in a head.")
    return "\n".join([f"{len(decided)} were decided. Merges first, then what came nearest:", "", *lines])


def _next(open_ones: Sequence[Experiment], program: str | None) -> str:
    racing = "; ".join(f"{e.id} ({e.subject}) is {e.state.value}: {e.predict}" for e in open_ones)
    then = f"then the next untried value in the space of {program}" if program else "then whatever program I am given"
    return f"{racing}; {then}." if racing else f"{then[0].upper()}{then[1:]}."
