"""Runs on several devices at once: what is kept free for them, what still runs meanwhile, and a real gang."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from laboratory import make
from played import Played

from org.lab import schedule, scratch, settings
from org.lab.collect import step as collect
from org.lab.devices import causes, gangs
from org.lab.studies import sentinel
from org.model.errors import OrgError
from org.model.idle import Cause
from org.model.run import Event, Purpose, Run, State
from org.model.study import Kind
from org.runs import devices, executor
from org.runs.devices import Device
from org.store import events, meta, reads, runs, studies
from org.store.tables import PROGRAMS, RUNS

Say = Callable[..., Result]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Played]:
    """A real task of two processes; nothing runs but what the test starts."""
    made = make(tmp_path, "pair")
    found = Played(made.lab, made.office)
    found.program()
    yield found
    for run in reads.running(found.lab.ledger.reader):
        executor.cancel(found.lab.layout.run(run.id))
    found.lab.ledger.close()


def queue(lab: Played, gang: int, agreed: str = "human", budget: str = "80step", purpose: Purpose = Purpose.STUDY) -> Run:
    """One run that needs so many devices, of a promotion or of a race."""
    tree = lab.lab.git.run("rev-parse", "HEAD^{tree}").strip()
    with lab.lab.ledger.transaction() as tx:
        study = studies.ask(
            tx, Kind.RUNG, f"E{gang}", "me", lab.now(), agreed=agreed, experiments=[], rung=1, base=tree, tip=tree, bundle=False,
            depth=None, budget=budget, runs=1, role="mid",
        )  # fmt: skip
        run = Run(
            "", purpose, State.QUEUED, tree, 7, 0, 1 if gang > 1 else 0, None, budget, lab.now(), gang=gang,
            study=study.id if purpose is Purpose.STUDY else None,
        )  # fmt: skip
        return runs.queue(tx, run)


def on(lab: Played, run: Run, device: str, ago: float = 0.0) -> None:
    """As if a keeper had started it that many seconds ago."""
    at = lab.now() - timedelta(seconds=ago)
    with lab.lab.ledger.transaction() as tx:
        runs.move(tx, run.id, Event.START, at, device=device, started_at=at)


def ends(lab: Played, run: Run, seconds: float = 100.0) -> None:
    with lab.lab.ledger.transaction() as tx:
        runs.move(tx, run.id, Event.SUCCEED, lab.now(), metric=1.0, total_seconds=seconds, finished_at=lab.now())


def plan(lab: Played, *named: Device, count: int = 0) -> None:
    """These devices, or so many slots; runs end at once."""
    task = lab.lab.config.task.model_copy(update={"command": "sleep 0", "evaluate": None, "pattern": "(.)"})
    config = lab.lab.config.model_copy(update={"task": task})
    slots = named or tuple(Device(f"cpu:{n}", "a cpu") for n in range(count))
    lab.lab = lab.office.lab = replace(lab.lab, config=config, devices=slots)


def started(lab: Played) -> list[tuple[str, str]]:
    """(run, device) of everything that the lab gave a keeper, oldest first."""
    every = RUNS.select(lab.lab.ledger.reader, "WHERE started_at IS NOT NULL ORDER BY started_at")
    return [(run.id, run.device or "") for run in every if (lab.lab.layout.run(run.id) / "spec.json").exists()]


def step(lab: Played) -> None:
    schedule.step(lab.lab, lab.now())


def test_a_gang_takes_its_devices_at_once(lab: Played) -> None:
    plan(lab, count=2)
    run = queue(lab, 2)
    step(lab)
    assert started(lab) == [(run.id, "cpu:0-1")]
    assert reads.leases(lab.lab.ledger.reader) == {"cpu:0": run.id, "cpu:1": run.id}
    assert schedule._free_devices(lab.lab) == []


def test_nothing_starts_where_a_stranger_computes(lab: Played) -> None:
    plan(lab, count=2)
    run = queue(lab, 1, purpose=Purpose.RACE)
    schedule.step(lab.lab, lab.now(), {"cpu:0", "cpu:1"})
    assert started(lab) == []
    schedule.step(lab.lab, lab.now(), {"cpu:0"})
    assert started(lab) == [(run.id, "cpu:1")]


def test_a_backfill_that_fails_is_in_no_runs_way(lab: Played) -> None:
    plan(lab, count=2)
    run = queue(lab, 1, purpose=Purpose.RACE)
    with lab.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", root_commit="0" * 40)  # whose baselines nobody can make
    with pytest.raises(OrgError, match="0" * 40):
        step(lab)
    assert started(lab) == [(run.id, "cpu:0")]


def test_sentinels_go_round_the_devices(lab: Played) -> None:
    plan(lab, count=3)
    for ago, name in ((300, "cpu:0"), (200, "cpu:2"), (100, "cpu:0")):
        with lab.lab.ledger.transaction() as tx:
            study = studies.ask(tx, Kind.SENTINEL, "pool-1", "me", lab.now(), number=ago)
            tree = lab.lab.git.run("rev-parse", "HEAD^{tree}").strip()
            run = runs.queue(tx, Run("", Purpose.STUDY, State.QUEUED, tree, 7, 0, 0, None, "1step", lab.now(), study=study.id))
        on(lab, run, name, ago)
        ends(lab, run)
    free = [Device(name, "a cpu") for name in ("cpu:0", "cpu:1", "cpu:2")]
    assert [d.name for d in sentinel.rotated(lab.lab.ledger.reader, free)] == ["cpu:1", "cpu:2", "cpu:0"]


def test_freed_devices_are_kept_until_the_gang_is_complete(lab: Played, say: Say) -> None:
    plan(lab, count=2)
    busy = queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    on(lab, busy, "cpu:0")
    run = queue(lab, 2)
    step(lab)
    other = queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    step(lab)
    assert started(lab) == [] and meta.get(lab.lab.ledger.reader, "draining") == run.id
    told = say(lab, "status").output
    assert f"gang: {run.id} waits for 2 devices at once; kept free for it: cpu:1" in told
    assert f"free, kept for {run.id}" in told
    ends(lab, busy)
    step(lab)
    assert started(lab) == [(run.id, "cpu:0-1")] and RUNS.get(lab.lab.ledger.reader, other.id).state is State.QUEUED
    assert gangs.standing(lab.lab, lab.now()) is None


def test_what_ends_before_the_last_device_is_free_still_runs(lab: Played) -> None:
    plan(lab, count=3)
    for seconds, budget in ((100.0, "40step"), (3000.0, "160step")):  # what such runs take was measured
        known = queue(lab, 1, purpose=Purpose.RACE, budget=budget)
        on(lab, known, "cpu:0")
        ends(lab, known, seconds)
    busy = queue(lab, 1, purpose=Purpose.RACE, budget="160step")
    on(lab, busy, "cpu:0", ago=1000.0)
    queue(lab, 3)
    long, short = (queue(lab, 1, purpose=Purpose.RACE, budget=budget) for budget in ("160step", "40step"))
    step(lab)
    assert started(lab)[0] == (short.id, "cpu:1")
    backfilled = [(RUNS.get(lab.lab.ledger.reader, id), device) for id, device in started(lab)[1:]]
    assert [(run.purpose, run.budget, device) for run, device in backfilled] == [(Purpose.POOL, "40step", "cpu:2")]
    assert RUNS.get(lab.lab.ledger.reader, long.id).state is State.QUEUED


def test_a_drain_begins_when_nothing_more_urgent_waits_and_then_comes_first(lab: Played) -> None:
    plan(lab, count=2)
    busy = queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    on(lab, busy, "cpu:0")
    gang = queue(lab, 2)
    recheck = queue(lab, 1, purpose=Purpose.RECHECK, budget="40step")
    step(lab)
    assert started(lab) == [(recheck.id, "cpu:1")] and meta.get(lab.lab.ledger.reader, "draining") is None
    ends(lab, busy)
    step(lab)
    assert meta.get(lab.lab.ledger.reader, "draining") == gang.id
    queue(lab, 1, purpose=Purpose.RECHECK, budget="40step")
    step(lab)
    assert len(started(lab)) == 1


def test_the_labs_own_promotion_takes_a_gang_only_when_it_is_free(lab: Played) -> None:
    plan(lab, count=2)
    busy = queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    on(lab, busy, "cpu:0")
    run = queue(lab, 2, agreed="office")
    race = queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    step(lab)
    assert meta.get(lab.lab.ledger.reader, "draining") is None
    assert started(lab) == [(race.id, "cpu:1")] and gangs.standing(lab.lab, lab.now()) is None
    deadline = time.monotonic() + 120
    while devices.holder("cpu:1", lab.lab.locks) is not None:  # its keeper ends by itself
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)
    ends(lab, busy)
    ends(lab, race)
    step(lab)
    assert started(lab)[-1] == (run.id, "cpu:0-1")


def test_a_gang_that_never_fits_keeps_nothing(lab: Played) -> None:
    plan(lab, count=2)
    queue(lab, 4)
    race = queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    step(lab)
    assert started(lab)[0] == (race.id, "cpu:0") and meta.get(lab.lab.ledger.reader, "draining") is None
    assert [device for _, device in started(lab)] == ["cpu:0", "cpu:1"], "what can never start leaves no device idle"


def test_devices_kept_for_a_gang_are_not_backfilled(lab: Played) -> None:
    plan(lab, count=4)
    for name in ("cpu:0", "cpu:1"):
        on(lab, queue(lab, 1, purpose=Purpose.RACE, budget="40step"), name)
    gang = queue(lab, 4)
    step(lab)
    assert started(lab) == [] and meta.get(lab.lab.ledger.reader, "draining") == gang.id
    assert [run.id for run in lab.queued()] == [gang.id], "nothing is asked for that would wait behind it"
    assert all(cause[0] is Cause.GANG for cause in causes.of_idle(lab.lab, {"cpu:0", "cpu:1"}, {}, lab.now()).values())


def test_a_gang_of_the_backfill_gets_devices_once_nobody_elses_run_is_on_one(lab: Played) -> None:
    plan(lab, count=2)
    with lab.lab.ledger.transaction() as tx:
        study = studies.ask(tx, Kind.ABLATION, "E1", "office", lab.now())
        tree = lab.lab.git.run("rev-parse", "HEAD^{tree}").strip()
        alone = runs.queue(tx, Run("", Purpose.STUDY, State.QUEUED, tree, 7, 0, 0, None, "1step", lab.now(), study=study.id))
    on(lab, alone, "cpu:0")
    run = queue(lab, 2, agreed="office")
    step(lab)
    assert started(lab) == [], "one more baseline would put it off for ever"
    assert causes.of_idle(lab.lab, {"cpu:0"}, {}, lab.now())["cpu:1"][0] is Cause.GANG
    ends(lab, alone)
    step(lab)
    assert started(lab) == [(run.id, "cpu:0-1")]


def test_a_gang_of_the_backfill_leaves_no_device_idle_beside_the_agents_races(lab: Played) -> None:
    plan(lab, count=2)
    asked = queue(lab, 1)  # by an agent, as a race would be
    on(lab, asked, "cpu:0")
    queue(lab, 2, agreed="office")
    step(lab)
    assert [device for _, device in started(lab)] == ["cpu:1"]


@pytest.mark.parametrize("whose", ["a stranger", "other R7", "test org try by ann"])
def test_nothing_is_kept_for_a_gang_whose_devices_somebody_else_has(lab: Played, whose: str) -> None:
    """A try that has its device for longer than the task's runs may take is somebody else's, too."""
    plan(lab, count=2)
    race = queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    gang = queue(lab, 2)
    taken = None if whose == "a stranger" else devices.lease("cpu:1", lab.lab.locks, whose)
    tried(lab, minutes=61.0)
    on(lab, race, "cpu:0")
    later = queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    ends(lab, race)
    with lab.lab.ledger.transaction() as tx:
        meta.put(tx, "draining", gang.id)
    schedule.step(lab.lab, lab.now(), {"cpu:1"} if taken is None else ())
    assert started(lab) == [(later.id, "cpu:0")] and meta.get(lab.lab.ledger.reader, "draining") is None
    if taken is not None:
        taken.release()


@pytest.mark.parametrize("whose", ["test R1", "test org try by ann"])
def test_what_the_lab_gets_back_is_waited_for_by_a_gang(lab: Played, whose: str) -> None:
    """A keeper that is about to end, and a try that may not last: neither breaks off a drain."""
    plan(lab, count=2)
    gang = queue(lab, 2)
    queue(lab, 1, purpose=Purpose.RACE, budget="40step")
    tried(lab, minutes=0.5)
    with lab.lab.ledger.transaction() as tx:
        meta.put(tx, "draining", gang.id)
    taken = devices.lease("cpu:1", lab.lab.locks, whose)
    step(lab)
    assert taken is not None and started(lab) == [] and meta.get(lab.lab.ledger.reader, "draining") == gang.id
    taken.release()
    step(lab)
    assert started(lab) == [(gang.id, "cpu:0-1")]


def tried(lab: Played, minutes: float) -> None:
    """An `org try` took the second device so long ago, and goes on."""
    with lab.lab.ledger.transaction() as tx:
        began = lab.now() - timedelta(minutes=minutes)
        events.append(tx, scratch.BEGAN, "ann", "ann", began, request=7, device="cpu:1")


def test_a_gang_is_of_one_model(lab: Played) -> None:
    plan(lab, Device("cuda:0", "A"), Device("cuda:1", "B"), Device("cuda:2", "A"))
    run = queue(lab, 2)
    step(lab)
    assert started(lab)[0] == (run.id, "cuda:0,2")


def test_what_has_no_pool_is_of_the_model_of_races_too(lab: Played) -> None:
    """Fresh seeds of head and root, or values of a sweep, would be compared over two models else."""
    plan(lab, Device("cuda:0", "A"), Device("cuda:1", "B"))
    first, second = (queue(lab, 1, purpose=Purpose.RACE) for _ in range(2))
    step(lab)
    assert started(lab) == [(first.id, "cuda:0")] and RUNS.get(lab.lab.ledger.reader, second.id).state is State.QUEUED


def test_the_command_of_a_gang_starts_one_process_a_device(lab: Played) -> None:
    run = replace(queue(lab, 2), rung=1)
    two = lab.lab.devices[:2]
    told = schedule.make_spec(lab.lab, run, two[0], lab.lab.layout.run(run.id), Path("/s"), two[1:])
    assert told.train[1:6] == ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m"]
    assert told.evaluate is not None and "torch.distributed.run" not in told.evaluate
    alone = schedule.make_spec(lab.lab, replace(run, gang=1), two[0], lab.lab.layout.run(run.id), Path("/s"))
    assert alone.train[1:3] == ["-m", "pair"]


def test_a_rung_may_have_more_time_than_the_task(lab: Played) -> None:
    task = lab.lab.config.task
    longer = task.ladder[1].model_copy(update={"timeout_min": 90.0})
    config = lab.lab.config.model_copy(update={"task": task.model_copy(update={"ladder": (task.ladder[0], longer)})})
    found = replace(lab.lab, config=config)
    assert [settings.timeout_min(found, rung) for rung in (0, 1, 5)] == [1.0, 90.0, 1.0]


def test_two_real_processes_on_two_slots(lab: Played) -> None:
    run = queue(lab, 2)
    step(lab)
    held = [devices.holder(d.name, lab.lab.locks) for d in lab.lab.devices]
    assert held == [f"test {run.id}"] * 2
    lab.until(lambda: bool(collect(lab.lab, lab.now())))
    con = lab.lab.ledger.reader
    ended = RUNS.get(con, run.id)
    assert ended.state is State.SUCCEEDED, ended.reason
    assert (ended.record["world"], ended.record["threads"], ended.result["world"]) == (2, "1", "1")
    assert reads.leases(con) == {} and [devices.holder(d.name, lab.lab.locks) for d in lab.lab.devices] == [None, None]
