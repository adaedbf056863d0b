"""One reading of the ledger into a LabState. Read only; what runs are doing right now is added by the follower."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from org.dashboard import certificates, listing, machines
from org.dashboard.costs import Costs
from org.dashboard.drawings import Drawings
from org.dashboard.points import Points
from org.dashboard.state import AgentLine, ExperimentLine, LabState, ProgramLine, Setting, Spend, Wanted
from org.model.agent import Agent
from org.model.experiment import OPEN, State
from org.model.merge import Kind, Merge
from org.model.program import Program
from org.model.run import Purpose, Run
from org.plots import stairs
from org.plots.tried import Tried
from org.science import sigma
from org.store import agents, events, experiments, idle, mail, meta, programs, reads
from org.store.tables import IDEAS

T = TypeVar("T")
MESSAGE_COUNT = 200
EVENT_COUNT = 400
MERGE_COUNT = 30  # of a program, with their experiments
IDEA_COUNT = 100


class Reader:
    """Reads one ledger again and again. What changes only together with an event is read again only after one: the
    supervisor's heartbeat and the last words of agents come twice a second. One per connection."""

    def __init__(self) -> None:
        self._points = Points()
        self._costs = Costs()
        self._drawings = Drawings()
        self._mark: tuple[int, ...] = ()
        self._wanted: tuple[object, ...] = ()
        self._eventful = LabState()
        self._running: list[Run] = []
        self._open: tuple[ExperimentLine, ...] = ()
        self._everyone: list[Agent] = []

    def read(self, con: sqlite3.Connection, setting: Setting, now: datetime, wanted: Wanted = Wanted()) -> LabState:  # noqa: B008
        """Everything that the ledger alone can say."""
        mark = (reads.newest_event(con), reads.read_count(con), idle.newest(con))
        everyone = agents.everyone(con)
        if mark != self._mark:
            self._eventful = self._read_eventful(con, self._eventful)
        self._costs.read(con, setting, now, mark)
        looked_at = wanted, setting, mark, now.timestamp() // 60
        if looked_at != self._wanted:
            self._eventful = replace(self._eventful, **self._looked_at(con, setting, wanted, now))
        self._mark, self._wanted = mark, looked_at
        seen, frozen = meta.get(con, "supervisor_seen_at"), meta.get(con, "frozen")
        return replace(
            self._eventful,
            setting=setting,
            lab=meta.get(con, "lab") or "",
            agents=agent_lines(everyone, self._open, self._running, self._costs.by_agent),
            programs=tuple(replace(p, agents=_names(everyone, p)) for p in self._eventful.programs),
            totals=self._costs.totals,
            today=self._costs.today,
            spend=self._costs.lab,
            budgets=self._costs.budgets,
            paused=meta.get(con, "paused"),
            stopping=meta.get(con, "stopping"),
            frozen=str(json.loads(frozen).get("reason", "")) if frozen else None,
            root_note=meta.get(con, "root_note"),
            disk_low=meta.get(con, "disk_low"),
            supervisor_seen_at=datetime.fromisoformat(seen) if seen else None,
        )

    def _read_eventful(self, con: sqlite3.Connection, before: LabState) -> LabState:
        self._running = reads.running(con)
        self._open = listing.lines_of(con, experiments.in_state(con, *OPEN))
        points = self._points.read(con)
        pools, moves = _same(before.pools, reads.all_pool_values(con)), _same(before.moves, stairs.read(con))
        merges = [move for move in moves.merges if move.kind is Kind.MERGE]
        return replace(
            before,
            connected=True,
            points=points,
            moves=moves,
            programs=program_lines(con, programs.in_order(con), points, merges, self._open),
            pools=pools,
            devices=machines.lines(con, self._running),
            questions=tuple(mail.open_questions(con)),
            messages=tuple(reads.latest_messages(con, MESSAGE_COUNT)),
            events=tuple(events.latest(con, EVENT_COUNT)),
            sigma=sigma.pooled([pool.values for pool in pools]),
        )

    def _looked_at(self, con: sqlite3.Connection, setting: Setting, wanted: Wanted, now: datetime) -> dict[str, Any]:
        """What only one tab shows, of the one that is open."""
        lab = self._eventful
        match wanted.tab:
            case "overview":
                return {"curve": self._drawings.curve(con, setting, lab.points, lab.moves, lab.pools)}
            case "plot":
                return {"picture": self._drawings.picture(con, setting, wanted.asked, now, lab, self._running)}
            case "experiments":
                return {"listing": listing.read(con, wanted.query)}
            case "programs":
                return {"ideas": tuple(IDEAS.select(con, "WHERE state = 'open' ORDER BY id DESC LIMIT ?", IDEA_COUNT))}
            case "findings":
                return {"findings": certificates.read(con, len(setting.rungs))}
            case "devices":
                return {"uses": machines.uses(con, now)}
            case _:
                return {}


