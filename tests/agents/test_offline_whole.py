"""Offline agents in a real lab: real verbs, a real office, real runs, to verdicts and a standup."""

import io
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from laboratory import make

from org import bootstrap
from org.agents import verbs
from org.agents.checkout import Checkout
from org.agents.offline.desk import Desk
from org.agents.offline.junior import Junior
from org.agents.offline.loop import Loop
from org.agents.offline.pane import Pane
from org.lab import standup
from org.model.experiment import VERDICTS
from org.store import ledger
from org.store.tables import EXPERIMENTS, SECTIONS

SPACE = {
    "lr": {"low": 0.02, "high": 0.8, "log": True}, "degree": {"low": 1, "high": 7, "int": True},
    "decay": {"low": 0.0, "high": 0.3},
}  # fmt: skip
ORG = (sys.executable, "-P", "-m", "org.cli.main")


def pane_of(laboratory, name: str, output: io.StringIO) -> Loop:
    lab = laboratory.lab
    source = str(Path(bootstrap.__file__).parents[1])
    environment = {**bootstrap.pane_environment(lab, name), "PYTHONPATH": source, "HOME": os.environ["HOME"]}
    worktree = lab.layout.worktree(name)
    org = verbs.for_agent(ORG, worktree, name, str(lab.layout.comms), environment)
    identity = {k: v for k, v in environment.items() if k.startswith("GIT_")}

    def clock() -> datetime:
        return datetime.now(UTC)

    book = ledger.open_existing(lab.layout.ledger)
    desk = Desk(name, lab.layout, book, org, Checkout(worktree, identity), Pane(output, clock, 120), "fit/recipe.yaml", clock)
    return Loop(desk, Junior(desk))


@pytest.mark.slow
def test_two_juniors_reach_verdicts_through_the_same_verbs_as_everybody(tmp_path):
    fit = make(tmp_path)
    fit.program(space=SPACE)
    outputs = [io.StringIO(), io.StringIO()]
    panes = [pane_of(fit, f"junior-{n}", outputs[n - 1]) for n in (1, 2)]

    def decided() -> int:
        for one in panes:
            one.tick()
        return sum(e.state in VERDICTS for e in EXPERIMENTS.select(fit.lab.ledger.reader))

    fit.until(lambda: decided() >= 3, seconds=240)
    standup.ask(fit.lab, datetime.now(UTC))
    fit.until(lambda: decided() and SECTIONS.count(fit.lab.ledger.reader) >= 2, seconds=240)
    found = EXPERIMENTS.select(fit.lab.ledger.reader)
    assert len({e.run_tree for e in found}) == len(found)
    assert all(o.getvalue().count("proposed:") >= 1 for o in outputs)
    assert {s.agent for s in SECTIONS.select(fit.lab.ledger.reader)} == {"junior-1", "junior-2"}
