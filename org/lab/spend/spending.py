"""What was spent: calls of models into the ledger, each once, and sums of tokens, dollars and device-hours.

A model without a price in the config costs an unknown amount: its tokens count, its dollars are never guessed.
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from org.config import Config, Price
from org.lab.lab import Lab
from org.model.agent import Agent
from org.model.usage import Usage
from org.store import rows
from org.store.tables import USAGE

Scope = Literal["agent", "program", "lab"]
TOKENS = "input_tokens + output_tokens + cache_read_tokens + cache_write_tokens"
RECENT = 20  # runs or calls from which the largest next one is judged
_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_DATED = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest)")


@dataclass(frozen=True, slots=True)
class Spent:
    """dollars: those that are known, devices included when the config gives them a price. unpriced: tokens of models
    without a price. device_hours: of ended runs and tries, whatever their end."""

    tokens: int = 0
    dollars: float = 0.0
    unpriced: int = 0
    device_hours: float = 0.0


def record(lab: Lab, tx: sqlite3.Connection, agent: Agent, usages: Iterable[Usage], now: datetime) -> int:
    """Note calls of the agent's model, with its program and their price; returns how many were new.

    A call that is known already is not counted twice: of each of its counts the larger one stays, because transcripts
    repeat a call while its answer still grows.
    """
    new = 0
    for usage in usages:
        before = USAGE.find(tx, usage.key)
        if before is None:
            filled = replace(usage, agent=agent.name, program=agent.program)
            USAGE.insert(tx, replace(filled, dollars=_dollars(lab.config, filled)))
            new += 1
        elif any(getattr(usage, count) > getattr(before, count) for count in _COUNTS):
            more = {count: max(getattr(usage, count), getattr(before, count)) for count in _COUNTS}
            USAGE.update(tx, usage.key, **more, dollars=_dollars(lab.config, replace(usage, **more)))
    return new


def price(prices: Mapping[str, Price], model: str) -> Price | None:
    """The price of a model; its name may carry a date (`-20260101`, `-2026-01-01`, `-latest`) that the config leaves out."""
    if model in prices:
        return prices[model]
    dated = [name for name in prices if model.startswith(name) and _DATED.fullmatch(model[len(name) :])]
    return prices[max(dated, key=len)] if dated else None


def cost(usage: Usage, per_million: Price) -> float:
    """Dollars of a call. Without prices of their own, tokens read from or written to the cache cost what input costs."""
    read = per_million.input if per_million.cache_read is None else per_million.cache_read
    write = per_million.input if per_million.cache_write is None else per_million.cache_write
    return (
        usage.input_tokens * per_million.input + usage.output_tokens * per_million.output
        + usage.cache_read_tokens * read + usage.cache_write_tokens * write
    ) / 1e6  # fmt: skip


def of(lab: Lab, con: sqlite3.Connection, scope: Scope, name: str = "") -> Spent:
    """What an agent, a program (by name) or the lab has spent. An agent's device-hours are its own candidates' runs and its
    own `org try`; baselines are everybody's."""
    where, params = {"agent": ("WHERE agent = ?", (name,)), "program": ("WHERE program = ?", (name,)), "lab": ("", ())}[scope]
    tokens, dollars, unpriced = con.execute(
        f"SELECT coalesce(sum({TOKENS}), 0), coalesce(sum(dollars), 0.0), "
        f"coalesce(sum(CASE WHEN dollars IS NULL THEN {TOKENS} ELSE 0 END), 0) FROM usage {where}", params,
    ).fetchone()  # fmt: skip
    hours = _device_seconds(con, scope, name) / 3600
    return Spent(int(tokens), float(dollars) + hours * (lab.config.device_dollars_per_hour or 0.0), int(unpriced), hours)


def between(con: sqlite3.Connection, since: datetime, end: datetime) -> tuple[int, float]:
    """(tokens, known dollars) of all calls from since until end."""
    row = con.execute(
        f"SELECT coalesce(sum({TOKENS}), 0), coalesce(sum(dollars), 0.0) FROM usage WHERE at >= ? AND at < ?",
        (rows.encode(since), rows.encode(end)),
    ).fetchone()
    return int(row[0]), float(row[1])


def running(con: sqlite3.Connection, scope: Scope, name: str = "") -> dict[str, int]:
    """Budget of a run → how many devices runs of the scope with that budget are on now."""
    query = f"SELECT runs.budget, sum(runs.gang) {_runs_of(scope)} AND runs.state = 'running' GROUP BY runs.budget"
    return {str(budget): int(devices) for budget, devices in con.execute(query, _named(scope, name))}


