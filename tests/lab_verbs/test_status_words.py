"""What `org status` and `org idea` say of what has ended."""

import pytest
from played import Played

from org.lab import programs
from org.store import meta


@pytest.mark.parametrize("mode", ["now", "drain"])
def test_a_lab_that_was_stopped_says_so(played: Played, say, mode: str) -> None:
    with played.lab.ledger.transaction() as tx:
        meta.put(tx, "stopping", mode)
    told = say(played)("status").output
    assert told.startswith("lab test · stopped: `org start` goes on from here\n") and "held:" not in told


def test_a_lab_whose_office_died_while_its_last_runs_go_on_is_not_stopped_yet(played: Played, say) -> None:
    played.change("junior-1", 0.1, lr=0.3)
    played.held = True
    played.ticks(2)
    played.start(played.queued()[0])
    with played.lab.ledger.transaction() as tx:
        meta.put(tx, "stopping", "drain")
    told = say(played)("status").output
    assert told.startswith("lab test · the office is empty: `org start` brings it back\nheld: "), told


def test_an_idea_for_a_closed_program_is_told_that_nobody_draws_it(played: Played, say) -> None:
    programs.close(played.lab, "free", played.now(), "human", "answered")
    assert "free is closed: nobody works on it" in say(played)("idea", "degree = 5", "--program", "free").output
    assert "free (closed)" in say(played)("idea").output
