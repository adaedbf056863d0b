"""The loop. A tick takes the steps in order; a step that fails is recorded and the others go on."""

import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from org.lab import apart
from org.model.errors import OrgError
from org.store import events, meta, reads
from org.supervisor import attention, guidance, health, hearing, mail, nudging, runs, schedule, standup, timeline, verdicts
from org.supervisor.office import Office

Step = Callable[[Office, datetime], None]
STEPS: tuple[tuple[str, Step], ...] = (
    ("mail", mail.step),
    ("hearing", hearing.step),
    ("nudging", nudging.step),
    ("runs", runs.step),
    ("verdicts", verdicts.step),
    ("guidance", guidance.step),
    ("schedule", schedule.step),
    ("timeline", timeline.step),
    ("health", health.step),
    ("standup", standup.step),
    ("attention", attention.step),
)
TICK_SECONDS = 0.5
RECENT = 100  # failures of a step that a new one is compared with


def tick(office: Office, now: datetime, steps: tuple[tuple[str, Step], ...] = STEPS) -> list[str]:
    """One round. Returns the steps that failed; each failure is an event, and is tried again next time."""
    failed = []
    for name, step in steps:
        try:
            step(office, now)
        except Exception as error:  # with lab/apart.py within a step, and cli/main.py, the homes of a broad except
            failed.append(name)
            for one in apart.each(error):
                _record_failure(office, name, one, now)
    return failed


def run(office: Office, renew: Callable[[Office], Office] = lambda office: office) -> None:
    """Tick until a stop was asked and nothing runs any more. renew: the office after `org start` applied a new config."""
    applied = meta.get(office.lab.ledger.reader, "config")
    while True:
        if (config := meta.get(office.lab.ledger.reader, "config")) != applied:
            office, applied = renew(office), config
            office.say("the config changed: applied")
        started = time.monotonic()
        tick(office, datetime.now(UTC))
        if meta.get(office.lab.ledger.reader, "stopping") is not None and not reads.running(office.lab.ledger.reader):
            office.say("stopped: nothing runs any more")
            return
        time.sleep(max(0.0, TICK_SECONDS - (time.monotonic() - started)))


def _record_failure(office: Office, step: str, error: Exception, now: datetime) -> None:
    """Say it and write it down; the same failure again within a minute is neither, whatever else fails in between."""
    told = f"{step}: {type(error).__name__}: {error}"
    words = told if isinstance(error, OrgError) else "".join(traceback.format_exception(error))
    try:
        before = events.latest(office.lab.ledger.reader, RECENT, f"step-{step}")
        if any(e.detail.get("error") == told and (now - e.at).total_seconds() < 60 for e in before):
            return
        with office.lab.ledger.transaction() as tx:
            events.append(tx, "supervisor.step_failed", f"step-{step}", at=now, error=told)
    except OrgError as second:  # the ledger itself is the trouble: the office window shows it, the loop goes on
        words = f"{words}\n(not recorded: {second})"
    office.say(words)
