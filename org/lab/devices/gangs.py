"""Gangs: runs that need several devices of one model at once. Nothing is ended for them: freed devices are kept until
there are enough (the drain), and only what ends before the last of them is free may still start there."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from org.lab import scratch
from org.lab.lab import Lab
from org.lab.spend import admission
from org.model import gang
from org.model.run import Run, State
from org.runs import devices as locks
from org.runs.devices import Device
from org.store import events, meta, reads
from org.store.tables import POOLS, RUNS

TORCHRUN = "{python} -m torch.distributed.run --standalone --nproc_per_node="
PYTHON = "{python}"


@dataclass(frozen=True, slots=True)
class Drain:
    """A gang's run that waits. free: devices of its model that are kept for it; seconds: until enough are free, as far as
    the lengths of runs are known."""

    run: Run
    model: str
    free: tuple[str, ...]
    seconds: float | None

    def keeps(self, lab: Lab, device: Device, run: Run) -> bool:
        """Whether this device may not be given to that other run."""
        return run.id != self.run.id and (run.gang > 1 or self.outlasts(lab, device, run.budget))

    def outlasts(self, lab: Lab, device: Device, budget: str) -> bool:
        """Whether a run of that budget on this device might still go on when the others are free."""
        if device.model != self.model:
            return False
        hours, measured = admission.run_hours(lab, budget)
        return not measured or self.seconds is None or hours * 3600 > self.seconds


def launcher(command: str, devices: int) -> str:
    """The command's template as a gang runs it: one process a device, started by torchrun."""
    return command if devices == 1 else command.replace(PYTHON, f"{TORCHRUN}{devices}", 1)


def drain(lab: Lab, run: Run, free: Sequence[Device], now: datetime, strangers: Collection[str] = ()) -> Drain | None:
    """What is kept for a gang's run; None when it can start, or when nobody knows that it ever could: the lab has too few
    devices of the model, or others compute on them, with a lock or (strangers) without."""
    wanted = model(lab, run)
    mine = [device.name for device in of_model(free, wanted)]
    coming = [d for d in of_model(lab.devices, wanted) if d.name not in strangers and _comes_back(lab, d, now)]
    if len(mine) >= run.gang or len(coming) < run.gang:
        return None
    return Drain(run, wanted, tuple(mine), _seconds_until(lab, wanted, run.gang - len(mine), now))


def begun(lab: Lab, run: Run, now: datetime) -> None:
    """From now on this run's gang comes before all others; said once."""
    with lab.ledger.transaction() as tx:
        if meta.get(tx, "draining") != run.id:
            meta.put(tx, "draining", run.id)
            events.append(tx, "gang.drains", run.id, at=now, devices=run.gang, study=run.study)


def ended(lab: Lab) -> None:
    """Nothing is kept any more."""
    if meta.get(lab.ledger.reader, "draining") is not None:
        with lab.ledger.transaction() as tx:
            meta.put(tx, "draining", None)


def first(waiting: Sequence[Run], draining: str | None) -> list[Run]:
    """The runs in their order, but a gang whose drain has begun first: else it would be put off for ever."""
    return sorted(waiting, key=lambda run: run.id != draining)


def standing(lab: Lab, now: datetime) -> Drain | None:
    """The drain that goes on, as any process may ask."""
    con = lab.ledger.reader
    id = meta.get(con, "draining")
    run = RUNS.find(con, id) if id is not None else None
    return None if run is None or run.state is not State.QUEUED else awaited(lab, run, now)


def awaited(lab: Lab, run: Run, now: datetime) -> Drain | None:
    """What is free for a gang's run that waits, whether it is kept or just left alone."""
    con = lab.ledger.reader
    busy = {name for other in reads.running(con) for name in gang.members(other.device)}
    free = [d for d in lab.devices if d.name not in busy and locks.holder(d.name, lab.locks) is None]
    return drain(lab, run, free, now)


def words(drain: Drain) -> str:
    """`R12 (depth 24) waits for 8 devices at once; kept free for it: cuda:0-2; the others in about 12 min`."""
    depth = "" if drain.run.depth is None else f" (depth {drain.run.depth})"
    kept = gang.named(drain.free) if drain.free else "none yet"
    ahead = "" if drain.seconds is None else f"; the others in about {max(drain.seconds, 60) / 60:.0f} min"
    return f"{drain.run.id}{depth} waits for {drain.run.gang} devices at once; kept free for it: {kept}{ahead}"


def _comes_back(lab: Lab, device: Device, now: datetime) -> bool:
    """Whether the lab has the device, or has it again after a run of its own or an `org try` of usual length."""
    holder = locks.holder(device.name, lab.locks)
    if holder is None:
        return True
    own = scratch.of_lab(lab, holder)
    if not own:
        return False
    began = scratch.began(lab, device) if own.startswith(scratch.HOLDER) else None
    return began is None or now - began < timedelta(minutes=lab.config.task.timeout_min)


def _seconds_until(lab: Lab, wanted: str, lacking: int, now: datetime) -> float | None:
    """When that many more devices of the model will be free; None where a run's length is not known."""
    running = {name: run for run in reads.running(lab.ledger.reader) for name in gang.members(run.device)}
    left = [_left(lab, running[d.name], now) for d in of_model(lab.devices, wanted) if d.name in running]
    known = sorted(seconds for seconds in left if seconds is not None)
    return known[lacking - 1] if len(known) >= lacking else None


def _left(lab: Lab, run: Run, now: datetime) -> float | None:
    hours, measured = admission.run_hours(lab, run.budget)
    if not measured or run.started_at is None:
        return None
    return max(hours * 3600 - (now - run.started_at).total_seconds(), 0.0)


def model(lab: Lab, run: Run) -> str:
    """Of whose devices a run must be: its pool's model; without a pool, that of races: whatever is run is compared with
    something."""
    if run.pool is not None:
        return POOLS.get(lab.ledger.reader, run.pool).device_model
    return lab.devices[0].model


def of_model(devices: Iterable[Device], wanted: str) -> list[Device]:
    return [device for device in devices if device.model == wanted]
