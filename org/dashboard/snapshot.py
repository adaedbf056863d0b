"""One reading of the ledger into a LabState. Read only; what runs are doing right now is added by the follower."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from org.dashboard.history import History
from org.dashboard.state import AgentLine, DeviceLine, ExperimentLine, LabState, PoolLine, ProgramLine, Setting
from org.model.agent import Agent
from org.model.experiment import State
from org.model.merge import Merge
from org.model.program import Program
from org.model.run import Purpose, Run
from org.science import sigma
from org.store import agents, events, mail, meta, reads
from org.store.tables import MESSAGES, PROGRAMS

MESSAGE_COUNT = 200
EVENT_COUNT = 400


def read(con: sqlite3.Connection, history: History, setting: Setting, now: datetime) -> LabState:
    """Everything that the ledger alone can say."""
    everyone, lines, running = agents.everyone(con), history.read(con), reads.running(con)
    pools, merges = pools_of(con), tuple(reads.merges(con))
    seen = meta.get(con, "supervisor_seen_at")
    return LabState(
        setting=setting,
        lab=meta.get(con, "lab") or "",
        connected=True,
        agents=agent_lines(everyone, lines, running),
        experiments=lines,
        programs=program_lines(PROGRAMS.select(con, "ORDER BY created_at, slug"), lines, merges, everyone),
        merges=merges,
        pools=pools,
        devices=device_lines(con, running),
        questions=tuple(mail.open_questions(con)),
        messages=tuple(MESSAGES.select(con, "ORDER BY sent_at DESC, id DESC LIMIT ?", MESSAGE_COUNT)[::-1]),
        events=tuple(events.latest(con, EVENT_COUNT)),
        totals=reads.totals(con),
        today=reads.totals(con, now - timedelta(days=1)),
        sigma=sigma.pooled([pool.values for pool in pools]),
        paused=meta.get(con, "paused"),
        stopping=meta.get(con, "stopping"),
        root_note=meta.get(con, "root_note"),
        disk_low=meta.get(con, "disk_low"),
        supervisor_seen_at=datetime.fromisoformat(seen) if seen else None,
    )


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
    programs: Sequence[Program], lines: Sequence[ExperimentLine], merges: Sequence[Merge], everyone: Sequence[Agent]
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
        for p in programs
    )  # fmt: skip


def device_lines(con: sqlite3.Connection, running: Sequence[Run]) -> tuple[DeviceLine, ...]:
    """Known devices and whatever else is leased or runs, in natural order."""
    models: dict[str, str] = json.loads(meta.get(con, "device_models") or "{}")
    holders = {str(row["device"]): str(row["holder"]) for row in con.execute("SELECT device, holder FROM leases")}
    runs = {run.device: run for run in running if run.device}
    names = sorted({*models, *holders, *runs}, key=_natural)
    return tuple(DeviceLine(n, models.get(n, ""), runs.get(n), holders.get(n, "")) for n in names)


def _natural(device: str) -> tuple[str, int, str]:
    kind, _, number = device.partition(":")
    return kind, int(number) if number.isdigit() else 0, number


def pools_of(con: sqlite3.Connection) -> tuple[PoolLine, ...]:
    """Every pool with its values. One statement: reads.pool_values asks once a slot, too often for a poll."""
    rows = con.execute(
        "SELECT p.id, p.tree, p.rung, r.metric FROM pools p JOIN pool_slots s ON s.pool = p.id"
        " JOIN runs r ON r.id = s.run WHERE r.metric IS NOT NULL ORDER BY p.id, s.slot"
    )
    values: dict[tuple[int, str, int], list[float]] = defaultdict(list)
    for id, tree, rung, metric in rows:
        values[id, tree, rung].append(metric)
    return tuple(PoolLine(*key, tuple(found)) for key, found in values.items())
