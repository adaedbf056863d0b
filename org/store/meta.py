"""The lab's own facts in the ledger: its name, seed key, root, digests and flags."""

import sqlite3
from typing import Literal

Key = Literal[
    "lab",  # the name in config.yaml
    "seed_key",  # secret of the lab: every seed derives from it
    "root_commit",  # where programs open from
    "head_commit",  # the lab's head; absent: its root
    "stacks_asked",  # JSON: which programs somebody wants in the lab's head next
    "root_note",  # said on every page when the root was changed on purpose
    "organization",  # digest of config, roles and prompts as last started
    "config",  # the config as last applied, JSON
    "environment",  # digest of evaluator, corpus and libraries
    "environment_detail",
    "device_models",  # JSON: device → model
    "paused",  # reason, or absent
    "stopping",  # "drain" | "now", or absent
    "disk_low",  # message, or absent
    "frozen",  # JSON: why nothing is merged (org/lab/drift/freezing.py), or absent
    "drift_epoch",  # how often the devices have drifted: values of two epochs are never compared
    "supervisor_seen_at",
    "attention_event",  # the last event that was looked at for what calls a person
    "standup_last_day",
    "demo",
    "draining",  # the run of a gang for which devices are kept free, or absent
    "anyway",  # what a person started the lab in spite of
]


def get(con: sqlite3.Connection, key: Key) -> str | None:
    row = con.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def put(con: sqlite3.Connection, key: Key, value: str | None) -> None:
    """Set, or with None remove."""
    if value is None:
        con.execute("DELETE FROM meta WHERE key = ?", (key,))
    else:
        con.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value))
