"""Verbs that only remember what they were asked."""

from collections.abc import Sequence

from org.model.errors import OrgError


class Recorder:
    """calls: (verb, arguments …). `refuse` makes every verb raise it; `attach` is what select_pane hands back."""

    def __init__(self, refuse: OrgError | None = None, attach: Sequence[str] = ()) -> None:
        self.calls: list[tuple[str, ...]] = []
        self._refuse, self._attach = refuse, attach

    def _done(self, *call: str) -> str:
        if self._refuse is not None:
            raise self._refuse
        self.calls.append(call)
        return f"done: {' '.join(call)}"

    def takeover(self, agent: str) -> str:
        return self._done("takeover", agent)

    def handback(self, agent: str) -> str:
        return self._done("handback", agent)

    def pause(self, target: str) -> str:
        return self._done("pause", target)

    def resume(self, target: str) -> str:
        return self._done("resume", target)

    def reply(self, message_id: str, text: str) -> str:
        return self._done("reply", message_id, text)

    def standup_now(self) -> str:
        return self._done("standup_now")

    def select_pane(self, agent: str) -> Sequence[str]:
        self._done("select_pane", agent)
        return self._attach
