"""The chief's paragraph for a standup: what the lab decided since the last one, from the ledger alone."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.agents.offline import section, verdicts
from org.model.experiment import Experiment
from org.model.program import Program, State
from org.store import meta, programs
from org.store.tables import AGENTS, EXPERIMENTS


def of_lab(con: sqlite3.Connection, asked_at: datetime) -> str:
    """The paragraph for a standup asked at that time."""
    since = section.last_asked(con, asked_at)
    every = EXPERIMENTS.select(con, "ORDER BY CAST(substr(id, 2) AS INTEGER)")
    decided = verdicts.decided_since(every, since)
    open_programs = programs.in_state(con, State.OPEN, State.PAUSED)
    closed = [p for p in programs.in_state(con, State.CLOSED) if p.closed_at and p.closed_at >= since]
    parts = [_counts(decided, since), *(_of_program(p, every, decided) for p in [*open_programs, *closed])]
    parts += [f"Program {p.slug} was closed: {p.reason}." for p in closed]
    parts += [_held(con), _root(con)]
    return "\n\n".join(part for part in parts if part)


def _counts(decided: Sequence[Experiment], since: datetime) -> str:
    merged = sum(verdicts.is_merged(e) for e in decided)
    if not decided:
        return f"No race ended since {since:%Y-%m-%d %H:%M} UTC."
    races = f"{len(decided)} race{'' if len(decided) == 1 else 's'} ended"
    return f"{races} since {since:%Y-%m-%d %H:%M} UTC; {merged or 'none'} of them entered a head."


def _of_program(program: Program, every: Sequence[Experiment], decided: Sequence[Experiment]) -> str:
    mine = [e for e in decided if e.program == program.slug]
    racing = [e.id for e in every if e.program == program.slug and e.is_open]
    told = section.told(mine, "No verdict yet.")
    apart = "\n\n" if "\n" in told else " "
    open_ones = f"{apart}Open: {', '.join(racing)}." if racing else ""
    if not mine and not racing and program.state is State.CLOSED:
        return ""
    paused = " (paused)" if program.state is State.PAUSED else ""
    return f"**{program.slug}**{paused} asks: {program.question} {told}{open_ones}"


def _held(con: sqlite3.Connection) -> str:
    held = AGENTS.select(con, "WHERE control = 'human' ORDER BY rowid")
    return " ".join(f"{a.name} is in the hands of {a.controlled_by or 'a person'}." for a in held)


def _root(con: sqlite3.Connection) -> str:
    note = meta.get(con, "root_note")
    return f"Note on every number here: {note}." if note else ""
