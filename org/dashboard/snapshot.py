"""One reading of the ledger into a LabState. Read only; what runs are doing right now is added by the follower."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from org.dashboard.history import History
from org.dashboard.state import AgentLine, DeviceLine, ExperimentLine, LabState, ProgramLine, Setting
from org.model.agent import Agent
from org.model.experiment import State
from org.model.merge import Merge
from org.model.program import Program
from org.model.run import Purpose, Run
from org.science import sigma
from org.store import agents, events, mail, meta, programs, reads

MESSAGE_COUNT = 200
EVENT_COUNT = 400


class Reader:
    """Reads one ledger again and again. What changes only together with an event is read again only after one: the
    supervisor's heartbeat and the last words of agents come twice a second. One per connection."""

    def __init__(self) -> None:
        self._history = History()
        self._mark: tuple[int, ...] = ()
        self._eventful = LabState()
        self._running: list[Run] = []
        self._programs: list[Program] = []
        self._everyone: list[Agent] = []
        self._lines: dict[str, Any] = {}  # agents and programs, made of all of the above

    def read(self, con: sqlite3.Connection, setting: Setting, now: datetime) -> LabState:
        """Everything that the ledger alone can say."""
        mark = (reads.newest_event(con), reads.read_count(con), int(now.timestamp() // 60))  # `today` moves with the clock
        everyone = agents.everyone(con)
        if mark != self._mark:
            self._eventful = self._read_eventful(con, now)
        if mark != self._mark or everyone != self._everyone:
            self._lines = self._made_of(everyone)
        self._mark, self._everyone = mark, everyone
        seen = meta.get(con, "supervisor_seen_at")
        return replace(
            self._eventful,
            setting=setting,
            lab=meta.get(con, "lab") or "",
            **self._lines,
            paused=meta.get(con, "paused"),
            stopping=meta.get(con, "stopping"),
            root_note=meta.get(con, "root_note"),
            disk_low=meta.get(con, "disk_low"),
            supervisor_seen_at=datetime.fromisoformat(seen) if seen else None,
        )

    def _read_eventful(self, con: sqlite3.Connection, now: datetime) -> LabState:
        self._running = reads.running(con)
        self._programs = programs.in_order(con)
        pools = reads.all_pool_values(con)
        return LabState(
            connected=True,
            experiments=self._history.read(con),
            merges=tuple(reads.merges(con)),
            pools=pools,
            devices=device_lines(con, self._running),
            questions=tuple(mail.open_questions(con)),
            messages=tuple(reads.latest_messages(con, MESSAGE_COUNT)),
            events=tuple(events.latest(con, EVENT_COUNT)),
            totals=reads.totals(con),
            today=reads.totals(con, now - timedelta(days=1)),
            sigma=sigma.pooled([pool.values for pool in pools]),
        )

    def _made_of(self, everyone: list[Agent]) -> dict[str, Any]:
        lines, merges = self._eventful.experiments, self._eventful.merges
        return {
            "agents": agent_lines(everyone, lines, self._running),
            "programs": program_lines(self._programs, lines, merges, everyone),
        }


def keep_identity(old: LabState, new: LabState) -> LabState:
    """new, with every part that equals old's replaced by old's own object."""
    same = {n: getattr(old, n) for n in LabState.__slots__ if getattr(old, n) == getattr(new, n)}
    return replace(new, **same)


def agent_lines(everyone: Sequence[Agent], lines: Sequence[ExperimentLine], running: Sequence[Run]) -> tuple[AgentLine, ...]:
    """Each agent with the open experiment that is furthest along: running before racing before the rest."""
    runs = {run.experiment: run for run in running}
    mine: dict[str, ExperimentLine] = {}
    for line in lines:
        e = line.experiment
        if e.is_open and (e.author not in mine or _rank(line, runs) > _rank(mine[e.author], runs)):
            mine[e.author] = line
    return tuple(_agent_line(agent, mine.get(agent.name), runs) for agent in everyone)


def _rank(line: ExperimentLine, runs: dict[str | None, Run]) -> tuple[bool, bool]:
    return line.experiment.id in runs, line.experiment.state in (State.RACING, State.SCREENING)


def _agent_line(agent: Agent, line: ExperimentLine | None, runs: dict[str | None, Run]) -> AgentLine:
    if line is None:
        return AgentLine(agent)
    run = runs.get(line.experiment.id)
    look = len(line.values) + 1 if run is None or run.purpose is Purpose.RACE else run.slot + 1
    return AgentLine(agent, line.experiment, run, look)


def program_lines(
    known: Sequence[Program], lines: Sequence[ExperimentLine], merges: Sequence[Merge], everyone: Sequence[Agent]
) -> tuple[ProgramLine, ...]:
    tries = Counter(line.experiment.program for line in lines)
    still_open = Counter(line.experiment.program for line in lines if line.experiment.is_open)
    merged: dict[str, list[Merge]] = defaultdict(list)
    for merge in merges:
        merged[merge.program].append(merge)
    return tuple(
        ProgramLine(
            p, tries[p.slug], still_open[p.slug], tuple(merged[p.slug]),
            tuple(a.name for a in everyone if a.program == p.slug),
        )
        for p in known
    )  # fmt: skip


def device_lines(con: sqlite3.Connection, running: Sequence[Run]) -> tuple[DeviceLine, ...]:
    """Known devices and whatever else is leased or runs, in natural order."""
    models: dict[str, str] = json.loads(meta.get(con, "device_models") or "{}")
    holders = reads.leases(con)
    runs = {run.device: run for run in running if run.device}
    names = sorted({*models, *holders, *runs}, key=_natural)
    return tuple(DeviceLine(n, models.get(n, ""), runs.get(n), holders.get(n, "")) for n in names)


def _natural(device: str) -> tuple[str, int, str]:
    kind, _, number = device.partition(":")
    return kind, int(number) if number.isdigit() else 0, number
