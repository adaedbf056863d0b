"""Questions that several faces ask of the ledger: what runs, what was decided, how far along. Read only."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.model.event import Event
from org.model.experiment import VERDICTS, Experiment
from org.model.merge import Kind, Merge
from org.model.message import Message
from org.model.run import Purpose, Run, State
from org.store import meta, rows, runs
from org.store.tables import EVENTS, EXPERIMENTS, MERGES, MESSAGES, RUNS, SLOTS


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of a lab or a stretch of time. device_seconds counts every finished run, whatever its
    end, and each device of a gang."""

    proposed: int
    verdicts: int
    merged: int
    runs: int
    failed_runs: int
    device_seconds: float


def experiments(con: sqlite3.Connection, limit: int | None = None, program: str | None = None) -> list[Experiment]:
    """Newest last."""
    where = "WHERE program = ?" if program else "WHERE ? IS NULL"
    tail = f"{where} ORDER BY CAST(substr(id, 2) AS INTEGER) DESC LIMIT ?"
    return EXPERIMENTS.select(con, tail, program, -1 if limit is None else limit)[::-1]


def running(con: sqlite3.Connection) -> list[Run]:
    return runs.in_state(con, State.RUNNING)


def verdict_count(con: sqlite3.Connection) -> int:
    marks = ", ".join("?" * len(VERDICTS))
    return EXPERIMENTS.count(con, f"WHERE state IN ({marks})", *(s.value for s in VERDICTS))


def merged_count(con: sqlite3.Connection) -> int:
    return MERGES.count(con, "WHERE state = 'done' AND kind = 'merge'")


def merges(con: sqlite3.Connection, program: str | None = None) -> list[Merge]:
    """Experiments that entered a program's head, in the ledger's order; what was taken out since is among them."""
    where = "WHERE state = 'done' AND kind = 'merge' AND " + ("program = ?" if program else "? IS NULL")
    return MERGES.select(con, f"{where} ORDER BY id", program)


def head_tree(con: sqlite3.Connection, program: str) -> str | None:
    """The program's head as it is run; None while nothing has moved it."""
    found = MERGES.select(con, "WHERE state = 'done' AND program = ? ORDER BY id DESC LIMIT 1", program)
    return found[0].tree if found else None


def root_tree(con: sqlite3.Connection, program: str) -> str | None:
    """What the program stands on as it is run, when a person gave it another root than it was opened with."""
    found = MERGES.select(con, "WHERE state = 'done' AND kind = 'root' AND program = ? ORDER BY id DESC LIMIT 1", program)
    return found[0].detail["root_tree"] if found else None


def tree_before(con: sqlite3.Connection, merge: Merge) -> str:
    """The head that a merge moved, as it was run: what the move before it made; before the first one, its base."""
    tail = "WHERE state = 'done' AND program = ? AND id < ? ORDER BY id DESC LIMIT 1"
    before = MERGES.select(con, tail, merge.program, merge.id)
    return before[0].tree if before else EXPERIMENTS.get(con, merge.experiment).base_tree


def in_lab_head(con: sqlite3.Connection) -> dict[str, str]:
    """Experiment → the study whose stack took it into the lab's head, of those that are in it still."""
    found: dict[str, str] = {}
    for move in MERGES.select(con, "WHERE state = 'done' AND program = '' AND kind IN ('stack', 'revert') ORDER BY id"):
        if move.kind is Kind.STACK:
            found |= dict.fromkeys(move.detail["taken"], move.experiment)
        else:
            found.pop(move.experiment, None)
    return found


def totals(con: sqlite3.Connection, since: datetime | None = None) -> Totals:
    """What happened since (aware), or ever."""
    at = str(rows.encode(since)) if since else ""
    marks = ", ".join("?" * len(VERDICTS))
    states = tuple(s.value for s in VERDICTS)
    finished = con.execute(
        "SELECT count(*), sum(state != 'succeeded'), sum(total_seconds * gang) FROM runs WHERE finished_at >= ?", (at,)
    ).fetchone()
    return Totals(
        proposed=EXPERIMENTS.count(con, "WHERE created_at >= ?", at),
        verdicts=EXPERIMENTS.count(con, f"WHERE decided_at >= ? AND state IN ({marks})", at, *states),
        merged=MERGES.count(con, "WHERE state = 'done' AND kind = 'merge' AND done_at >= ?", at),
        runs=int(finished[0]),
        failed_runs=int(finished[1] or 0),
        device_seconds=float(finished[2] or 0.0),
    )