def recent_seconds(con: sqlite3.Connection, budget: str) -> list[float]:
    """Device time of the last runs of this budget that succeeded, the newest first."""
    # +state: by the index on finished_at the newest are found at once; by that on state SQLite reads and sorts every run.
    found = con.execute(
        "SELECT total_seconds FROM runs WHERE +state = 'succeeded' AND budget = ? AND total_seconds IS NOT NULL "
        "ORDER BY finished_at DESC LIMIT ?", (budget, RECENT),
    )  # fmt: skip
    return [float(seconds) for (seconds,) in found]


def longest_run(con: sqlite3.Connection, budget: str) -> float | None:
    """Seconds of the longest among the last runs of this budget that succeeded; None before the first."""
    return max(recent_seconds(con, budget), default=None)


def largest_call(con: sqlite3.Connection, agent: str) -> tuple[int, float]:
    """(tokens, dollars) of the largest among the agent's last calls; zeros before the first."""
    row = con.execute(
        f"SELECT coalesce(max(tokens), 0), coalesce(max(dollars), 0.0) FROM (SELECT {TOKENS} AS tokens, dollars FROM usage "
        "WHERE agent = ? ORDER BY at DESC LIMIT ?)", (agent, RECENT),
    ).fetchone()  # fmt: skip
    return int(row[0]), float(row[1])


def reprice(lab: Lab, tx: sqlite3.Connection) -> None:
    """Give calls their cost that were made before the config had a price for their model."""
    for model in unpriced_models(tx):
        if price(lab.config.prices, model) is not None:
            for usage in USAGE.select(tx, "WHERE dollars IS NULL AND model = ?", model):
                USAGE.update(tx, usage.key, dollars=_dollars(lab.config, usage))


def unpriced_models(con: sqlite3.Connection) -> list[str]:
    """The models that were used and have no price."""
    return [str(row[0]) for row in con.execute("SELECT DISTINCT model FROM usage WHERE dollars IS NULL ORDER BY model")]


def words(spent: Spent) -> str:
    """`1.24 M tokens, $3.10`; what has no price says so: `1.24 M tokens, cost unknown`."""
    if not spent.unpriced:
        return f"{amount(spent.tokens)} tokens, ${spent.dollars:.2f}"
    if spent.unpriced >= spent.tokens and not spent.dollars:
        return f"{amount(spent.tokens)} tokens, cost unknown"
    return f"{amount(spent.tokens)} tokens, ${spent.dollars:.2f} and an unknown cost for {amount(spent.unpriced)} of them"


def amount(count: float) -> str:
    """A count as people read it: 950, 12.3 k, 1.24 M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(count) >= size:
            return f"{count / size:.3g} {letter}"
    return f"{count:.0f}"


def _dollars(config: Config, usage: Usage) -> float | None:
    """By the config's price; without one, what the backend knows the call to have cost."""
    per_million = price(config.prices, usage.model)
    if per_million is not None:
        return cost(usage, per_million)
    return usage.dollars


def _device_seconds(con: sqlite3.Connection, scope: Scope, name: str) -> float:
    query = f"SELECT coalesce(sum(runs.total_seconds * runs.gang), 0.0) {_runs_of(scope)} AND runs.finished_at IS NOT NULL"
    return float(con.execute(query, _named(scope, name)).fetchone()[0]) + _tried_seconds(con, scope, name)


def _tried_seconds(con: sqlite3.Connection, scope: Scope, name: str) -> float:
    """Of `org try`, which has no row in runs (see scratch.py)."""
    of = {"agent": "AND subject = ?", "program": "AND json_extract(detail, '$.program') = ?", "lab": ""}[scope]
    query = f"SELECT coalesce(sum(json_extract(detail, '$.seconds')), 0.0) FROM events WHERE kind = 'try.ended' {of}"
    return float(con.execute(query, _named(scope, name)).fetchone()[0])


def _runs_of(scope: Scope) -> str:
    match scope:
        case "agent":
            return (
                "FROM runs JOIN experiments ON experiments.id = runs.experiment "
                "WHERE experiments.author = ? AND runs.purpose IN ('screen', 'race', 'recheck')"
            )
        case "program":
            return "FROM runs WHERE runs.program = ?"
        case "lab":
            return "FROM runs WHERE true"


def _named(scope: Scope, name: str) -> tuple[str, ...]:
    return () if scope == "lab" else (name,)
