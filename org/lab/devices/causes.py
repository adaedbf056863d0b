"""Why a device has no run at this moment: what keeps the next one away.

Asked after the schedule, in the order in which a person would ask: is it in use? may anything start? does something wait
that cannot start here? and if nothing waits: who should have proposed?
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from org.lab import review, schedule, scratch
from org.lab.devices import gangs
from org.lab.drift import freezing
from org.lab.lab import Lab
from org.lab.merging import worth
from org.lab.spend import admission, away, parking
from org.model import gang
from org.model.agent import Agent, Control
from org.model.agent import Cause as AgentCause
from org.model.agent import State as AgentState
from org.model.experiment import State as ExperimentState
from org.model.idle import Cause
from org.model.program import State as ProgramState
from org.model.run import Run
from org.runs import devices
from org.runs.devices import Device
from org.store import events, experiments, meta, programs, reads, requests
from org.store.tables import EVENTS, RUNS

Reason = tuple[Cause, str]
SOON = timedelta(seconds=10)  # a run that waits no longer is about to start
ASKS = frozenset({AgentCause.PERMISSION, AgentCause.PERSON, AgentCause.LOGIN})  # agents that wait for a person


def running(lab: Lab) -> dict[str, Run]:
    """Device → its run, for a gang on each of its devices."""
    return {name: run for run in reads.running(lab.ledger.reader) for name in gang.members(run.device)}


def of_idle(lab: Lab, busy: Collection[str], strangers: Mapping[str, str], now: datetime) -> dict[str, Reason]:
    """Every device of the lab that is not busy, with its cause and the cause's detail. strangers: device → who else
    computes on it."""
    used = {device.name: _use(lab, device, strangers.get(device.name)) for device in lab.devices if device.name not in busy}
    found = {name: reason for name, reason in used.items() if reason is not None}
    free = [device for device in lab.devices if device.name in used and device.name not in found]
    if free:
        raced_on = lab.devices[0].model
        held = _held(lab)
        queue = schedule.queue(lab) if held is None else []
        nobody = _nobody(lab, now) if held is None and not queue else None
        for device in free:
            elsewhere = (Cause.MISMATCH, f"races are run on {raced_on}") if device.model != raced_on else None
            found[device.name] = held or (elsewhere if nobody else None) or nobody or _waiting(lab, device, queue, now)
    return found


def _use(lab: Lab, device: Device, stranger: str | None) -> Reason | None:
    """Who holds the lock of a device that has no run of ours, or computes on it without; None when it is free."""
    holder = devices.holder(device.name, lab.locks)
    if holder is None:
        return None if stranger is None else (Cause.FOREIGN, stranger)
    own = scratch.of_lab(lab, holder)
    if own.startswith(scratch.HOLDER):
        return Cause.TRY, own
    run = RUNS.find(lab.ledger.reader, own) if own else None  # collected, and its keeper about to end
    is_ours = run is not None and device.name in gang.members(run.device)
    return (Cause.STARTING, "") if is_ours else (Cause.FOREIGN, f"held by {holder}")


def _held(lab: Lab) -> Reason | None:
    """What keeps the whole lab from starting anything."""
    con = lab.ledger.reader
    if (mode := meta.get(con, "stopping")) is not None:
        return Cause.STOPPING, mode
    if (reason := meta.get(con, "paused")) is not None:
        last = EVENTS.select(con, "WHERE kind = 'lab.paused' ORDER BY id DESC LIMIT 1")
        by = last[0].actor if last else events.OFFICE
        return (Cause.BROKEN, reason) if by == events.OFFICE else (Cause.PAUSED, _by(by, reason))
    if (reason := meta.get(con, "disk_low")) is not None:
        return Cause.DISK, reason
    full = admission.holds(lab)
    return None if full is None else (Cause.LIMIT, full)


def _by(actor: str, reason: str) -> str:
    return reason if actor in reason else f"by {actor}: {reason}"


def _waiting(lab: Lab, device: Device, queue: Sequence[tuple[Run, str | None]], now: datetime) -> Reason:
    """Why nothing of a queue that is not empty has the device. queue: runs with what keeps each of them."""
    startable = [run for run, why in queue if why is None]
    if not startable:
        run, why = queue[0]
        return (Cause.PAUSED if "is paused" in str(why) else Cause.LIMIT), f"{run.id}: {why}"
    drain = gangs.standing(lab, now)
    if drain is not None and device.name in drain.free:
        return Cause.GANG, gangs.words(drain)
    fitting = [run for run in startable if run.gang == 1 and schedule.fits(lab, run, device)]
    if not fitting:
        gangs_of = (gangs.awaited(lab, run, now) for run in startable if run.gang > 1)
        left_alone = next((found for found in gangs_of if found is not None and device.name in found.free), None)
        if left_alone is not None:
            return Cause.GANG, gangs.words(left_alone)
        return Cause.MISMATCH, ", ".join(run.id for run in startable[:3])
    if any(scratch.is_waiting(r) for r in requests.queued(lab.ledger.reader) if r.verb == scratch.VERB):
        return Cause.TRY, "kept for an `org try` that waits"
    first = fitting[0]
    return (Cause.STARTING, "") if now - first.queued_at < SOON else (Cause.BROKEN, f"{first.id} cannot be started: `org log`")


def _nobody(lab: Lab, now: datetime) -> Reason:
    """Why nothing is queued at all."""
    con = lab.ledger.reader
    frozen = freezing.now(con)
    if frozen is not None:
        return Cause.DRIFT, freezing.words(frozen)
    proposed = experiments.in_state(con, ExperimentState.PROPOSED)
    unreviewed = proposed if lab.config.protocol.approve != "auto" else []
    if asked := [e.id for e in (*unreviewed, *worth.waiting(lab, con))]:
        return Cause.ANSWER, f"{', '.join(asked)}: approve or refuse"
    if fresh := [e.id for e in proposed if not review.is_held(lab, e)]:
        return Cause.STARTING, f"proposed a moment ago: {', '.join(fresh)}"
    juniors = away.juniors(lab)
    reasons = [_of_agent(lab, agent, now) for agent in juniors]
    told = [reason for reason in reasons if reason is not None]
    if juniors and len(told) == len(juniors):
        most, _ = Counter(cause for cause, _ in told).most_common(1)[0]
        return most, "; ".join(dict.fromkeys(words for cause, words in told if cause is most))
    if not programs.in_state(con, ProgramState.OPEN):
        return Cause.NOTHING, "no program is open"
    thinking = ", ".join(agent.name for agent, reason in zip(juniors, reasons, strict=True) if reason is None)
    return Cause.NOTHING, f"{thinking} may propose" if thinking else "the lab has no junior"


def _of_agent(lab: Lab, agent: Agent, now: datetime) -> Reason | None:
    """What keeps one agent from proposing; None when it is its own."""
    if agent.control is Control.HUMAN:
        return Cause.PAUSED, f"{agent.controlled_by} has {agent.name}"
    if agent.state is AgentState.PAUSED:
        return (Cause.LIMIT if parking.is_parked(agent) else Cause.PAUSED), f"{agent.name}: {agent.reason or 'paused'}"
    if agent.state in (AgentState.STARTING, AgentState.CRASHED):
        return Cause.STARTING, f"{agent.name} is {agent.state.value}"
    if agent.state is AgentState.WAITING and agent.cause in ASKS:
        return Cause.ANSWER, f"{agent.name}: {agent.reason or agent.cause.value}"
    why = away.why(lab, agent, now)
    if why is None:
        return None
    limited = agent.cause is AgentCause.RATE_LIMIT or "rate-limited" in why
    return (Cause.RATE_LIMIT if limited else Cause.LIMIT), f"{agent.name}: {why}"
