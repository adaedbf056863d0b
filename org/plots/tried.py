"""Every experiment as a light row: what plots and counts need, so that ten thousand of them can be kept and read again where
something happened."""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from org.model.experiment import VERDICTS, State
from org.science import sigma
from org.store import reads

_COLUMNS = "SELECT id, program, state, coalesce(decided_at, created_at), pool, subject, gain FROM experiments"


@dataclass(frozen=True, slots=True)
class Tried:
    """at: of its verdict, else of its proposal. metric: the mean of its valid race runs, None when it has none. gain: shrunk,
    positive is better."""

    id: str
    program: str
    state: State
    at: datetime
    pool: int | None
    metric: float | None
    subject: str = ""
    gain: float = 0.0


def read(con: sqlite3.Connection, ids: Collection[str] | None = None, program: str | None = None) -> list[Tried]:
    """Of these ids that are experiments, or of one program, or all."""
    where, params = "", tuple[str, ...]()
    if ids is not None:
        where, params = f" WHERE id IN ({', '.join('?' * len(ids))})", tuple(ids)
    elif program is not None:
        where, params = " WHERE program = ?", (program,)
    values = reads.race_values(con, ids)
    return [
        Tried(
            id, slug, State(state), datetime.fromisoformat(at), pool, sigma.mean(values[id]) if values.get(id) else None,
            subject, gain or 0.0,
        )
        for id, slug, state, at, pool, subject, gain in con.execute(_COLUMNS + where, params)
    ]  # fmt: skip


def decided(found: Iterable[Tried]) -> list[Tried]:
    """Those with a verdict, in the order of their verdicts."""
    return sorted((t for t in found if t.state in VERDICTS), key=lambda t: (t.at, int(t.id[1:])))
