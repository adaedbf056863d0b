"""The backlog: an idea is drawn before any work goes into it, by one agent at a time."""

import json

import pytest
from parallel import at_once
from played import Played

from org.lab import ideas, programs
from org.model.errors import Refused
from org.model.idea import State
from org.store import draws
from org.store.tables import IDEAS


def add(lab: Played, text: str, program: str | None = None) -> int:
    with lab.lab.ledger.transaction() as tx:
        return ideas.add(tx, text, "human", lab.now(), program).id


def draw(lab: Played, id: int, agent: str) -> None:
    with lab.lab.ledger.transaction() as tx:
        ideas.draw(tx, id, agent, lab.now())


def test_of_two_at_once_one_draws_the_idea(played: Played) -> None:
    add(played, "degree = 5")

    def take(agent: str, lab) -> str:
        with lab.ledger.transaction() as tx:
            ideas.draw(tx, 1, agent, played.now())
        return agent

    ends = at_once(take, played, "junior-1", "junior-2")
    [winner] = [end for end in ends if isinstance(end, str)]
    [told] = [str(end) for end in ends if isinstance(end, Refused)]
    assert told == f"{winner} has idea 1 in hand; `org idea` shows which ones are free"
    assert draws.in_hand(played.lab.ledger.reader) == {1: winner}


def test_a_drawn_idea_is_its_drawers_to_propose(played: Played) -> None:
    add(played, "degree = 5")
    draw(played, 1, "junior-1")
    draw(played, 1, "junior-1")
    played.edit("junior-2", {"fit/recipe.yaml": lambda text: text.replace("degree: 3", "degree: 5")})
    with pytest.raises(Refused, match="junior-1 has idea 1 in hand"):
        played.propose("junior-2", idea=1)
    played.edit("junior-1", {"fit/recipe.yaml": lambda text: text.replace("degree: 3", "degree: 7")})
    assert played.propose("junior-1", idea=1).idea == 1
    assert IDEAS.get(played.lab.ledger.reader, 1).state is State.TAKEN and not draws.in_hand(played.lab.ledger.reader)


def test_drawing_another_idea_lays_the_first_one_back(played: Played) -> None:
    add(played, "degree = 5")
    add(played, "decay = 0.1")
    draw(played, 1, "junior-1")
    draw(played, 2, "junior-1")
    assert draws.in_hand(played.lab.ledger.reader) == {2: "junior-1"}
    draw(played, 1, "junior-2")
    assert draws.in_hand(played.lab.ledger.reader) == {1: "junior-2", 2: "junior-1"}


def test_leaving_its_program_lays_an_idea_back(played: Played) -> None:
    add(played, "degree = 5", "free")
    draw(played, 1, "junior-1")
    played.program("other")
    assert not draws.in_hand(played.lab.ledger.reader), "both juniors are on another program now"
    programs.assign(played.lab, "free", "junior-1", played.now(), "human")
    assert draws.in_hand(played.lab.ledger.reader) == {1: "junior-1"}


def test_only_agents_draw(played: Played, say) -> None:
    add(played, "degree = 5")
    assert "agents draw ideas" in str(say(played)("idea", "--draw", "1").exception)
    done = say(played, "junior-2")("idea", "--draw", "1")
    assert "idea 1 is in your hands: degree = 5" in done.output and "--idea 1" in done.output
    assert "junior-2" in say(played)("idea").output
    assert json.loads(say(played)("idea", "--json").output)[0]["state"] == "open"
