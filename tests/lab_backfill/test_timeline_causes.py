"""Every cause of idleness once, as the ledger then says it."""

from dataclasses import replace

import pytest
from office_at_night import Night
from played import crash
from watched import JUNIORS, Watched

from org.lab import pools, settings
from org.lab.drift import freezing
from org.lab.drift.freezing import Freeze
from org.model.agent import Cause as AgentCause
from org.model.agent import State
from org.model.idle import Cause
from org.model.run import Purpose
from org.runs import devices
from org.store import meta
from org.store.tables import POOLS, PROGRAMS


def put(night: Night, key: meta.Key, value: str) -> None:
    with night.lab.ledger.transaction() as tx:
        meta.put(tx, key, value)


def told(watched: Watched, device: str = "cpu:0") -> tuple[Cause, str]:
    watched.look(seconds=1)
    interval = watched.open_one(device)
    return interval.cause, interval.detail


def all_become(watched: Watched, *args: object) -> None:
    for name in JUNIORS:
        watched.becomes(name, *args)  # type: ignore[arg-type]


def test_nothing_is_proposed_while_the_agents_think(watched: Watched) -> None:
    assert told(watched) == (Cause.NOTHING, "ann, bob, cyd, dee may propose")


def test_nothing_is_proposed_where_no_program_is_open(watched: Watched) -> None:
    watched.ask("program", slug="free", what="close")
    assert told(watched) == (Cause.NOTHING, "no program is open")


def test_everybody_waits_for_a_rate_limit(watched: Watched) -> None:
    watched.becomes("dee", State.STOPPED)
    watched.limited("ann", "bob", minutes=60)
    assert told(watched)[0] is Cause.NOTHING, "cyd is here"
    watched.limited("cyd", minutes=60)
    cause, detail = told(watched)
    assert cause is Cause.RATE_LIMIT and "ann" in detail and "cyd" in detail


def test_the_limits_of_all_agents_are_spent(watched: Watched) -> None:
    for name in JUNIORS:
        watched.own_limits(name, tokens=10)
        watched.calls(name, 100)
    cause, detail = told(watched)
    assert cause is Cause.LIMIT and "limits.tokens of ann" in detail


def test_the_device_hours_of_the_lab_are_spent(watched: Watched) -> None:
    run = watched.run_on("cpu:1")
    watched.later(minutes=1)
    watched.ended(run, 60.0)
    watched.limits(device_hours=0.01)
    cause, detail = told(watched)
    assert cause is Cause.LIMIT and "limits.device_hours" in detail


def test_the_allowance_of_a_program_does_not_let_its_run_start(watched: Watched) -> None:
    watched.ended(watched.run_on("cpu:1"), 36.0)
    with watched.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", allowance={"device_hours": 0.001})
    watched.queue()
    cause, detail = told(watched)
    assert cause is Cause.LIMIT and "its allowance of 0.001" in detail


def test_a_person_has_paused_the_lab(watched: Watched) -> None:
    watched.ask("pause", reason="the building is warm")
    assert told(watched) == (Cause.PAUSED, "by human: the building is warm")


def test_a_person_has_paused_the_program_whose_runs_wait(watched: Watched) -> None:
    run = watched.queue()
    watched.ask("pause", target="free", reason="not now")
    assert told(watched) == (Cause.PAUSED, f"{run.id}: free is paused: not now")


def test_persons_have_all_the_agents(watched: Watched) -> None:
    all_become(watched, State.PAUSED)
    assert told(watched)[0] is Cause.PAUSED


def test_the_disk_is_low(watched: Watched) -> None:
    put(watched, "disk_low", "only 0.1 GB are free")
    assert told(watched) == (Cause.DISK, "only 0.1 GB are free")


def test_the_baseline_does_not_run(watched: Watched) -> None:
    watched.ends = lambda run: crash(run) if run.purpose is Purpose.POOL else None
    watched.change("ann", 0.1, lr=0.3)
    watched.until(lambda: watched.fact("paused") is not None)
    cause, detail = told(watched)
    assert cause is Cause.BROKEN and "the baseline itself does not run" in detail


def test_a_run_that_could_start_and_does_not_is_named(watched: Watched) -> None:
    run = watched.queue()
    assert told(watched)[0] is Cause.STARTING
    watched.later(seconds=15)
    assert told(watched) == (Cause.BROKEN, f"{run.id} cannot be started: `org log`")


