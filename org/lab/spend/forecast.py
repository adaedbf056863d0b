"""`org plan`: before spending, what a night buys: runs, verdicts, the effects that would be seen, disk, tokens, dollars,
and the limit that is hit first. A plan is kept in the ledger, so that forecast and fact can be compared."""

import dataclasses
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from org.comms.figures import table
from org.config import agent_names
from org.lab import settings
from org.lab.lab import Lab
from org.lab.spend import history, limits, spending
from org.lab.spend.history import Figure
from org.lab.spend.limits import Limit, Unit
from org.model.program import State as ProgramState
from org.runs import devices
from org.science import forecast
from org.store import events, programs, reads
from org.store.tables import EVENTS

PLANNED = "lab.planned"
SEED = 7  # of the played races: the same lab gets the same forecast
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Effect:
    """A true gain that one try sees with that probability; None: none that was played is seen so often."""

    power: float
    sigmas: float | None
    gain: float | None  # metric units


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """What an agent will use. dollars None: its model's price is unknown."""

    agent: str
    backend: str
    tokens: float
    dollars: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A limit and how many hours from now it is hit."""

    what: str
    hours: float


@dataclass(frozen=True, slots=True)
class Plan:
    """hours: as asked. working_hours: until a limit stops the devices. dollars: of known prices, devices included."""

    at: datetime
    hours: float
    working_hours: float
    devices: int
    device_model: str
    metric: str
    runs: float
    verdicts: float
    merges: float
    device_hours: float
    disk_gb: float
    free_gb: float
    tokens: float
    dollars: float
    unknown_cost: tuple[str, ...]
    effects: tuple[Effect, ...]
    agents: tuple[AgentPlan, ...]
    first_limit: Stop | None
    figures: dict[str, Figure]


def plan(lab: Lab, hours: float, now: datetime) -> Plan:
    """What so many hours buy, from now on. Reads only."""
    mix, mix_source = history.mix(lab)
    gauss = _draws()
    odds = forecast.curve(history.TRIES, mix, settings.race_protocol(lab), gauss)
    figures = _figures(lab, odds)
    racing = devices.of_races(lab.devices)
    device_rate = len(racing) * figures["busy"].number  # device-hours an hour
    per_hour = device_rate * 3600 / max(figures["run_seconds"].number, 1e-3)
    verdict_rate = per_hour / max(figures["runs_a_verdict"].number, 1.0)
    disk_rate = (per_hour * figures["run_megabytes"].number + verdict_rate * figures["snapshot_megabytes"].number) / 1e3
    free = shutil.disk_usage(_existing(lab.layout.comms)).free / 1e9
    people = _agents(lab, verdict_rate)
    stops = sorted(_stops(lab, device_rate, people, disk_rate, free), key=lambda stop: stop[1].hours)
    working = min([hours, *(stop.hours for ends_runs, stop in stops if ends_runs)])
    agents = tuple(
        dataclasses.replace(a, tokens=a.tokens * working, dollars=None if a.dollars is None else a.dollars * working)
        for a in people
    )
    device_hours = device_rate * working
    return Plan(
        now, hours, working, len(racing), racing[0].model, lab.config.task.metric, per_hour * working,
        verdict_rate * working, verdict_rate * working * figures["merged_share"].number, device_hours,
        disk_rate * working, free, sum(a.tokens for a in agents),
        sum(a.dollars or 0.0 for a in agents) + device_hours * (lab.config.device_dollars_per_hour or 0.0),
        tuple(a.agent for a in agents if a.dollars is None), _effects(odds, figures["sigma"], mix_source), agents,
        next((stop for _, stop in stops if stop.hours < hours), None), figures,
    )  # fmt: skip


def save(lab: Lab, made: Plan, actor: str, now: datetime) -> None:
    """Keep a plan in the ledger."""
    with lab.ledger.transaction() as tx:
        events.append(tx, PLANNED, lab.config.lab, actor, now, plan=_plain(made))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The newest plan that reaches into a stretch of time, with what came true. rows: (what, forecast, fact), the
    forecast for the part of its hours that has passed."""

    planned_at: datetime
    hours: float
    elapsed_hours: float
    rows: tuple[tuple[str, float, float], ...]


def compare(lab: Lab, since: datetime | None, now: datetime) -> Comparison | None:
    """Forecast and fact of the newest plan whose hours reach into since..now; None when there is none."""
    con = lab.ledger.reader
    for event in EVENTS.select(con, "WHERE kind = ? ORDER BY id DESC LIMIT 20", PLANNED):
        told = event.detail["plan"]
        end = min(event.at + timedelta(hours=float(told["hours"])), now)
        if event.at < now and (since is None or end > since):
            passed = (end - event.at).total_seconds() / 3600
            share = min(passed / max(float(told["working_hours"]), 1e-9), 1.0)
            facts = _facts(lab, event.at, end)
            rows = tuple((name, float(told[name]) * share, facts[name]) for name in facts)
            return Comparison(event.at, float(told["hours"]), passed, rows)
    return None


NAMES = {"runs": "runs", "verdicts": "verdicts", "merges": "merges", "device_hours": "device-hours", "tokens": "tokens",
         "dollars": "dollars"}  # fmt: skip


