"""Letters that keep a chief with a model up to date: after every few verdicts, and when a program's stop rule fires. What
changed and what it must decide, from the ledger. A chief by rule acts on the ledger itself and gets none; without a chief
the person is told of a stop rule."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.comms.figures import gain, plural
from org.lab import announce, stops
from org.lab.guiding import decisions, overview
from org.lab.lab import Lab
from org.lab.memory import footprints, lessons, tried
from org.lab.stops import Stop
from org.model.event import Event
from org.model.experiment import VERDICTS, Experiment
from org.model.message import OFFICE, Kind
from org.model.program import State as ProgramState
from org.store import events, experiments, mail, programs, reads
from org.store.tables import AGENTS, EVENTS, MESSAGES

SENT = "digest.sent"
BY_RULE = frozenset({"offline", "replay"})  # chiefs that read the ledger themselves


def step(lab: Lab, now: datetime) -> list[str]:
    """Write what is due. Returns the letters' subjects. Safe to repeat: a letter is posted once."""
    con = lab.ledger.reader
    firing = stops.firing(con)
    if lab.chief is None:
        return [told for stop in firing if (told := _tell_person(lab, stop, now))]
    chief = AGENTS.find(con, lab.chief)
    if chief is None or chief.backend in BY_RULE:
        return []
    last = _last(con)
    fired = [stop for stop in firing if stop.key not in _told(con)]
    count = reads.verdict_count(con)
    if not fired and count - (int(last.detail["verdicts"]) if last else 0) < lab.config.protocol.digest_every:
        return []
    subject = _subject(fired, _fresh(con, last))
    with lab.ledger.transaction() as tx:
        number = EVENTS.count(tx, "WHERE kind = ?", SENT) + 1
        mail.post(tx, OFFICE, lab.chief, Kind.NOTE, subject, text(lab, tx, last), now, id=f"digest-{number}")
        events.append(tx, SENT, lab.chief, at=now, verdicts=count, stops=[stop.key for stop in fired])
    return [subject]


def text(lab: Lab, con: sqlite3.Connection, last: Event | None) -> str:
    """The body: decisions first, then program by program what was decided since the last digest."""
    fresh = _fresh(con, last)
    prints = footprints.of(lab, fresh)
    due = decisions.due(lab, con)
    parts = ["Decisions due:\n" + "\n".join(f"- {line}" for line in due) if due else "No decision waits for you."]
    for program in programs.in_state(con, ProgramState.OPEN, ProgramState.PAUSED):
        mine = [e for e in fresh if e.program == program.slug]
        parts.append(_program(lab, con, overview.standing(lab, con, program), mine, prints))
    parts.append("Each page: `org show E…`; where you stand: `org brief`. If nothing needs you, end your turn.")
    return "\n\n".join(parts)


def _program(
    lab: Lab, con: sqlite3.Connection, standing: overview.Standing, fresh: Sequence[Experiment],
    prints: dict[str, footprints.Footprint],
) -> str:  # fmt: skip
    p, people = standing.program, ", ".join(standing.people) or "nobody"
    lines = [f"# {p.slug} ({p.state.value}): {p.question}", f"{people}; {standing.open} open; {standing.stop.words}"]
    lines += [*standing.spent, *(_verdict(e, prints) for e in fresh)]
    lines += [f"  {n.by} on {n.experiment}: “{n.text}”" for n in lessons.notes(con) if n.experiment in {e.id for e in fresh}]
    return "\n".join(lines if fresh else [*lines, "No verdict since the last digest."])


def _verdict(e: Experiment, prints: dict[str, footprints.Footprint]) -> str:
    predicted = f", predicted {gain(e.predicted_gain)}" if e.predicted_gain is not None else ""
    line = tried.line(e, prints.get(e.id, tried.NOTHING))
    title = f": “{e.subject}”" if line.what != e.subject else ""
    return f"- {line.words}{title} · {e.author}{predicted}"


def _subject(fired: Sequence[Stop], fresh: Sequence[Experiment]) -> str:
    news = f"digest: {plural(len(fresh), 'verdict')}"
    return "; ".join([*(f"{stop.program}: its stop rule fires" for stop in fired), news])


def _fresh(con: sqlite3.Connection, last: Event | None) -> list[Experiment]:
    """Decided since the last digest, and still so."""
    decided = [(e.decided_at, e) for e in experiments.in_state(con, *VERDICTS) if e.decided_at is not None]
    found = [(at, e) for at, e in decided if last is None or at > last.at]
    return [e for _, e in sorted(found, key=lambda pair: pair[0])]


def _last(con: sqlite3.Connection) -> Event | None:
    found = EVENTS.select(con, "WHERE kind = ? ORDER BY id DESC LIMIT 1", SENT)
    return found[0] if found else None


def _told(con: sqlite3.Connection) -> set[str]:
    """The stop rules that a digest told of."""
    return {key for event in EVENTS.select(con, "WHERE kind = ?", SENT) for key in event.detail["stops"]}


def _tell_person(lab: Lab, stop: Stop, now: datetime) -> str:
    """Once for each firing; "" when it was told."""
    id = f"stop-{stop.key}"
    if MESSAGES.find(lab.ledger.reader, id) is not None:
        return ""
    subject = f"{stop.program}: its stop rule fires"
    with lab.ledger.transaction() as tx:
        announce.person(tx, subject, f"{stop.words}.", now, id=id)
    return subject
