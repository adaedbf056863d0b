"""Which queued run goes on which free device. Order: re-checks, fresh seeds, races, pools; nothing while the lab is paused, the
disk is low, or the allowance is spent. One run a device, by the device's lock; a gang has several (gangs.py)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from org.lab import environment, programs, scratch, settings
from org.lab.devices import backfill, gangs
from org.lab.drift import freezing
from org.lab.lab import Lab
from org.lab.spend import admission
from org.lab.studies import kind, noise, sentinel
from org.lab.studies.registry import KINDS
from org.model import gang
from org.model.errors import OrgError
from org.model.message import OFFICE
from org.model.program import State as ProgramState
from org.model.run import Event, Purpose, Run, State
from org.model.study import Kind, Study
from org.runs import devices, executor
from org.runs import environment as run_environment
from org.runs.devices import Device
from org.runs.spec import Spec
from org.store import meta, reads, requests, runs, studies
from org.store.tables import AGENTS, EXPERIMENTS, PROGRAMS, STUDIES
from org.workspace import snapshots

# Studies carry a rank of their own among these.
ORDER: dict[Purpose, float] = {
    Purpose.RECHECK: 0, Purpose.FRESH: 1, Purpose.SCREEN: 2, Purpose.SCREEN_POOL: 2, Purpose.RACE: 3, Purpose.POOL: 4,
}  # fmt: skip
BACKFILL = 10.0  # from here on a study runs only on devices that would idle
EVALUATE_SECONDS = 900.0
HOLDS: tuple[meta.Key, ...] = ("stopping", "paused", "disk_low")
STOPS = {"drain": "the lab stops when the running runs are done", "now": "the lab stops"}


def step(lab: Lab, now: datetime, strangers: Collection[str] = ()) -> list[str]:
    """Start what can start. strangers: devices on which a program computes that holds no lock; a run beside it would be
    invalid. Returns the runs started."""
    if held(lab) is not None:
        return []
    free = [device for device in _free_devices(lab) if device.name not in strangers]
    if not free:
        return []
    dealing = _Dealing(lab, now, strangers, free, admission.now(lab))
    waiting = [run for run in _waiting(lab) if dealing.admitting.refuses(run) is None]  # the others leave their devices to these
    left = dealing.deal(gangs.first(waiting, meta.get(lab.ledger.reader, "draining")))
    try:
        dealing.deal(backfill.fill(lab, dealing.idle(left), now))
    except OrgError as error:  # what nobody asked for must not be in the way of what somebody did
        dealing.errors.append(error)
    if dealing.drain is None:
        gangs.ended(lab)
    if dealing.errors:
        raise dealing.errors[0]
    return dealing.started


@dataclass(slots=True)
class _Dealing:
    """One round. free: devices that have nothing yet; drain: what is kept among them."""

    lab: Lab
    now: datetime
    strangers: Collection[str]
    free: list[Device]
    admitting: admission.Admission
    drain: gangs.Drain | None = None
    started: list[str] = field(default_factory=list)
    errors: list[OrgError] = field(default_factory=list)

    def deal(self, waiting: Sequence[Run]) -> list[Run]:
        """Start what can start. Returns the others."""
        for run in waiting:
            chosen = self._chosen(run)
            try:
                if chosen and self.admitting.refuses(run) is None and _start(self.lab, run, chosen, self.now):
                    self.admitting.take(run)
                    self.free = [device for device in self.free if device not in chosen]
                    self.started.append(run.id)
                elif self.drain is None and not chosen:
                    self.drain = _drain(self.lab, run, self.free, self.now, self.strangers)
            except OrgError as error:  # a tree that cannot be laid out must not be in the way of the others
                self.errors.append(error)
        return [run for run in waiting if run.id not in self.started]

    def idle(self, left: Sequence[Run]) -> int:
        """Devices for the backfill, whose runs are of the lab's first model: those that nothing left over could have, that
        are not kept for a gang, and that no gang of the backfill itself gets as soon as the rest of it ends."""
        own = gangs.of_model(self.free, self.lab.devices[0].model)
        if self.drain is not None:
            own = [device for device in own if not self.drain.outlasts(self.lab, device, self.lab.rung.run_budget)]
        elif any(run.gang > 1 and self._comes_by_itself(run) for run in left):
            return 0
        return len(own) - sum(run.gang == 1 and bool(self._chosen(run)) for run in left)

    def _chosen(self, run: Run) -> list[Device]:
        drain = self.drain
        return _choose(self.lab, run, [d for d in self.free if drain is None or not drain.keeps(self.lab, d, run)])

    def _comes_by_itself(self, run: Run) -> bool:
        """Whether a gang that is not waited for has its devices once the runs of now end: the lab asked for all of them."""
        unasked = {id for id, study in _opened(self.lab).items() if study.asked_by == OFFICE}
        for other in reads.running(self.lab.ledger.reader):
            if other.experiment is not None or (other.study is not None and other.study not in unasked):
                return False
        return gangs.drain(self.lab, run, self.free, self.now, self.strangers) is not None


def held(lab: Lab) -> str | None:
    """Why nothing may start now, or None."""
    con = lab.ledger.reader
    for key in HOLDS:
        reason = meta.get(con, key)
        if reason is not None:
            return STOPS.get(reason, reason) if key == "stopping" else reason
    return admission.holds(lab)


def _free_devices(lab: Lab) -> list[Device]:
    """Devices without a run of ours, less one for every `org try` that waits."""
    busy = {name for run in reads.running(lab.ledger.reader) for name in gang.members(run.device)}
    free = [d for d in lab.devices if d.name not in busy and devices.holder(d.name, lab.locks) is None]
    tries = [r for r in requests.queued(lab.ledger.reader) if r.verb == scratch.VERB and scratch.is_waiting(r)]
    return free[len(tries) :]


def _waiting(lab: Lab) -> list[Run]:
    """Queued runs whose program may spend, in order."""
    con = lab.ledger.reader
    holding = {p.slug for p in PROGRAMS.select(con) if p.state is ProgramState.PAUSED or programs.spent(lab, p)}
    queued = [r for r in runs.in_state(con, State.QUEUED) if r.program not in holding]
    opened = _opened(lab)
    return freezing.first(con, sorted(queued, key=lambda run: _rank(run, opened)))


def _opened(lab: Lab) -> dict[str, Study]:
    return {study.id: study for study in studies.open_(lab.ledger.reader)}


def _rank(run: Run, opened: Mapping[str, Study]) -> tuple[float, int, int]:
    # Older experiments finish first.
    return _order(run, opened), int(run.experiment[1:]) if run.experiment else 0, int(run.id[1:])


def _order(run: Run, opened: Mapping[str, Study]) -> float:
    if run.study is not None:
        study = opened.get(run.study)
        return BACKFILL if study is None or study.kind not in KINDS else kind.rank_of(KINDS[study.kind], study)
    # A baseline that a race waits for is as urgent as the race.
    return ORDER[Purpose.RACE] if run.purpose is Purpose.POOL and run.experiment else ORDER[run.purpose]


def queue(lab: Lab) -> list[tuple[Run, str | None]]:
    """Everything that is queued, in the order in which it starts, each with what keeps it from starting; last what belongs
    to programs that may not spend."""
    con, admitting, may = lab.ledger.reader, admission.now(lab), _waiting(lab)
    ids = {run.id for run in may}
    found = [(run, admitting.refuses(run)) for run in may]
    for run in runs.in_state(con, State.QUEUED):
        if run.id not in ids and run.program is not None:
            program = PROGRAMS.get(con, run.program)
            paused = f"{program.slug} is paused: {program.reason or 'no reason was given'}"
            found.append((run, programs.spent(lab, program) or paused))
    return found


def fits(lab: Lab, run: Run, device: Device) -> bool:
    """Whether a run on one device may have this one."""
    return bool(_choose(lab, run, [device]))


def _drain(
    lab: Lab, run: Run, free: Sequence[Device], now: datetime, strangers: Collection[str]
) -> gangs.Drain | None:  # fmt: skip
    """Keep what is free for a gang from now on, once nothing more urgent wants it; a gang of the backfill is not waited for."""
    if run.gang == 1 or not free or _order(run, _opened(lab)) >= BACKFILL:
        return None
    drain = gangs.drain(lab, run, free, now, strangers)
    if drain is not None:
        gangs.begun(lab, run, now)
    return drain


def _choose(lab: Lab, run: Run, free: Iterable[Device]) -> list[Device]:
    """Free devices of the pool's model, as many as the run needs, the author's own when one is enough and it is among
    them; [] where there are too few."""
    con = lab.ledger.reader
    fitting = gangs.of_model(free, gangs.model(lab, run))
    if run.gang > 1:
        return fitting[: run.gang] if len(fitting) >= run.gang else []
    pinned = _noise_setting(lab, run)
    if pinned is not None and any(d.name == pinned[1] for d in lab.devices):
        return [d for d in fitting if d.name == pinned[1]]
    if run.study is not None and STUDIES.get(con, run.study).kind is Kind.SENTINEL:
        return sentinel.rotated(con, fitting)[:1]
    author = EXPERIMENTS.get(con, run.experiment).author if run.experiment else None
    if author is None and run.study is not None:  # a sweep is its agent's
        author = STUDIES.get(con, run.study).plan.get("agent")
    agent = AGENTS.find(con, author) if author else None
    preferred = agent.device if agent else None
    return sorted(fitting, key=lambda d: d.name != preferred)[:1]


def _start(lab: Lab, run: Run, chosen: Sequence[Device], now: datetime) -> bool:
    """Take the locks, write the rows, start the keeper. A kill after the rows leaves a run without a keeper: lost, re-run."""
    names = [device.name for device in chosen]
    leases = devices.lease_all(names, lab.locks, f"{lab.config.lab} {run.id}")
    if leases is None:
        return False
    folder = lab.layout.run(run.id)
    snapshot = lab.layout.snapshot(run.tree)
    try:
        snapshots.extract(lab.git, run.tree, snapshot)
        spec = make_spec(lab, run, chosen[0], folder, snapshot, chosen[1:])
        with lab.ledger.transaction() as tx:
            runs.move(tx, run.id, Event.START, now, device=gang.named(names), started_at=now)
            tx.executemany(
                "INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET holder = excluded.holder, "
                "since = excluded.since",
                [(name, run.id, now.isoformat()) for name in names],
            )
    except BaseException:
        devices.release(leases)
        raise
    executor.start(folder, spec, *leases, images=lab.images)
    return True


def _noise_setting(lab: Lab, run: Run) -> tuple[int, str] | None:
    """Data seed and device of a run that splits the noise; other runs have neither."""
    con = lab.ledger.reader
    study = STUDIES.get(con, run.study) if run.study is not None else None
    return noise.setting(con, study, run) if study is not None and study.kind is Kind.NOISE else None


def make_spec(lab: Lab, run: Run, device: Device, folder: Path, snapshot: Path, others: Sequence[Device] = ()) -> Spec:
    """What the keeper of a run is told. others: of its gang; they train with the first device, which scores alone."""
    task = lab.config.task
    pinned = _noise_setting(lab, run)
    values = {
        "python": run_environment.python(), "seed": str(run.seed),
        "data_seed": str(run.seed if pinned is None else pinned[0]), "budget": run.budget,
        "depth": "" if run.depth is None else str(run.depth), "data": str(lab.layout.data), "device": device.kind,
        "run": str(folder), "gang": str(run.gang),
    }  # fmt: skip
    return Spec(
        run=run.id, device=gang.named([d.name for d in (device, *others)]), threads=device.threads, snapshot=str(snapshot),
        train=environment.fill(gangs.launcher(task.command, run.gang), values),
        evaluate=environment.fill(task.evaluate, values) if task.evaluate else None,
        pattern=task.pattern, metric=task.metric,
        environment=run_environment.build(device, snapshot, *others, forked=bool(task.warm)),
        timeout_seconds=settings.timeout_min(lab, run.rung) * 60, evaluate_timeout_seconds=EVALUATE_SECONDS,
        scoring=run_environment.visible(device), warm=task.warm,
    )  # fmt: skip
