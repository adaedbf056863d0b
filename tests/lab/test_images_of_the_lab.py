"""What the lab's runs and its office have to do with images (org/runs/warm.py)."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from played import Played

from org.lab import schedule
from org.runs.devices import Device
from org.store.tables import RUNS
from org.supervisor import schedule as step


def test_runs_that_may_be_forked_import_numpy_without_its_threads(played: Played) -> None:
    played.ask_for_pool()
    played.tick()
    lab = played.lab
    run = RUNS.select(lab.ledger.reader)[0]

    def threads(warm: tuple[str, ...]) -> str:
        task = lab.config.task.model_copy(update={"warm": warm})
        configured = replace(lab, config=lab.config.model_copy(update={"task": task}))
        told = schedule.make_spec(configured, run, Device("cuda:0", "H100", 4), Path("/r"), Path("/s"))
        return told.environment["OPENBLAS_NUM_THREADS"]

    assert (threads(("numpy",)), threads(())) == ("1", "4")


def test_a_person_is_told_of_an_image_that_is_given_up(played: Played) -> None:
    said: list[str] = []
    played.lab.images._given_up.append("runs start without torch imported")
    for _ in range(2):
        step.step(replace(played.office, say=said.append), datetime.now(UTC))
    assert said.count("runs start without torch imported") == 1