def test_agents_are_starting(watched: Watched) -> None:
    all_become(watched, State.STARTING)
    assert told(watched) == (Cause.STARTING, "; ".join(f"{name} is starting" for name in JUNIORS))


def test_a_proposal_waits_for_review(watched: Watched) -> None:
    watched.configure(protocol=watched.lab.config.protocol.model_copy(update={"approve": "human"}))
    made = watched.change("ann", 0.1, lr=0.3)
    watched.held = True
    watched.tick()
    assert told(watched) == (Cause.ANSWER, f"{made.id}: approve or refuse")


def test_a_proposal_that_nobody_has_to_review_waits_for_nobody(watched: Watched) -> None:
    made = watched.change("ann", 0.1, lr=0.3)
    assert told(watched) == (Cause.STARTING, f"proposed a moment ago: {made.id}")


def test_agents_wait_for_a_permission(watched: Watched) -> None:
    all_become(watched, State.WAITING, AgentCause.PERMISSION)
    assert told(watched)[0] is Cause.ANSWER


def test_drift_has_frozen_the_merges(watched: Watched) -> None:
    with watched.lab.ledger.transaction() as tx:
        freezing.begin(tx, Freeze("S1", "0" * 40, "the sentinel is far from its pool", "", ""), watched.now())
    cause, detail = told(watched)
    assert cause is Cause.DRIFT and "the sentinel is far from its pool" in detail


def test_a_gang_keeps_what_is_free(watched: Watched) -> None:
    watched.run_on("cpu:1")
    gang = watched.queue(gang=2)
    put(watched, "draining", gang.id)
    cause, detail = told(watched)
    assert cause is Cause.GANG and detail.startswith(f"{gang.id} waits for 2 devices at once")


def test_what_is_queued_belongs_on_another_model(watched: Watched) -> None:
    with watched.lab.ledger.transaction() as tx:
        pool = pools.of_tree(watched.lab, tx, "0" * 40, watched.now(), settings.of_race(watched.lab))
        POOLS.update(tx, pool.id, device_model="another")
    run = watched.queue(pool=pool.id)
    assert told(watched) == (Cause.MISMATCH, run.id)


def test_a_card_of_another_model_than_races_are_run_on_says_so(watched: Watched) -> None:
    first, second = watched.lab.devices
    odd = replace(second, model="another")
    watched.lab = watched.office.lab = replace(watched.lab, devices=(first, odd))
    assert told(watched, odd.name) == (Cause.MISMATCH, f"races are run on {first.model}")
    assert watched.open_one(first.name).cause is Cause.NOTHING


def test_another_lab_has_the_device(watched: Watched) -> None:
    lease = devices.lease("cpu:0", watched.lab.locks, "other R3")
    assert lease is not None
    assert told(watched) == (Cause.FOREIGN, "held by other R3")
    assert told(watched, "cpu:1")[0] is Cause.NOTHING
    lease.release()


def test_somebody_computes_on_the_card_without_its_lock(watched: Watched) -> None:
    watched.strangers = {"cpu:0": "process 4711, 20480 MiB"}
    assert told(watched) == (Cause.FOREIGN, "process 4711, 20480 MiB")


def test_a_try_is_use_not_idleness(watched: Watched) -> None:
    lease = devices.lease("cpu:0", watched.lab.locks, f"{watched.lab.config.lab} org try by ann")
    assert lease is not None
    assert told(watched) == (Cause.TRY, "org try by ann")
    watched.look(minutes=1)
    assert watched.time().busy_share == 1.0
    lease.release()


@pytest.mark.parametrize(("mode", "args"), [("now", {}), ("drain", {"drain": True})])
def test_the_lab_is_stopping(watched: Watched, mode: str, args: dict[str, object]) -> None:
    watched.ask("stop", **args)
    assert told(watched) == (Cause.STOPPING, mode)


def test_a_reason_for_an_agent_is_the_one_that_most_have(watched: Watched) -> None:
    watched.becomes("dee", State.PAUSED)
    watched.limited("ann", "bob", "cyd", minutes=30)
    assert told(watched)[0] is Cause.RATE_LIMIT


def test_every_cause_has_a_sign_of_its_own() -> None:
    from org.lab.devices.page import LETTERS, OTHER, SIGNS, UNKNOWN

    used = [*LETTERS.values(), *SIGNS.values(), OTHER, UNKNOWN]
    assert set(SIGNS) == set(Cause) and len(used) == len(set(used))
