"""Verbs that only remember what they were asked."""

from collections.abc import Mapping, Sequence

from org.cli import main
from org.dashboard.actions import ELSEWHERE
from org.model.errors import OrgError


class Recorder:
    """calls: the words of each verb, or ("select_pane", agent). `refuse` makes every verb raise it; `attach` is what
    select_pane hands back."""

    known: Mapping[str, str] = {verb: what for verb, (_, what) in main.VERBS.items() if verb not in ELSEWHERE}

    def __init__(self, refuse: OrgError | None = None, attach: Sequence[str] = ()) -> None:
        self.calls: list[tuple[str, ...]] = []
        self._refuse, self._attach = refuse, attach

    def say(self, *words: str) -> str:
        if self._refuse is not None:
            raise self._refuse
        self.calls.append(words)
        return f"heard\ndone: {' '.join(words)}"

    def select_pane(self, agent: str) -> Sequence[str]:
        self.say("select_pane", agent)
        return self._attach
