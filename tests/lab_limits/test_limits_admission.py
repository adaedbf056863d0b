"""A run that could pass a limit does not start: of the lab, of its program, of its author."""

from dataclasses import replace
from pathlib import Path

import pytest
from laboratory import Laboratory, make
from office_at_night import Night
from played import set_task

from org.config import AgentLimits
from org.lab import programs, schedule
from org.lab.spend import admission, spending
from org.lab.verdicts.judge import queue_candidate
from org.model.program import State as ProgramState
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.store import meta, reads, runs
from org.store.tables import PROGRAMS, RUNS, SLOTS

RUN = 36 / 3600  # device-hours of a played run


def ended(night: Night) -> int:
    return RUNS.count(night.lab.ledger.reader, "WHERE finished_at IS NOT NULL")


def hours(night: Night) -> float:
    return reads.totals(night.lab.ledger.reader).device_seconds / 3600


def play_two(night: Night) -> None:
    """The first two runs, and what their ends ask for; nothing more is started."""
    night.ticks(1)
    night.held = True
    night.ticks(1)


def race(night: Night, agent: str, lr: float) -> str:
    return night.change(agent, 0.1, lr=lr).id


@pytest.mark.parametrize("most", [1.5, 2.0, 3.7, 5.0])
def test_the_labs_device_hours_are_never_passed(night: Night, most: float) -> None:
    night.limits(device_hours=most * RUN)
    race(night, "ann", 0.3)
    race(night, "bob", 0.4)
    night.ticks(12)
    assert hours(night) <= most * RUN * (1 + 1e-9)
    assert ended(night) == max(int(most), 1)
    assert "limits.device_hours" in str(schedule.held(night.lab))


def test_running_runs_are_counted_as_if_they_took_as_long_as_the_longest(night: Night) -> None:
    race(night, "ann", 0.3)
    race(night, "bob", 0.4)
    play_two(night)
    waiting = schedule._waiting(night.lab)
    assert len(waiting) >= 2
    spent = hours(night)
    night.limits(device_hours=spent + 1.5 * RUN)
    assert admission.refuses(night.lab, waiting[0]) is None
    night.start(waiting[0])
    refusal = admission.refuses(night.lab, waiting[1])
    assert refusal is not None and "what runs may take 0.01, one more run up to 0.01" in refusal
    assert schedule.held(night.lab) is None, "it may still fit when the other one ends early"


def test_what_one_round_lets_in_counts_in_the_same_round(night: Night) -> None:
    race(night, "ann", 0.3)
    race(night, "bob", 0.4)
    play_two(night)
    waiting = schedule._waiting(night.lab)
    night.limits(device_hours=hours(night) + 1.5 * RUN)
    asked = admission.now(night.lab)
    assert [asked.refuses(run) for run in waiting[:2]] == [None, None]
    asked.take(waiting[0])
    assert asked.refuses(waiting[1]) is not None


def test_before_anything_was_measured_one_run_starts_and_is_measured(night: Night) -> None:
    night.limits(device_hours=1.5 * RUN)  # less than the task's timeout of a minute times two devices
    race(night, "ann", 0.3)
    play_two(night)
    assert ended(night) == 1


def test_a_budget_that_was_never_run_is_priced_by_the_races_runs(night: Night) -> None:
    """A screen that costs a race's run at most must not wait, untold, for the hour that the task allows."""
    set_task(night, timeout_min=60)
    race(night, "ann", 0.3)
    play_two(night)
    waiting = schedule._waiting(night.lab)[0]
    night.limits(device_hours=hours(night) + 1.2 * RUN)
    short, long = (replace(waiting, budget=budget) for budget in ("25step", "150step"))
    assert admission.refuses(night.lab, short) is None
    assert admission.run_hours(night.lab, "25step") == (pytest.approx(RUN), False), "starting and scoring do not get shorter"
    assert "one more run up to 0.015" in str(admission.refuses(night.lab, long))
    set_task(night, ladder=(night.lab.rung, night.lab.rung.model_copy(update={"run_budget": "150step", "depth": 8})))
    for budget in ("150step", "1e6tok"):  # a larger model, another unit: nothing is known
        assert admission.run_hours(night.lab, budget) == (1.0, False)