def _same(old: T, new: T) -> T:
    """old, when new equals it: what is made of it need not be made again."""
    return old if old == new else new


def keep_identity(old: LabState, new: LabState) -> LabState:
    """new, with every part that equals old's replaced by old's own object."""
    same = {n: getattr(old, n) for n in LabState.__slots__ if getattr(old, n) == getattr(new, n)}
    return replace(new, **same)


def agent_lines(
    everyone: Sequence[Agent], lines: Sequence[ExperimentLine], running: Sequence[Run], spent: Mapping[str, Spend]
) -> tuple[AgentLine, ...]:
    """Each agent with the open experiment that is furthest along: running before racing before the rest."""
    runs = {run.experiment: run for run in running}
    mine: dict[str, ExperimentLine] = {}
    for line in lines:
        e = line.experiment
        if e.author not in mine or _rank(line, runs) > _rank(mine[e.author], runs):
            mine[e.author] = line
    return tuple(_agent_line(agent, mine.get(agent.name), runs, spent.get(agent.name)) for agent in everyone)


def _rank(line: ExperimentLine, runs: dict[str | None, Run]) -> tuple[bool, bool]:
    return line.experiment.id in runs, line.experiment.state in (State.RACING, State.SCREENING)


def _agent_line(agent: Agent, line: ExperimentLine | None, runs: dict[str | None, Run], spend: Spend | None) -> AgentLine:
    if line is None:
        return AgentLine(agent, spend=spend)
    run = runs.get(line.experiment.id)
    look = len(line.values) + 1 if run is None or run.purpose is Purpose.RACE else run.slot + 1
    return AgentLine(agent, line.experiment, run, look, line.metric, spend)


def program_lines(
    con: sqlite3.Connection, known: Sequence[Program], points: Sequence[Tried], merges: Sequence[Merge],
    lines: Sequence[ExperimentLine],
) -> tuple[ProgramLine, ...]:  # fmt: skip
    """Without their agents, who change without an event."""
    counts: dict[str, Counter[State]] = defaultdict(Counter)
    for (program, state), number in Counter((p.program, p.state) for p in points).items():
        counts[program][state] = number
    merged: dict[str, list[Merge]] = defaultdict(list)
    for merge in merges:
        merged[merge.program].append(merge)
    newest = {p.slug: merged[p.slug][: -MERGE_COUNT - 1 : -1] for p in known}
    named = {e.id: e for e in reads.named_experiments(con, [m.experiment for found in newest.values() for m in found])}
    return tuple(
        ProgramLine(
            p, dict(counts[p.slug]), tuple(line.experiment for line in lines if line.experiment.program == p.slug),
            tuple((m, named[m.experiment]) for m in newest[p.slug] if m.experiment in named), (),
        )
        for p in known
    )  # fmt: skip


def _names(everyone: Sequence[Agent], line: ProgramLine) -> tuple[str, ...]:
    return tuple(a.name for a in everyone if a.program == line.program.slug)
