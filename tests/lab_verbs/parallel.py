"""Several agents at the same moment, each with a ledger connection of its own, as processes have."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from laboratory import Laboratory

from org.lab.lab import Lab
from org.model.errors import OrgError
from org.store import ledger


def at_once(act: Callable[[str, Lab], Any], lab: Laboratory, *agents: str) -> list[Any]:
    """act(agent, its lab) in a thread each, let go together. What each returned, or the error that it was told."""
    ready, ends = threading.Barrier(len(agents)), dict.fromkeys(agents)

    def be(agent: str) -> None:
        own = replace(lab.lab, ledger=ledger.open_existing(lab.lab.layout.ledger))
        ready.wait()
        try:
            ends[agent] = act(agent, own)
        except OrgError as error:
            ends[agent] = error
        finally:
            own.ledger.close()

    threads = [threading.Thread(target=be, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [ends[agent] for agent in agents]
