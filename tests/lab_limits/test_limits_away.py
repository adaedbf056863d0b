"""While agents are away their devices go on: backfill, or the offline proposer in their place."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from office_at_night import Night, make_night

from org.lab import schedule
from org.lab.devices import backfill
from org.lab.devices.offers import fresh
from org.lab.spend import away, credentials, standin
from org.model.agent import Cause, State
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.model.study import Kind
from org.store import experiments, runs
from org.store.tables import EVENTS, PROGRAMS, RUNS, STUDIES

SPACE = {"lr": {"low": 0.05, "high": 0.8, "log": True}, "degree": {"low": 1, "high": 6, "int": True}}
EVERYBODY = ("ann", "bob", "cyd")


@pytest.fixture
def offline(tmp_path: Path) -> Iterator[Night]:
    made = make_night(tmp_path, space=SPACE)
    made.limits(when_parked="offline")
    yield made
    made.lab.ledger.close()


def limited(night: Night, *names: str, minutes: float = 60) -> None:
    for name in names:
        night.becomes(name, State.WAITING, Cause.RATE_LIMIT, night.now() + timedelta(minutes=minutes))
    credentials.step(night.lab, night.now())


def stand_in(night: Night) -> list[str]:
    return standin.step(night.lab, night.now())


def test_the_offline_proposer_takes_the_place_of_a_parked_agent_until_it_is_back(offline: Night) -> None:
    before = offline.lab.layout.worktree("cyd").joinpath("fit/recipe.yaml").read_text()
    limited(offline, "cyd")
    made = [offline.experiment(id) for _ in range(4) for id in stand_in(offline)]
    assert [e.author for e in made] == ["cyd-offline", "cyd-offline"], "as many as cyd may have open, in a name of its own"
    assert len({e.subject for e in made}) == 2
    assert offline.lab.layout.worktree("cyd").joinpath("fit/recipe.yaml").read_text() == before
    assert experiments.open_of(offline.lab.ledger.reader, "cyd") == []
    offline.until(offline.settled(*(e.id for e in made)))
    offline.later(hours=1.1)
    offline.becomes("cyd", State.WORKING)
    assert stand_in(offline) == [], "cyd is back"


def test_it_goes_on_with_new_values_as_verdicts_come(offline: Night) -> None:
    limited(offline, "cyd", minutes=10_000)
    seen: set[str] = set()
    for _ in range(6):
        for id in stand_in(offline):
            seen.add(offline.experiment(id).subject)
            offline.until(offline.settled(id))
    assert len(seen) == 6


def test_an_exhausted_space_is_left_until_something_happens(tmp_path: Path) -> None:
    night = make_night(tmp_path, space={"unused": [1, 2]})
    night.limits(when_parked="offline")
    limited(night, "cyd")
    (made,) = stand_in(night)
    for _ in range(3):
        assert stand_in(night) == []
    assert EVENTS.count(night.lab.ledger.reader, "WHERE kind = ?", standin.EXHAUSTED) == 1
    night.until(night.settled(made))
    night.lab.ledger.close()


def test_backfill_proposes_nothing(night: Night) -> None:
    limited(night, *EVERYBODY)
    assert stand_in(night) == []


def test_a_sweep_of_the_head_waits_for_the_parked_agents_return(offline: Night) -> None:
    offline.limits(when_parked="sweep")
    limited(offline, "cyd")
    (made,) = stand_in(offline)
    study = STUDIES.get(offline.lab.ledger.reader, made)
    head = PROGRAMS.get(offline.lab.ledger.reader, "free").head_commit
    assert study.kind is Kind.SWEEP and study.plan["agent"] == "cyd" and study.plan["commit"] == head
    assert set(study.plan["space"]) == set(SPACE)
    assert stand_in(offline) == [], "one from each head"
    assert experiments.open_of(offline.lab.ledger.reader, "cyd") == []


def test_nobody_stands_in_while_a_person_paused_an_agent(offline: Night) -> None:
    offline.own_limits("cyd", tokens=10)
    offline.calls("cyd", 100)
    assert [a.name for a in away.who(offline.lab, offline.now())] == ["cyd"]
    offline.becomes("cyd", State.PAUSED)
    assert away.who(offline.lab, offline.now()) == [] and stand_in(offline) == []


def test_devices_wait_for_agents_only_when_nobody_else_prefers_them(night: Night) -> None:
    assert away.devices(night.lab, night.now()) == 0
    limited(night, "ann", "bob")
    assert {a.name for a in away.who(night.lab, night.now())} == {"ann", "bob"}
    assert away.devices(night.lab, night.now()) == 0, "cyd and dee prefer both devices too"
    limited(night, "cyd")
    night.becomes("dee", State.STOPPED)
    assert away.devices(night.lab, night.now()) == 2


def free_to_run(night: Night) -> list[Run]:
    """What the schedule would start on two free devices."""
    waiting = schedule._waiting(night.lab)
    if len(waiting) < 2:
        waiting += backfill.fill(night.lab, 2 - len(waiting), night.now())
    return waiting[:2]


def busy_share(night: Night, rounds: int) -> float:
    """Over so many rounds of two devices, the share that had a run."""
    started = 0
    for _ in range(rounds):
        found = free_to_run(night)
        for run in found:
            night.start(run)
            night.end(run)
        started += len(found)
        night.later(minutes=1)
        night.held = True
        night.tick()
    return started / (2 * rounds)


def test_with_all_models_rate_limited_the_devices_stay_busy(night: Night) -> None:
    made = night.change("ann", 0.1, lr=0.3)
    night.until(night.settled(made.id))
    night.becomes("dee", State.STOPPED)
    limited(night, *EVERYBODY, "chief", minutes=600)
    assert busy_share(night, 40) >= 0.95
    ended = RUNS.select(night.lab.ledger.reader, "WHERE state = ?", RunState.SUCCEEDED.value)
    headline = [r for r in ended if r.purpose is Purpose.FRESH]
    assert len({r.seed for r in headline}) == fresh.PAIRS, "head and root on fresh seeds, so many pairs and no more"
    again = [r for r in ended if r.purpose is Purpose.POOL and r.program is None]
    assert again, "then the oldest baselines again, at no program's cost"


def test_baselines_are_not_repeated_where_device_hours_are_limited(night: Night) -> None:
    night.limits(device_hours=100.0)
    night.becomes("dee", State.STOPPED)
    limited(night, *EVERYBODY, minutes=600)
    busy_share(night, 12)
    assert RUNS.count(night.lab.ledger.reader, "WHERE program IS NULL") == 0


def test_nothing_is_backfilled_while_the_agents_are_here(night: Night) -> None:
    night.becomes("dee", State.STOPPED)
    for _ in range(8):
        night.ticks(1)
        backfill.fill(night.lab, 2, night.now())
    night.ticks(2)
    assert backfill.fill(night.lab, 2, night.now()) == []
    assert runs.in_state(night.lab.ledger.reader, RunState.QUEUED) == []
