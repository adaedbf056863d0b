"""What the lab has learned: every verdict by what it worked on, what authors wrote of theirs, what closed programs said."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from org.lab.lab import Lab
from org.lab.memory import footprints, likeness, tried
from org.lab.memory.tried import Group, Line
from org.model.errors import Refused
from org.model.experiment import VERDICTS, Experiment
from org.model.program import State as ProgramState
from org.store import events, programs, reads
from org.store.tables import EVENTS, EXPERIMENTS, PROGRAMS

NOTED = "lesson.noted"
WEIGHTS = (4.0, 3.0, 1.5, 1.0)  # of title, surfaces, reasons, what was said afterwards


@dataclass(frozen=True, slots=True)
class Note:
    """An agent's or a person's words on a verdict; never a source of numbers."""

    experiment: str
    by: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """What was said when a program was closed."""

    program: str
    question: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lessons:
    """groups: by surface, the one worked on last first. found: for a search, the likest first."""

    verdicts: int
    groups: tuple[Group, ...] = ()
    found: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()
    closed: tuple[Closed, ...] = field(default=())


def note(con: sqlite3.Connection, experiment: str, text: str, by: str, now: datetime) -> Note:
    """Keep an honest sentence or two on a verdict. Refused before there is one: a lesson follows its result."""
    e = EXPERIMENTS.get(con, experiment)
    if not text.strip():
        raise Refused("a lesson needs words")
    if e.is_open:
        raise Refused(f"{experiment} is {e.state.value}: its verdict comes first, then the lesson")
    made = Note(experiment, by, " ".join(text.split()), now)
    events.append(con, NOTED, experiment, by, now, text=made.text)
    return made


def notes(con: sqlite3.Connection) -> list[Note]:
    """All of them, oldest first."""
    return [Note(e.subject, e.actor, e.detail["text"], e.at) for e in EVENTS.select(con, "WHERE kind = ? ORDER BY id", NOTED)]


def of(lab: Lab, con: sqlite3.Connection, program: str | None = None, like: str | None = None) -> Lessons:
    """Of one program or all; with `like` what was decided about something, the likest first."""
    if program is not None:
        PROGRAMS.get(con, program)
    every = [e for e in reads.experiments(con, program=program) if e.state in VERDICTS]
    said = [n for n in notes(con) if n.experiment in {e.id for e in every}]
    prints = footprints.of(lab, every)
    if like is not None:
        found = search(lab, con, every, like)
        lines = tuple(tried.line(e, prints.get(e.id, tried.NOTHING)) for e in found)
        shown = {line.experiment for line in lines}
        return Lessons(len(every), (), lines, tuple(n for n in said if n.experiment in shown))
    return Lessons(len(every), tuple(tried.groups(every, prints)), (), tuple(said), tuple(closed(con, program)))


def search(lab: Lab, con: sqlite3.Connection, experiments: Sequence[Experiment], query: str) -> list[Experiment]:
    """The experiments that speak of the query's words, the likest first."""
    prints, said = footprints.of(lab, experiments), notes(con)
    texts = {
        e.id: tried.texts(e, prints.get(e.id, tried.NOTHING), [n.text for n in said if n.experiment == e.id]) for e in experiments
    }
    by_id = {e.id: e for e in experiments}
    return [by_id[id] for id, _ in likeness.search(query, texts, WEIGHTS)]


def closed(con: sqlite3.Connection, program: str | None = None) -> list[Closed]:
    """What closed programs ended with."""
    found = [p for p in programs.in_state(con, ProgramState.CLOSED) if p.reason and program in (None, p.slug)]
    return [Closed(p.slug, p.question, p.reason) for p in found]
