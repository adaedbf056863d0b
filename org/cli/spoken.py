"""The verbs as the dashboard speaks them: the same program as everybody's, one process a verb."""

import os
from collections.abc import Sequence

from org import bootstrap
from org.agents import verbs
from org.agents.verbs import Verbs
from org.lab.lab import Lab
from org.model.errors import Refused
from org.terminal import attach
from org.terminal.grid import Grid


class Spoken:
    """Calls `org VERB …` as the person and returns the last line that it said. Refused carries its reason."""

    def __init__(self, lab: Lab, grid: Grid) -> None:
        kept = {name: value for name, value in os.environ.items() if name != "ORG_AGENT"}
        environment = {**kept, "ORG_LAB": str(lab.layout.comms)}
        self._org = Verbs(tuple(bootstrap.org_command()), lab.layout.root, environment)
        self._grid = grid

    def takeover(self, agent: str) -> str:
        return self._say("takeover", agent)

    def handback(self, agent: str) -> str:
        return self._say("handback", agent)

    def pause(self, target: str) -> str:
        return self._say("pause", *_target(target))

    def resume(self, target: str) -> str:
        return self._say("resume", *_target(target))

    def reply(self, message_id: str, text: str) -> str:
        return self._say("reply", message_id, text)

    def standup_now(self) -> str:
        return self._say("standup", "now")

    def select_pane(self, agent: str) -> Sequence[str]:
        """Inside the lab's own tmux the pane is selected; elsewhere the answer is the command that attaches to it."""
        self._grid.select(agent)
        inside = os.environ.get("TMUX", "").split(",")[0] == str(self._grid.socket_path)
        return [] if inside else attach.attach_command(self._grid.socket_path, self._grid.session)

    def _say(self, *words: str) -> str:
        answer: verbs.Answer = self._org(*words)
        if not answer.done:
            raise Refused(answer.reason)
        return answer.out.splitlines()[-1] if answer.out else "done"


def _target(target: str) -> tuple[str, ...]:
    """The dashboard's word for the whole lab is no argument of the verb."""
    from org.dashboard.verbs import LAB

    return () if target == LAB else (target,)
