"""A person is called: a bell in every attached terminal, a notification on the desktop, a program of theirs. What for, and
that it happens once, org/lab/attention.py says; nothing that fails here is in the way of the loop."""

import os
import re
import shlex
import signal
import stat
import subprocess
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from org.lab import attention
from org.lab.attention import Call
from org.model.errors import OrgError
from org.supervisor import desktop
from org.supervisor.office import Office
from org.terminal import attach

EVERY = timedelta(seconds=2)
EACH = 5  # calls of a kind at once, that the person's program gets one by one
DEADLINE_SECONDS = 20.0  # of a notification or a program
BELL = b"\a"


def step(office: Office, now: datetime) -> None:
    if office.attended is not None and now - office.attended < EVERY:
        return
    office.attended = now
    calls = attention.step(office.lab, now)
    if not calls:
        return
    for call in calls:
        office.say(f"calls a person: {call.words}")
    wanted, name = office.lab.config.attention, office.lab.config.lab
    argv = desktop.command(name, calls) if wanted.desktop else []
    told = (BELL if wanted.bell else b"") + (desktop.sequence(name, calls) if wanted.desktop and not argv else b"")
    if told:
        ring(office, told)
    if argv:
        _run(office, argv)
    if wanted.command is not None:
        for call in few(calls):
            _run(office, filled(wanted.command, name, call))


def ring(office: Office, told: bytes = BELL) -> list[str]:
    """A bell in each terminal that is attached to the grid; returns their names. Past tmux, which passes no bells on: in a
    grid of agents' programs each of them would ring."""
    if office.grid is None:
        return []
    try:
        names = [client.name for client in attach.clients(office.grid)]
    except OrgError as error:
        office.say(f"no bell: {error}")
        return []
    return [name for name in names if _ring(name, told)]


def few(calls: Sequence[Call]) -> list[Call]:
    """At most EACH calls of a kind, the rest of them in one: when sixty agents wait for a login, no sixty messages."""
    found: list[Call] = []
    for on in dict.fromkeys(call.on for call in calls):
        mine = [call for call in calls if call.on == on]
        found += mine[:EACH]
        if len(mine) > EACH:
            found.append(Call(on, mine[EACH].key, f"… and {len(mine) - EACH} more of that kind: `org status`"))
    return found


def filled(command: str, lab: str, call: Call) -> list[str]:
    """The person's command line for one call. Split first: what agents wrote stays within its argument."""
    values = {"{lab}": lab, "{on}": call.on, "{words}": call.words}
    place = re.compile("|".join(map(re.escape, values)))
    return [place.sub(lambda found: values[found[0]], word) for word in shlex.split(command)]


def _ring(terminal: str, told: bytes = BELL) -> bool:
    """Whether it is a terminal that took it. One that takes no more output is not waited for."""
    try:
        handle = os.open(terminal, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return stat.S_ISCHR(os.fstat(handle).st_mode) and os.write(handle, told) == len(told)
    except OSError:
        return False
    finally:
        os.close(handle)


def _run(office: Office, argv: Sequence[str]) -> None:
    threading.Thread(target=_to_its_end, args=(office, argv), name="attention", daemon=True).start()


def _to_its_end(office: Office, argv: Sequence[str]) -> None:
    """Run a program for at most DEADLINE_SECONDS; what goes wrong is said in the office's window."""
    try:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        office.say(f"attention: {argv[0]} cannot be run: {error.strerror or error}")
        return
    try:
        _, told = child.communicate(timeout=DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        office.say(f"attention: {argv[0]} took longer than {DEADLINE_SECONDS:g} s")
        return
    if child.returncode:
        said = told.decode(errors="replace").strip().splitlines()
        office.say(f"attention: {argv[0]} ended with {child.returncode}{': ' + said[-1] if said else ''}")
