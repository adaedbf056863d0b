"""What stands on the pane borders."""

from played import Played

from org.model.agent import State
from org.store import agents
from org.supervisor import titles


def test_why_an_agent_is_paused_is_said_once(played: Played) -> None:
    for reason, told in (("paused by human", "paused by human"), ("lunch", "paused: lunch")):
        with played.lab.ledger.transaction() as tx:
            agents.set_state(tx, "junior-1", State.PAUSED, played.now(), reason)
        assert titles.all_titles(played.lab)["junior-1"] == f"junior-1 · free · {told}"