def scratch_runs(con: sqlite3.Connection, since: datetime | None = None) -> int:
    """How many `org try` ended since, or ever."""
    return EVENTS.count(con, "WHERE kind = 'try.ended' AND at >= ?", str(rows.encode(since)) if since else "")


def fresh_pairs(con: sqlite3.Connection, program: str, root: str, head: str) -> list[tuple[float, float]]:
    """(root, head) values on the fresh seeds that both trees have run at one setting: the budget, environment and device
    model of the head's newest fresh run. Runs that were asked for before fresh runs had a pool are a setting of their own."""
    found = con.execute(
        "SELECT r.rung, r.budget, p.environment, p.device_model, r.seed, r.tree,"
        " CASE WHEN r.state = 'succeeded' THEN r.metric END FROM runs r LEFT JOIN pools p ON p.id = r.pool"
        " WHERE r.program = ? AND r.purpose = 'fresh' AND r.tree IN (?, ?)"
        " ORDER BY CAST(substr(r.id, 2) AS INTEGER)",
        (program, root, head),
    ).fetchall()
    newest = next((tuple(row)[:4] for row in reversed(found) if row["tree"] == head), None)
    by_seed: dict[int, dict[str, float]] = defaultdict(dict)
    for *setting, seed, tree, metric in found:
        if tuple(setting) == newest and metric is not None:
            by_seed[seed][tree] = metric
    return [(values[root], values[head]) for values in by_seed.values() if root in values and head in values]


def candidate_runs(con: sqlite3.Connection, experiment: str, purpose: Purpose = Purpose.RACE) -> list[Run]:
    """The experiment's runs of one purpose, in seed order, newest attempt of each seed last."""
    found = [r for r in runs.of_experiment(con, experiment) if r.purpose is purpose]
    return sorted(found, key=lambda r: (r.slot, r.attempt))


def last_race(con: sqlite3.Connection, experiment: str) -> list[Run]:
    """Its runs against the pool that it raced against last, in seed order: a race that started over, after a drift, has runs
    against several, which are of different times. [] where none was made. The pool of its newest run says which: a re-check
    moves the experiment itself to another."""
    every = [run for run in candidate_runs(con, experiment) if run.pool is not None]
    pool = max(every, key=lambda run: int(run.id[1:])).pool if every else None
    return [run for run in every if run.pool == pool]


def pool_values(con: sqlite3.Connection, pool: int, size: int) -> list[float | None]:
    """The pool's metric values by seed slot; None where no valid run speaks for the seed yet."""
    values: list[float | None] = [None] * size
    for slot in SLOTS.select(con, "WHERE pool = ? ORDER BY slot", pool):
        if slot.slot < size:
            values[slot.slot] = RUNS.get(con, slot.run).metric
    return values


def pool_runs(con: sqlite3.Connection, pool: int) -> list[Run]:
    """The runs that speak for the pool's seeds, in order."""
    return [RUNS.get(con, s.run) for s in SLOTS.select(con, "WHERE pool = ? ORDER BY slot", pool)]


@dataclass(frozen=True, slots=True)
class PoolValues:
    """A pool's metric values, of its seeds that have a valid run."""

    id: int
    tree: str
    rung: int
    values: tuple[float, ...]


def is_outdated(con: sqlite3.Connection, pool: int | None) -> bool:
    """Whether its rung has a newer pool of full runs of another budget or environment: what was judged against it tells of
    another task. A screen's pool, of shorter runs in the same task, says nothing of that."""
    row = con.execute(
        "SELECT 1 FROM pools p WHERE p.id = ? AND (p.budget, p.environment) != (SELECT n.budget, n.environment FROM pools n "
        "WHERE n.rung = p.rung AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.pool = n.id AND r.purpose IN ('screen', "
        "'screen_pool')) ORDER BY n.id DESC LIMIT 1)", (pool,)
    ).fetchone()  # fmt: skip
    return row is not None


