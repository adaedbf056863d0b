"""Which queued run goes on which free device. Order: re-checks, fresh seeds, races, pools; nothing while the lab is paused, the
disk is low, or the allowance is spent. One run a device, by the device's lock."""

import functools
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from org.lab import admission, backfill, environment, pools, programs, scratch
from org.lab.lab import Lab
from org.lab.studies import noise
from org.lab.studies.registry import KINDS
from org.model.errors import OrgError
from org.model.program import State as ProgramState
from org.model.run import Event, Purpose, Run, State
from org.model.study import Kind
from org.runs import devices, executor
from org.runs import environment as run_environment
from org.runs.devices import Device
from org.runs.spec import Spec
from org.store import meta, reads, requests, runs, studies
from org.store import programs as stored_programs
from org.store.tables import AGENTS, EXPERIMENTS, POOLS, PROGRAMS, STUDIES
from org.workspace import snapshots

# Studies carry a rank of their own among these.
ORDER: dict[Purpose, float] = {
    Purpose.RECHECK: 0, Purpose.FRESH: 1, Purpose.SCREEN: 2, Purpose.SCREEN_POOL: 2, Purpose.RACE: 3, Purpose.POOL: 4,
}  # fmt: skip
BACKFILL = 10.0  # from here on a study runs only on devices that would idle
EVALUATE_SECONDS = 900.0
HOLDS: tuple[meta.Key, ...] = ("stopping", "paused", "disk_low")


def step(lab: Lab, now: datetime) -> list[str]:
    """Start what can start. Returns the runs started."""
    if held(lab) is not None:
        return []
    free = _free_devices(lab)
    if not free:
        return []
    admitting = admission.now(lab)
    waiting = [run for run in _waiting(lab) if admitting.refuses(run) is None]  # the others leave their devices to these
    if len(waiting) < len(free):
        waiting += _fill_pools(lab, len(free) - len(waiting), now)
    if len(waiting) < len(free):
        waiting += backfill.fill(lab, len(free) - len(waiting), now)
    started, errors = [], []
    for run in waiting:
        device = _choose(lab, run, free)
        try:
            if device is not None and admitting.refuses(run) is None and _start(lab, run, device, now):
                admitting.take(run)
                free.remove(device)
                started.append(run.id)
        except OrgError as error:  # a tree that cannot be laid out must not be in the way of the others
            errors.append(error)
    if errors:
        raise errors[0]
    return started


def held(lab: Lab) -> str | None:
    """Why nothing may start now, or None."""
    con = lab.ledger.reader
    for key in HOLDS:
        reason = meta.get(con, key)
        if reason is not None:
            return reason
    return admission.holds(lab)


def _free_devices(lab: Lab) -> list[Device]:
    """Devices without a run of ours, less one for every `org try` that waits."""
    busy = {run.device for run in reads.running(lab.ledger.reader)}
    free = [d for d in lab.devices if d.name not in busy and devices.holder(d.name, lab.locks) is None]
    tries = [r for r in requests.queued(lab.ledger.reader) if r.verb == scratch.VERB and scratch.is_waiting(r)]
    return free[len(tries) :]


def _waiting(lab: Lab) -> list[Run]:
    """Queued runs whose program may spend, in order."""
    con = lab.ledger.reader
    holding = {p.slug for p in PROGRAMS.select(con) if p.state is ProgramState.PAUSED or programs.spent(lab, p)}
    queued = [r for r in runs.in_state(con, State.QUEUED) if r.program not in holding]
    kinds = {study.id: study.kind for study in studies.open_(con)}
    return sorted(queued, key=lambda run: _rank(run, kinds))


def _rank(run: Run, kinds: Mapping[str, Kind]) -> tuple[float, int, int]:
    # A baseline that a race waits for is as urgent as the race; older experiments finish first.
    if run.study is not None:
        order = KINDS[kinds[run.study]].rank if run.study in kinds and kinds[run.study] in KINDS else BACKFILL
    else:
        order = ORDER[Purpose.RACE] if run.purpose is Purpose.POOL and run.experiment else ORDER[run.purpose]
    return order, int(run.experiment[1:]) if run.experiment else 0, int(run.id[1:])


