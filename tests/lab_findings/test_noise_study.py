"""`org noise`: one tree over crossed data orders, initializations and devices."""

import dataclasses
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from laboratory import make
from played import Played

from org.lab import schedule
from org.lab.studies import engine, noise
from org.model.errors import Refused
from org.model.run import Event, Run
from org.model.run import State as RunState
from org.model.study import Kind, State, Study
from org.store import meta, runs, studies
from org.store.tables import STUDIES

Say = Callable[..., Result]


@pytest.fixture
def apart(tmp_path: Path) -> Played:
    """A lab whose task has a seed of its own for the data order, on two devices."""
    made = make(tmp_path, configure=lambda text: text.replace("--seed {seed}", "--seed {seed} --data-seed {data_seed}"))
    lab = Played(made.lab, made.office)
    lab.program()
    return lab


def asked(lab: Played) -> Study:
    with lab.lab.ledger.transaction() as tx:
        return noise.ask(lab.lab, tx, None, "human", lab.now())


def data_seed(lab: Played, run: Run) -> int:
    setting = schedule._noise_setting(lab.lab, run)
    assert setting is not None
    return setting[0]


def play(lab: Played, study: Study, metric: Callable[[Run], float]) -> Study:
    """The study's runs, each on the device that it must have."""
    engine.step(lab.lab, lab.now())
    free = list(lab.lab.devices)
    for run in studies.outstanding_of(lab.lab.ledger.reader, study.id):
        (device,) = schedule._choose(lab.lab, run, free)
        with lab.lab.ledger.transaction() as tx:
            runs.move(tx, run.id, Event.START, lab.now(), device=device.name, started_at=lab.now())
            runs.move(tx, run.id, Event.SUCCEED, lab.now(), metric=metric(run), finished_at=lab.now())
    engine.step(lab.lab, lab.now())
    return STUDIES.get(lab.lab.ledger.reader, study.id)


def of(seed: int, spread: float) -> float:
    return random.Random(seed).gauss(0, spread)


def test_a_task_with_both_seeds_has_its_noise_split_three_ways(apart: Played, say: Say) -> None:
    found = play(apart, asked(apart), lambda r: 1.0 + of(data_seed(apart, r), 0.1) + of(r.seed, 0.01) + of(int(r.id[1:]), 1e-4))
    assert found.state is State.DONE, found.reason
    parts = {c["name"]: c for c in found.outcome["split"]["components"]}
    assert list(parts) == ["data order", "init", "device", "rest"]
    assert parts["data order"]["sd"] > 3 * parts["init"]["sd"] > 3 * parts["rest"]["sd"]
    for part in parts.values():
        assert part["low"] <= part["sd"] <= part["high"] or part["sd"] == 0
    text = say(apart, "noise").output
    assert "data order" in text and "90% interval" in text and "share one seed" not in text
    assert json.loads(say(apart, "noise", "--json").output)["newest"]["id"] == found.id


def test_the_design_is_balanced_over_both_devices_and_each_run_has_its_own(apart: Played) -> None:
    study = asked(apart)
    engine.step(apart.lab, apart.now())
    waiting = studies.outstanding_of(apart.lab.ledger.reader, study.id)
    assert len(waiting) == 16 and len({r.seed for r in waiting}) == 4 and len({data_seed(apart, r) for r in waiting}) == 4
    chosen = [device for r in waiting for device in schedule._choose(apart.lab, r, apart.lab.devices)]
    assert {d.name: sum(c is d for c in chosen) for d in apart.lab.devices} == {"cpu:0": 8, "cpu:1": 8}
    first = next(r for r, d in zip(waiting, chosen, strict=True) if d is apart.lab.devices[0])
    assert schedule._choose(apart.lab, first, apart.lab.devices[1:]) == [], "it waits for its device"
    device, folder = apart.lab.devices[0], apart.lab.layout.run(first.id)
    command = schedule.make_spec(apart.lab, first, device, folder, folder).train
    assert command[command.index("--data-seed") + 1] == str(data_seed(apart, first)) != str(first.seed)


