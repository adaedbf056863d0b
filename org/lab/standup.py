"""The standup: at its time, or on request, every agent is asked for its section and has a deadline; silence is recorded;
the page is written from the ledger around their words. Words that come after that are added at its end: its numbers stay
those of the hour at which it was written."""

import sqlite3
from datetime import datetime, time, timedelta
from pathlib import Path

from org.comms import reply
from org.comms import standup as page
from org.config import timezone
from org.lab import replies
from org.lab.lab import Lab
from org.lab.report import daily
from org.model.agent import Agent, State
from org.model.message import OFFICE, Kind
from org.model.standup import Section, Standup
from org.store import agents, atomic, events, mail, meta, reads, rows
from org.store.tables import SECTIONS, STANDUPS

QUESTION = (
    "Your section of the standup, please: what you did, what comes next, what blocks you. A few sentences; name the "
    'experiments you speak of. Numbers come from the ledger. Answer with `org reply {id} "…"` by {due:%H:%M:%S} UTC.'
)
CATCH_UP = timedelta(hours=2)  # past midnight
JUST_AFTER = timedelta(milliseconds=1)  # times are kept to the millisecond


def step(lab: Lab, now: datetime) -> list[str]:
    """Ask when it is time, write when everybody answered or the deadline passed. Returns the pages written."""
    day = _due(lab, now)
    if day is not None and all(s.day == day for s in _unwritten(lab)):  # yesterday's is written first
        ask(lab, now, day)
    due = [s for s in _unwritten(lab) if s.due_at <= now or _complete(lab, s)]
    written = [_write(lab, s, now) for s in due if not replies.is_being_written(lab.layout.standup(s.day), now)]
    late = [s for s in _with_late_words(lab) if not replies.is_being_written(Path(s.path), now)]
    return written + [_add_late(lab, s, now) for s in late]


def ask(lab: Lab, now: datetime, day: str | None = None) -> str:
    """Open a standup and ask everybody. One that is still being answered is not opened twice. day: whose hour has come (in the
    lab's timezone), which is noted with it; None: somebody wants one now."""
    zone = timezone(lab.config)
    due = now + timedelta(seconds=lab.config.standup.answer_within_s)
    with lab.ledger.transaction() as tx:
        if day is not None:
            meta.put(tx, "standup_last_day", day)
        waiting = _unwritten(lab)
        if waiting:
            return f"the standup of {waiting[0].day} is being answered until {waiting[0].due_at.astimezone(zone):%H:%M:%S %Z}"
        standup = Standup(STANDUPS.next_id(tx), day or f"{now.astimezone(zone):%Y-%m-%d}", now, due)
        STANDUPS.insert(tx, standup)
        events.append(tx, "standup.asked", f"standup-{standup.id}", at=now, day=standup.day)
        for agent in _asked(tx):
            id = f"standup-{standup.id}-{agent.name}"
            mail.post(
                tx, OFFICE, agent.name, Kind.STANDUP, f"Standup of {standup.day}", QUESTION.format(id=id, due=due),
                now, id=id,
            )  # fmt: skip
    return f"everybody is asked; the page is written by {due.astimezone(zone):%H:%M:%S %Z}"


def receive(lab: Lab, message_id: str, agent: str, body: str, now: datetime) -> bool:
    """An agent's section, as a reply to its question. False when the message was no standup question of this agent."""
    parts = message_id.split("-")
    if parts[0] != "standup" or not message_id.endswith(f"-{agent}") or not parts[1].isdigit():
        return False
    with lab.ledger.transaction() as tx:
        standup = STANDUPS.get(tx, int(parts[1]))
        # Who waited for the lock while the page was written comes after it, whatever the clock said before.
        at = now if standup.written_at is None else max(now, standup.written_at + JUST_AFTER)
        tx.execute(
            "INSERT INTO sections VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body, "
            "received_at = excluded.received_at",
            (standup.id, agent, rows.encode(body), rows.encode(at)),
        )
    return True