def test_an_agents_device_hours_hold_its_own_runs_and_nobody_elses(night: Night) -> None:
    night.own_limits("ann", device_hours=1.2 * RUN)
    ann, bob = race(night, "ann", 0.3), race(night, "bob", 0.4)
    night.until(night.settled(bob))
    own = [r for r in night.runs(ann) if r.purpose is Purpose.RACE]
    assert [r.state for r in own] == [RunState.SUCCEEDED, RunState.QUEUED]
    assert "limits.device_hours of ann" in str(admission.refuses(night.lab, own[1]))
    night.own_limits("ann", device_hours=None)
    night.until(night.settled(ann))


def test_a_program_is_paused_before_it_passes_its_allowance(night: Night) -> None:
    with night.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", allowance={"device_hours": 3.5 * RUN})
    race(night, "ann", 0.3)
    night.ticks(8)
    program = PROGRAMS.get(night.lab.ledger.reader, "free")
    assert program.state is ProgramState.PAUSED and "allowance" in program.reason
    assert ended(night) == 3


def test_dollars_of_devices_are_dollars(night: Night) -> None:
    night.limits(dollars=2.5 * RUN * 4)
    night.configure(device_dollars_per_hour=4.0)
    race(night, "ann", 0.3)
    night.ticks(8)
    assert ended(night) == 2
    assert programs.spent(night.lab, PROGRAMS.get(night.lab.ledger.reader, "free")) is None


def test_a_token_limit_stops_no_training(night: Night) -> None:
    night.limits(tokens=1000)
    made = race(night, "ann", 0.3)
    night.calls("ann", 5000)
    night.until(night.settled(made))


def test_the_schedule_asks_before_it_starts_a_keeper_and_gives_the_device_to_others(tmp_path: Path) -> None:
    fit = make(tmp_path, configure=lambda text: text.replace("100step}", "100step, pool: 4}"))
    fit.program()
    con = fit.lab.ledger.reader
    made = fit.recipe("junior-1", lr=0.3)

    def own(*states: RunState) -> list[Run]:
        return [r for r in runs.of_experiment(con, made.id) if r.purpose is Purpose.RACE and r.state in states]

    fit.until(lambda: bool(own(RunState.SUCCEEDED)))
    limited = fit.lab.config.agents[0].model_copy(update={"limits": AgentLimits(device_hours=1e-6)})
    config = fit.lab.config.model_copy(update={"agents": (limited,)})
    fit.office.lab = fit.lab = replace(fit.lab, config=config)
    made = fit.experiment(made.id)  # with its pool
    with fit.lab.ledger.transaction() as tx:
        more = [queue_candidate(fit.lab, tx, made, made.run_tree, slot, made.created_at, Purpose.RACE) for slot in (5, 6, 7)]
    fit.until(lambda: not own(RunState.RUNNING))
    pool = fit.experiment(made.id).pool
    fit.until(lambda: SLOTS.count(con, "WHERE pool = ?", pool) == 4)  # baselines get the devices
    assert schedule.held(fit.lab) is None
    assert {r.id for r in more} <= {r.id for r in own(RunState.QUEUED)}
    fit.lab.ledger.close()


def test_one_round_starts_only_what_fits_together(fit: Laboratory) -> None:
    made = fit.recipe("junior-1", lr=0.3)
    con = fit.lab.ledger.reader
    fit.until(lambda: reads.totals(con).runs >= 2)
    with fit.lab.ledger.transaction() as tx:
        meta.put(tx, "paused", "for a moment")
    fit.until(lambda: not reads.running(con))
    made = fit.experiment(made.id)  # with its pool
    with fit.lab.ledger.transaction() as tx:
        meta.put(tx, "paused", None)
        for slot in (5, 6, 7):
            queue_candidate(fit.lab, tx, made, made.run_tree, slot, made.created_at, Purpose.RACE)
    longest = spending.longest_run(con, fit.lab.rung.run_budget)
    assert longest is not None
    most = reads.totals(con).device_seconds / 3600 + 1.5 * longest / 3600
    limits = fit.lab.config.limits.model_copy(update={"device_hours": most})
    lab = replace(fit.lab, config=fit.lab.config.model_copy(update={"limits": limits}))
    assert len(schedule.step(lab, made.created_at)) == 1, "two devices are free, one run fits"