def _fill_pools(lab: Lab, count: int, now: datetime) -> list[Run]:
    """Baseline runs of the open programs' heads, for devices that would idle."""
    filled: list[Run] = []
    for program in stored_programs.in_state(lab.ledger.reader, ProgramState.OPEN):
        if len(filled) >= count or program.head_commit is None or program.root_commit is None:
            continue
        if programs.spent(lab, program):
            continue
        tree = _run_tree(lab.git, program.root_commit, program.head_commit, program.editable, lab.config.task.protected)
        with lab.ledger.transaction() as tx:
            pool = pools.of_tree(lab, tx, tree, now)
            for _ in range(count - len(filled)):
                filled += pools.fill(lab, tx, pool, now, program.slug)
    return filled


# The tree of two commits never changes; without this an idle lab would start five git processes a tick.
_run_tree = functools.lru_cache(maxsize=256)(snapshots.run_tree)


def _choose(lab: Lab, run: Run, free: Iterable[Device]) -> Device | None:
    """A free device of the pool's model, the author's own when it is among them."""
    con = lab.ledger.reader
    model = POOLS.get(con, run.pool).device_model if run.pool is not None else None
    fitting = [d for d in free if model is None or d.model == model]
    pinned = _noise_setting(lab, run)
    if pinned is not None and any(d.name == pinned[1] for d in lab.devices):
        return next((d for d in fitting if d.name == pinned[1]), None)
    author = EXPERIMENTS.get(con, run.experiment).author if run.experiment else None
    if author is None and run.study is not None:  # a sweep is its agent's
        author = STUDIES.get(con, run.study).plan.get("agent")
    agent = AGENTS.find(con, author) if author else None
    preferred = agent.device if agent else None
    return next((d for d in fitting if d.name == preferred), fitting[0] if fitting else None)


def _start(lab: Lab, run: Run, device: Device, now: datetime) -> bool:
    """Take the lock, write the row, start the keeper. A kill after the row leaves a run without a keeper: lost, re-run."""
    lease = devices.lease(device.name, lab.locks, f"{lab.config.lab} {run.id}")
    if lease is None:
        return False
    folder = lab.layout.run(run.id)
    snapshot = lab.layout.snapshot(run.tree)
    try:
        snapshots.extract(lab.git, run.tree, snapshot)
        spec = make_spec(lab, run, device, folder, snapshot)
        with lab.ledger.transaction() as tx:
            runs.move(tx, run.id, Event.START, now, device=device.name, started_at=now)
            tx.execute(
                "INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET holder = excluded.holder, "
                "since = excluded.since",
                (device.name, run.id, now.isoformat()),
            )
    except BaseException:
        lease.release()
        raise
    executor.start(folder, spec, lease)
    return True


def _noise_setting(lab: Lab, run: Run) -> tuple[int, str] | None:
    """Data seed and device of a run that splits the noise; other runs have neither."""
    con = lab.ledger.reader
    study = STUDIES.get(con, run.study) if run.study is not None else None
    return noise.setting(con, study, run) if study is not None and study.kind is Kind.NOISE else None


def make_spec(lab: Lab, run: Run, device: Device, folder: Path, snapshot: Path) -> Spec:
    """What the keeper of a run is told."""
    task = lab.config.task
    pinned = _noise_setting(lab, run)
    values = {
        "python": run_environment.python(), "seed": str(run.seed),
        "data_seed": str(run.seed if pinned is None else pinned[0]), "budget": run.budget,
        "depth": "" if run.depth is None else str(run.depth), "data": str(lab.layout.data), "device": device.kind,
        "run": str(folder),
    }  # fmt: skip
    return Spec(
        run=run.id, device=device.name, threads=device.threads, snapshot=str(snapshot),
        train=environment.fill(task.command, values),
        evaluate=environment.fill(task.evaluate, values) if task.evaluate else None,
        pattern=task.pattern, metric=task.metric, environment=run_environment.build(device, snapshot),
        timeout_seconds=task.timeout_min * 60, evaluate_timeout_seconds=EVALUATE_SECONDS,
    )  # fmt: skip