def _due(lab: Lab, now: datetime) -> str | None:
    """The day whose standup is due and was not asked for. The hour is the clock's on the wall: it comes once a day, also where
    the clock is set forward past it or back before it. One whose hour was missed is asked for as long as the day lasts, or
    for CATCH_UP: a busy minute before midnight skips no day."""
    local = now.astimezone(timezone(lab.config))
    has_come = f"{local:%H:%M}" >= lab.config.standup.at
    newest = local.date() if has_come else local.date() - timedelta(days=1)
    last = meta.get(lab.ledger.reader, "standup_last_day")
    if last is None:  # a lab that starts after today's hour has nothing to report yet
        with lab.ledger.transaction() as tx:
            meta.put(tx, "standup_last_day", f"{newest}")
        return None
    hour = datetime.combine(newest, time.fromisoformat(lab.config.standup.at), local.tzinfo)
    late = not has_come and now - hour >= CATCH_UP
    return None if late or last >= f"{newest}" else f"{newest}"


def _unwritten(lab: Lab) -> list[Standup]:
    return STANDUPS.select(lab.ledger.reader, "WHERE written_at IS NULL ORDER BY id")


def _with_late_words(lab: Lab) -> list[Standup]:
    return STANDUPS.select(
        lab.ledger.reader,
        "WHERE EXISTS (SELECT 1 FROM sections WHERE standup = standups.id AND received_at > standups.written_at) ORDER BY id",
    )


def _complete(lab: Lab, standup: Standup) -> bool:
    answered = {s.agent for s in _sections(lab.ledger.reader, standup)}
    return answered >= {agent.name for agent in _asked(lab.ledger.reader)}


def _asked(con: sqlite3.Connection) -> list[Agent]:
    """Everybody who is in the lab today."""
    return [agent for agent in agents.everyone(con) if agent.state is not State.STOPPED]


def _sections(con: sqlite3.Connection, standup: Standup) -> list[Section]:
    return SECTIONS.select(con, "WHERE standup = ? ORDER BY received_at", standup.id)


def _write(lab: Lab, standup: Standup, now: datetime) -> str:
    """One page a day; a later standup of the same day replaces it, for it covers the whole day. In one transaction: a
    section is on the page, or later than it. What a person wrote below an earlier page of the day stays."""
    path = lab.layout.standup(standup.day)
    around = daily.around(lab, lab.ledger.reader, standup, now)
    with lab.ledger.transaction() as tx:
        sections = _sections(tx, standup)
        text = page.render(tx, standup, sections, lab.config.task.metric, now, lab.sign, around)
        atomic.write_text(path, reply.joined(text, reply.split(_text(path))[1]))
        STANDUPS.update(tx, standup.id, written_at=_latest(now, sections), path=str(path))
        events.append(tx, "standup.written", f"standup-{standup.id}", at=now, path=path.name)
        words = "Read it with `org standup`; what you write at its end, or answer here, directs whom it names."
        id = f"standup-{standup.id}-page"
        mail.post(tx, OFFICE, "human", Kind.NOTE, f"Standup of {standup.day}", words, now, id=id)
    return str(path)


def _add_late(lab: Lab, standup: Standup, now: datetime) -> str:
    """Add what came after the page was written. After a kill in between, the same words are not added twice."""
    assert standup.written_at is not None
    path, zone = Path(standup.path), timezone(lab.config)
    with lab.ledger.transaction() as tx:
        late = [s for s in _sections(tx, standup) if s.received_at > standup.written_at]
        atomic.write_text(path, page.with_late(_text(path), standup, late, lambda word: reads.knows(tx, word), zone))
        STANDUPS.update(tx, standup.id, written_at=_latest(now, late))
        events.append(tx, "standup.late", f"standup-{standup.id}", at=now, agents=[s.agent for s in late])
    return str(path)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _latest(now: datetime, on_the_page: list[Section]) -> datetime:
    """When the page was written, as far as its sections go: the supervisor's round began before it read them."""
    return max([now, *(section.received_at for section in on_the_page)])