def page(lab: Lab, since: datetime | None, now: datetime) -> str:
    """The standup's section: forecast against fact, and what was spent in all; "" where there is nothing to say."""
    told, spent = compare(lab, since, now), spending.of(lab, lab.ledger.reader, "lab")
    parts = []
    if told is not None:
        rows = [(NAMES[name], _number(name, plan), _number(name, fact)) for name, plan, fact in told.rows if plan or fact]
        head = ("", f"forecast for {min(told.elapsed_hours, told.hours):.1f} of {told.hours:g} h", "fact")
        parts.append(f"Planned at {told.planned_at:%Y-%m-%d %H:%M} UTC.\n\n" + table(head, rows))
    if spent.tokens:
        parts.append(f"Spent since the lab began: {spending.words(spent)}.")
    return "## Forecast and fact\n\n" + "\n\n".join(parts) if parts else ""


def _number(name: str, value: float) -> str:
    match name:
        case "dollars":
            return f"${value:.2f}"
        case "tokens":
            return spending.amount(value)
        case _:
            return f"{value:.1f}"


def _facts(lab: Lab, since: datetime, end: datetime) -> dict[str, float]:
    con = lab.ledger.reader
    first, later = reads.totals(con, since), reads.totals(con, end)
    tokens, dollars = spending.between(con, since, end)
    hours = (first.device_seconds - later.device_seconds) / 3600
    return {
        "runs": first.runs - later.runs, "verdicts": first.verdicts - later.verdicts, "merges": first.merged - later.merged,
        "device_hours": hours, "tokens": tokens, "dollars": dollars + hours * (lab.config.device_dollars_per_hour or 0.0),
    }  # fmt: skip


def _figures(lab: Lab, odds: list[forecast.Odds]) -> dict[str, Figure]:
    return {
        "run_seconds": history.run_seconds(lab),
        "busy": history.busy(lab),
        "runs_a_verdict": history.runs_a_verdict(lab, odds),
        "merged_share": history.merged_share(lab, odds),
        "sigma": history.sigma(lab),
        "run_megabytes": history.disk_megabytes(lab, history.run_folders(lab)),
        "snapshot_megabytes": history.disk_megabytes(lab, history.snapshot_folders(lab)),
    }


def _effects(odds: Sequence[forecast.Odds], sigma: Figure, source: str) -> tuple[Effect, ...]:
    found = []
    for power in (0.5, 0.8):
        sigmas = forecast.seen_at(power, odds)
        found.append(Effect(power, sigmas, None if sigmas is None or sigma.value is None else sigmas * sigma.value))
    return tuple(found)


def _agents(lab: Lab, verdict_rate: float) -> list[AgentPlan]:
    """Tokens and dollars an hour. Juniors share the verdicts evenly; a chief reads them all."""
    entries = agent_names(lab.config)
    juniors = [name for name, entry in entries if not entry.role.startswith("chief")]
    found = []
    for name, entry in entries:
        own = verdict_rate / max(len(juniors), 1) if name in juniors else verdict_rate
        each, price = history.tokens_a_verdict(lab, name), history.dollars_a_token(lab, name)
        tokens = own * each.number
        dollars = None if tokens and price.value is None else tokens * price.number
        source = each.source if not tokens or price.measured else f"{each.source}; {price.source}"
        found.append(AgentPlan(name, entry.backend, tokens, dollars, source))
    return found


def _stops(
    lab: Lab, device_rate: float, people: Sequence[AgentPlan], disk_rate: float, free: float
) -> list[tuple[bool, Stop]]:  # fmt: skip
    """(whether it stops the devices, the limit and when) for every limit that something is spent of."""
    con = lab.ledger.reader
    room = free - lab.config.limits.min_free_gb * GIB / 1e9
    found = [(True, Stop("limits.min_free_gb", max(room, 0.0) / disk_rate))] if disk_rate else []
    for limit in limits.every(lab, con):
        rate = _rate(lab, limit, device_rate, people)
        if rate > 0:
            left = max(limit.most - limits.standing(lab, con, limit).spent, 0.0)
            ends_runs = limit.scope == "lab" and (limit.unit is Unit.DEVICE_HOURS or _devices_cost(lab, limit))
            found.append((ends_runs, Stop(limit.where, left / rate)))
    return found


def _rate(lab: Lab, limit: Limit, device_rate: float, people: Sequence[AgentPlan]) -> float:
    """How much of a limit an hour spends; agents and open programs share evenly."""
    shares = {
        "lab": 1.0,
        "program": 1.0 / max(len(programs.in_state(lab.ledger.reader, ProgramState.OPEN)), 1),
        "agent": 1.0 / max(sum(not e.role.startswith("chief") for _, e in agent_names(lab.config)), 1),
    }
    share = shares[limit.scope]
    mine = [a for a in people if a.agent == limit.name] if limit.scope == "agent" else people
    part = share if limit.scope == "program" else 1.0
    match limit.unit:
        case Unit.DEVICE_HOURS:
            return device_rate * share
        case Unit.TOKENS:
            return sum(a.tokens for a in mine) * part
        case Unit.DOLLARS:
            return sum(a.dollars or 0.0 for a in mine) * part + device_rate * share * (lab.config.device_dollars_per_hour or 0.0)


def _devices_cost(lab: Lab, limit: Limit) -> bool:
    return limit.unit is Unit.DOLLARS and bool(lab.config.device_dollars_per_hour)


def _draws() -> forecast.Gauss:
    source = random.Random(SEED)
    return lambda: source.gauss(0.0, 1.0)


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())


def _plain(made: Plan) -> dict[str, object]:
    """As the ledger keeps it; times as text."""
    return {**dataclasses.asdict(made), "at": made.at.isoformat()}
