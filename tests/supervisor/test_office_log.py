"""What the office says in its window."""

from dataclasses import replace
from datetime import datetime, timedelta

from played import Played

from org.lab.apart import Apart
from org.model.errors import OrgError
from org.store.tables import EVENTS
from org.supervisor import loop
from org.supervisor.office import Office


def test_a_race_is_told_when_it_begins_and_when_it_ends(played: Played) -> None:
    said: list[str] = []
    played.office = replace(played.office, say=said.append)
    made = played.change("junior-1", 0.5, lr=0.3)
    played.until(played.settled(made.id))
    mine = [line for line in said if line.startswith(f"{made.id} ")]
    assert mine[0] == f"{made.id} racing · lr = 0.3" and len(played.runs(made.id)) > 2
    assert [line.split(" ")[1] for line in mine] == ["racing", "merged"]


def test_every_failure_within_a_step_is_recorded_and_none_more_than_once_a_minute(played: Played) -> None:
    said: list[str] = []
    played.office = replace(played.office, say=said.append)

    def step(office: Office, now: datetime) -> None:
        with Apart() as all, all.one(), Apart() as apart:
            with apart.one():
                raise OrgError("a merge is stuck")
            with apart.one():
                raise KeyError("a study")

    now = played.now()
    for seconds in (0, 1, 2, 70):
        assert loop.tick(played.office, now + timedelta(seconds=seconds), (("verdicts", step),)) == ["verdicts"]
    told = [e.detail["error"] for e in EVENTS.select(played.lab.ledger.reader, "WHERE kind = 'supervisor.step_failed'")]
    assert told == ["verdicts: OrgError: a merge is stuck", "verdicts: KeyError: 'a study'"] * 2
    assert len(said) == 4 and "a merge is stuck" in said[0]
    assert said[1].startswith("Traceback") and "KeyError: 'a study'" in said[1]
