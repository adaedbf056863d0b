"""A screen by real keepers, on the one-second regression."""

from pathlib import Path

import pytest
from laboratory import make

from org.model.experiment import State
from org.model.run import Purpose
from org.store import reads, runs


@pytest.mark.slow
def test_a_harmful_value_ends_at_its_screen(tmp_path: Path) -> None:
    lab = make(tmp_path, configure=lambda text: text + "protocol: {screen: on}\n")
    lab.program()
    made = lab.recipe("junior-1", lr=0.0001)
    lab.until(lab.settled(made.id), seconds=100)
    con, after = lab.lab.ledger.reader, lab.experiment(made.id)
    assert after.screen["z"] < after.screen["bar"]
    assert after.state is State.DISCARDED or after.screen["outcome"] == "bypassed"
    short = reads.candidate_runs(con, made.id, Purpose.SCREEN)[0]
    assert short.record["steps"] == 25 and short.record["seed"] == short.seed
    assert {r.record["steps"] for r in runs.of_experiment(con, made.id) if r.purpose is Purpose.SCREEN_POOL} == {25}
    lab.lab.ledger.close()
