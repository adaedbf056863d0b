"""The time. Standups, deadlines and the order of letters rest on it."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.workspace.git import Git

EARLIEST = datetime(2025, 6, 1, tzinfo=UTC)  # this program is younger
SLACK = timedelta(hours=26)  # a commit may carry another's clock and zone
SET = "sudo timedatectl set-ntp true"


def examine(subject: Subject) -> Iterator[Finding]:
    """Is the time possible, does somebody keep it, is the zone known."""
    yield judge(subject.now, _newest(subject), _synchronized(subject.path))
    if not available_timezones():
        yield problem("timezone", "this Python knows no timezone", "pip install tzdata")
    elif subject.config is not None:
        standup = subject.config.standup
        there = subject.now.astimezone(ZoneInfo(standup.timezone))
        yield ok("timezone", f"{there:%H:%M} in {standup.timezone}, where the standup is at {standup.at}")


def judge(now: datetime, newest: datetime | None, synchronized: bool | None) -> Finding:
    """newest: a time that has surely passed. synchronized: whether a time service keeps the clock; None: nobody tells."""
    shown = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < EARLIEST:
        return problem("clock", f"it says {shown}", SET)
    if newest is not None and newest > now + SLACK:
        return problem("clock", f"it says {shown}, but the newest commit is of {newest.astimezone(UTC):%Y-%m-%d %H:%M}", SET)
    if synchronized is False:
        return warning("clock", f"{shown}; no time service keeps it", SET)
    return ok("clock", shown + ("" if synchronized else "; whether a time service keeps it is not told here"))


def _newest(subject: Subject) -> datetime | None:
    if subject.layout is None:
        return None
    told = Git(subject.layout.root).ask("log", "-1", "--format=%cI", "HEAD")
    return datetime.fromisoformat(told.out.strip()) if told.code == 0 and told.out.strip() else None


def _synchronized(path: str) -> bool | None:
    program = shutil.which("timedatectl", path=path)
    if program is None:
        return None
    told = subprocess.run(
        [program, "show", "--property=NTPSynchronized", "--value"], capture_output=True, text=True, timeout=10, check=False,
        stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    return {"yes": True, "no": False}.get(told.stdout.strip())