def test_a_task_with_one_seed_splits_seed_and_device_and_says_so(played: Played, say: Say) -> None:
    found = play(played, asked(played), lambda r: 1.0 + of(r.seed, 0.1) + of(int(r.id[1:]), 0.001))
    assert found.state is State.DONE, found.reason
    parts = {c["name"]: c for c in found.outcome["split"]["components"]}
    assert list(parts) == ["seed", "device", "rest"] and parts["seed"]["sd"] > 5 * parts["rest"]["sd"]
    assert "data order and initialization share one seed" in say(played, "noise").output


def test_on_one_device_each_seed_is_run_twice(played: Played) -> None:
    played.lab = replace(played.lab, devices=played.lab.devices[:1])
    found = play(played, asked(played), lambda r: 1.0 + of(r.seed, 0.1))
    assert found.state is State.DONE, found.reason
    parts = {c["name"]: c for c in found.outcome["split"]["components"]}
    assert list(parts) == ["seed", "rest"] and parts["rest"]["sd"] == pytest.approx(0.0, abs=1e-9)


def test_other_runs_have_one_seed_for_everything(apart: Played) -> None:
    made = apart.change("junior-1", 0.1, lr=0.3)
    apart.held = True
    apart.ticks(2)
    run = next(r for r in apart.queued() if r.experiment == made.id)
    folder = apart.lab.layout.run(run.id)
    command = schedule.make_spec(apart.lab, run, apart.lab.devices[0], folder, folder).train
    assert command[command.index("--data-seed") + 1] == str(run.seed)


def test_it_is_asked_for_once_and_shown_when_there_is_something(played: Played, say: Say) -> None:
    assert "has not been split yet" in say(played, "noise").output
    assert "S1: 8 runs of free's head on cpu:0, cpu:1" in say(played, "noise", "run").output
    say(played, "noise", "run")
    assert [s.id for s in studies.open_(played.lab.ledger.reader, Kind.NOISE)] == ["S1"]
    with played.lab.ledger.transaction() as tx, pytest.raises(Refused, match="nowhere has no head"):
        noise.ask(played.lab, tx, "nowhere", "human", played.now())


def test_a_study_between_whose_runs_the_environment_changes_is_dropped(played: Played) -> None:
    study = asked(played)
    played.held = True
    played.ticks(1)
    con = played.lab.ledger.reader
    first = studies.outstanding_of(con, study.id)[0]
    assert schedule._choose(played.lab, first, [replace(d, model="another model") for d in played.lab.devices]) == []
    with played.lab.ledger.transaction() as tx:
        meta.put(tx, "environment", "another")
    played.ticks(1)
    assert STUDIES.get(con, study.id).state is State.CANCELLED and studies.outstanding_of(con, study.id) == []


def test_a_lost_run_is_run_again_on_its_device(played: Played) -> None:
    study = asked(played)
    engine.step(played.lab, played.now())
    run = studies.outstanding_of(played.lab.ledger.reader, study.id)[-1]
    with played.lab.ledger.transaction() as tx:
        for other in studies.outstanding_of(tx, study.id):
            runs.move(tx, other.id, Event.START, played.now(), device="cpu:0")
            runs.move(tx, other.id, Event.LOSE if other.id == run.id else Event.SUCCEED, played.now(), metric=1.0)
    engine.step(played.lab, played.now())
    again = studies.outstanding_of(played.lab.ledger.reader, study.id)
    assert [(r.slot, r.seed) for r in again] == [(run.slot, run.seed)]
    assert schedule._noise_setting(played.lab, again[0]) == schedule._noise_setting(played.lab, run)
    assert again[0].state is RunState.QUEUED and dataclasses.asdict(again[0])["study"] == study.id
