"""A person's reply to a standup becomes directions: from the page's file once it lies still, or from `org reply`.

Nothing is written into the file for it, so nothing that is being typed there can be lost. What was taken is in the ledger, in
the transaction that gives the direction: after a kill the same words are not given again. Words that were changed since
replace what they gave before. A file that is gone, torn or without a heading says nothing.
"""

import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from org.comms import reply
from org.comms.reply import EVERYBODY, Words
from org.lab.guiding import steering
from org.lab.lab import Lab
from org.model.errors import Refused
from org.model.message import HUMAN, OFFICE, Kind
from org.store import events, mail
from org.store.tables import AGENTS, EVENTS, PROGRAMS, QUESTIONS, STANDUPS

TAKEN = "standup.replied"
STILL = timedelta(seconds=15)  # a file that was saved since is perhaps still being written
PAGES = 7  # the newest, that are looked at


def step(lab: Lab, now: datetime) -> list[str]:
    """Take what is new in the newest pages. Returns what became of it, a line each."""
    said = []
    for day, path in _pages(lab).items():
        text = _still(path, now)
        if text and reply.is_touched(text):
            said += take(lab, day, text, now)
    return said


def answer(lab: Lab, id: str, text: str, actor: str, now: datetime) -> list[str] | None:
    """A reply by a verb or the dashboard. None when the id is no standup's page: `standup-DAY`, or its letter's."""
    found = re.fullmatch(r"standup-(?:(\d{4}-\d{2}-\d{2})|(\d+)-page)", id)
    if found is None:
        return None
    key, value = ("day", found[1]) if found[1] else ("id", int(found[2]))
    standups = STANDUPS.select(lab.ledger.reader, f"WHERE {key} = ? AND written_at IS NOT NULL", value)
    if not standups:
        raise Refused(f"{id}: no such standup was written; `org standup` shows the newest")
    if actor != HUMAN:
        raise Refused("a standup's reply is a person's; an agent answers its own question with `org reply`")
    return take(lab, standups[-1].day, reply.joined("", f"{reply.HEADING}\n\n{text}\n"), now)


def take(lab: Lab, day: str, page: str, now: datetime) -> list[str]:
    """Give what a page's reply says and was not given yet, to whom it names. Returns a line for each."""
    con = lab.ledger.reader
    wanted = _by_target(lab, reply.read(page, _names(con)))
    if all(_before(con, day).get(target) == text for target, text in wanted.items()):
        return []
    with lab.ledger.transaction() as tx:
        before = _before(tx, day)  # two processes may have looked
        fresh = {target: text for target, text in wanted.items() if before.get(target) != text}
        told = [_give(lab, tx, target, text, now) for target, text in fresh.items()]
        for target, text in fresh.items():
            events.append(tx, TAKEN, f"standup-{day}", HUMAN, now, target=target, text=text)
        if told:
            number = EVENTS.count(tx, "WHERE kind = ? AND subject = ?", TAKEN, f"standup-{day}")
            body = "\n\n".join(told) + "\n\n`org steer` shows what is in force."
            mail.post(
                tx, OFFICE, HUMAN, Kind.NOTE, f"Your reply to the standup of {day}", body, now, id=f"replied-{day}-{number}"
            )
    return told


def is_being_written(path: Path, now: datetime) -> bool:
    """Whether a person has just saved words into the page: then it is no time to write it anew."""
    try:
        return _is_fresh(path, now) and reply.is_touched(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return False


def any_being_written(lab: Lab, now: datetime) -> bool:
    """The same of any of the pages that `step` looks at."""
    return any(is_being_written(path, now) for path in _pages(lab).values())


def _pages(lab: Lab) -> dict[str, Path]:
    """Day → page, of the newest."""
    found = STANDUPS.select(lab.ledger.reader, "WHERE written_at IS NOT NULL ORDER BY id DESC LIMIT ?", PAGES)
    return {standup.day: Path(standup.path) for standup in found}


def _still(path: Path, now: datetime) -> str:
    """The page's text, when nobody is just writing it; else ""."""
    try:
        return "" if _is_fresh(path, now) else path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _is_fresh(path: Path, now: datetime) -> bool:
    return abs(now - datetime.fromtimestamp(path.stat().st_mtime, UTC)) < STILL


def _names(con: sqlite3.Connection) -> list[str]:
    agents = [a.name for a in AGENTS.select(con)]
    return [*agents, *(p.slug for p in PROGRAMS.select(con)), *(q.id for q in QUESTIONS.select(con))]


def _by_target(lab: Lab, said: Sequence[Words]) -> dict[str, str]:
    """Target → all that was said to it. A name that nobody has begins with `?`."""
    found: dict[str, list[str]] = {}
    for words in said:
        targets = (*words.targets, *(f"?{name}" for name in words.unknown))
        for target in targets or (lab.chief or EVERYBODY,):
            found.setdefault(target, []).append(words.text)
    return {target: "\n\n".join(texts) for target, texts in found.items()}


def _before(con: sqlite3.Connection, day: str) -> dict[str, str]:
    """Target → what this day's reply last gave it."""
    found = EVENTS.select(con, "WHERE kind = ? AND subject = ? ORDER BY id", TAKEN, f"standup-{day}")
    return {event.detail["target"]: event.detail["text"] for event in found}


def _give(lab: Lab, tx: sqlite3.Connection, target: str, text: str, now: datetime) -> str:
    line = " ".join(text.split())
    if target.startswith("?"):
        return f"Nobody is called {target[1:]}, so nobody got: “{line}”"
    if QUESTIONS.find(tx, target) is not None:
        return f"{mail.answer(tx, target, text, HUMAN, now).asker} got your answer: “{line}”"
    given, replaced = steering.within(lab, tx, target, text, HUMAN, now)
    instead = f" It replaces: {'; '.join(d.text for d in replaced)}" if replaced else ""
    return f"{', '.join(given.letters) or 'nobody'} got your direction for {target}: “{line}”{instead}"
