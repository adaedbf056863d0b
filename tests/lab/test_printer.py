"""A foreign repository, as it is: one file that prints its score."""

from pathlib import Path

from laboratory import make

from org.model.experiment import State
from org.store import reads
from org.workspace import refs


def test_a_repository_that_only_prints_its_score_goes_through_the_whole_protocol(tmp_path: Path) -> None:
    lab = make(tmp_path, "printer")
    lab.program()
    lab.edit("junior-1", {"train.py": lambda text: text.replace("STEPS = 300", "STEPS = 1200")})
    made = lab.propose("junior-1", "more steps")
    lab.until(lab.settled(made.id))
    after = lab.experiment(made.id)
    assert after.state is State.MERGED, after.reason
    assert refs.head(lab.lab.git, "org/foreign/program/free") == after.merged_commit
    mine = reads.candidate_runs(lab.lab.ledger.reader, made.id)
    assert all(r.metric is not None and 0.9 < r.metric < 2 and r.result["self_reported"] for r in mine)
    page = lab.lab.layout.page(made.id).read_text()
    rows = [line for line in page.splitlines() if "| race |" in line]
    assert len(rows) == len(mine) and all("succeeded (self-reported score)" in row for row in rows)
    lab.edit("junior-1", {"train.py": lambda text: text.replace("val_bpb:  ", "loss:  ")})
    silent = lab.propose("junior-1", "prints something else")
    lab.until(lab.settled(silent.id))
    assert lab.experiment(silent.id).state is State.FAILED
    assert "nothing in its output matches" in lab.experiment(silent.id).reason
    lab.lab.ledger.close()