def all_pool_values(con: sqlite3.Connection) -> tuple[PoolValues, ...]:
    """Every pool of races with a value; not those of screens and larger rungs. One statement: pool_values asks once a slot,
    too often for a poll."""
    found: dict[tuple[int, str, int], list[float]] = defaultdict(list)
    for id, tree, rung, metric in con.execute(
        "SELECT p.id, p.tree, p.rung, r.metric FROM pools p JOIN pool_slots s ON s.pool = p.id"
        " JOIN runs r ON r.id = s.run WHERE r.metric IS NOT NULL AND p.rung = 0 AND r.purpose != 'screen_pool'"
        " ORDER BY p.id, s.slot"
    ):
        found[id, tree, rung].append(metric)
    return tuple(PoolValues(*key, tuple(values)) for key, values in found.items())


def race_values(con: sqlite3.Connection, experiments: Collection[str] | None = None) -> dict[str, tuple[float, ...]]:
    """Experiment → metric of each valid run of its last race in seed order, of these experiments or of all. Of several
    attempts at a seed the last speaks; an experiment without a valid run is left out."""
    within = "" if experiments is None else f" AND experiment IN ({', '.join('?' * len(experiments))})"
    pools: dict[str, int | None] = {}
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for experiment, pool, slot, metric in con.execute(
        "SELECT experiment, pool, slot, CASE WHEN state = 'succeeded' THEN metric END FROM runs WHERE purpose = 'race'"
        f" AND experiment IS NOT NULL{within} ORDER BY CAST(substr(id, 2) AS INTEGER)",
        tuple(experiments or ()),
    ):
        if pools.setdefault(experiment, pool) != pool:  # its race started over
            pools[experiment], found[experiment] = pool, {}
        if metric is not None:
            found[experiment][slot] = metric
    return {id: tuple(values[slot] for slot in sorted(values)) for id, values in found.items() if values}


def named_experiments(con: sqlite3.Connection, ids: Collection[str]) -> list[Experiment]:
    """Those of these ids that are experiments."""
    return EXPERIMENTS.select(con, f"WHERE id IN ({', '.join('?' * len(ids))})", *ids)


def knows(con: sqlite3.Connection, name: str) -> bool:
    """Whether the ledger has an experiment, a run or a study of this name, or a commit that begins so."""
    table = {"E": "experiments", "R": "runs", "S": "studies"}.get(name[:1])
    if table is not None:
        return con.execute(f"SELECT 1 FROM {table} WHERE id = ?", (name,)).fetchone() is not None
    if len(name) < 7 or not name.isalnum():
        return False
    commits = (
        "SELECT 1 FROM experiments WHERE ?1 IN (substr(tip_commit, 1, ?2), substr(base_commit, 1, ?2), "
        "substr(merged_commit, 1, ?2)) UNION SELECT 1 FROM merges WHERE substr(new, 1, ?2) = ?1 LIMIT 1"
    )
    return con.execute(commits, (name, len(name))).fetchone() is not None


def newest_event(con: sqlite3.Connection) -> int:
    """The id of the last event; 0 before the first."""
    return int(con.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def events_after(con: sqlite3.Connection, id: int) -> list[Event]:
    """Oldest first."""
    return EVENTS.select(con, "WHERE id > ? ORDER BY id", id)


def latest_messages(con: sqlite3.Connection, limit: int) -> list[Message]:
    """Newest last."""
    return MESSAGES.select(con, "ORDER BY sent_at DESC, id DESC LIMIT ?", limit)[::-1]


def read_count(con: sqlite3.Connection) -> int:
    """Messages that their readers archived: the one change of a message that writes no event."""
    return MESSAGES.count(con, "WHERE read_at IS NOT NULL")


def leases(con: sqlite3.Connection) -> dict[str, str]:
    """Device → who holds it."""
    return {str(row["device"]): str(row["holder"]) for row in con.execute("SELECT device, holder FROM leases")}


def config(con: sqlite3.Connection) -> dict[str, Any]:
    """The config as last applied, as plain data."""
    value: dict[str, Any] = json.loads(meta.get(con, "config") or "{}")
    return value
