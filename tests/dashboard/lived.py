"""Ledgers of many.py for so many experiments and agents. The largest is written once in a process, with all its agents; of a
lab with fewer the others left."""

import sqlite3
from pathlib import Path
from typing import Any

import many

from org.store.layout import Layout

LARGE, MOST = 1000, 64  # experiments from which a ledger is not written twice; agents of that one


def copied(cache: Path, folder: Path, experiments: int, agents: int) -> Layout:
    """A copy of a lab with a chief and so many juniors in an empty folder."""
    layout = many.copied(cache, folder, experiments, MOST if experiments >= LARGE else agents)
    if experiments >= LARGE and agents < MOST:
        _leave(layout, agents)
    return layout


def config(layout: Layout) -> dict[str, Any]:
    """As every face of the lab has it."""
    return many.opened(layout).config.model_dump(mode="json")


def _leave(layout: Layout, agents: int) -> None:
    """Who is beyond that number leaves, with what they had under way."""
    book = sqlite3.connect(layout.ledger, isolation_level=None)
    gone = f"CAST(substr(name, 8) AS INTEGER) > {agents} AND name LIKE 'junior-%'"
    of_gone = f"SELECT id FROM experiments WHERE state = 'racing' AND author IN (SELECT name FROM agents WHERE {gone})"
    book.execute("BEGIN IMMEDIATE")
    book.execute(
        f"DELETE FROM leases WHERE holder IN (SELECT id FROM runs WHERE state = 'running' AND experiment IN ({of_gone}))"
    )
    book.execute(f"UPDATE runs SET state = 'cancelled' WHERE state = 'running' AND experiment IN ({of_gone})")
    book.execute(f"UPDATE experiments SET state = 'cancelled' WHERE id IN ({of_gone})")
    book.execute(f"DELETE FROM agents WHERE {gone}")
    book.execute("COMMIT")
    book.close()
