"""The verbs as the dashboard speaks them: the same program as everybody's, one process a verb."""

import os
from collections.abc import Mapping, Sequence

from org import bootstrap
from org.agents import verbs
from org.agents.verbs import Verbs
from org.cli import main
from org.lab.lab import Lab
from org.model.errors import Refused
from org.terminal import attach
from org.terminal.grid import Grid


class Spoken:
    """Calls `org VERB …` as the person and returns what it said. Refused carries its reason."""

    def __init__(self, lab: Lab, grid: Grid) -> None:
        from org.dashboard.actions import ELSEWHERE

        kept = {name: value for name, value in os.environ.items() if name != "ORG_AGENT"}
        environment = {**kept, "ORG_LAB": str(lab.layout.comms)}
        self._org = Verbs(tuple(bootstrap.org_command()), lab.layout.root, environment)
        self._grid = grid
        self._known = {verb: what for verb, (_, what) in main.VERBS.items() if verb not in ELSEWHERE}

    @property
    def known(self) -> Mapping[str, str]:
        """Every verb but those that need a terminal of their own."""
        return self._known

    def say(self, *words: str) -> str:
        answer: verbs.Answer = self._org(*words)
        if not answer.done:
            raise Refused(answer.reason)
        return answer.out

    def select_pane(self, agent: str) -> Sequence[str]:
        """Inside the lab's own tmux the pane is selected; elsewhere the answer is the command that attaches to it."""
        self._grid.select(agent)
        inside = os.environ.get("TMUX", "").split(",")[0] == str(self._grid.socket_path)
        return [] if inside else attach.attach_command(self._grid.socket_path, self._grid.session)
