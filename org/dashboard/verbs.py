"""What the dashboard may ask of the lab. Wired to the same verbs that `org` offers on the command line."""

from collections.abc import Sequence
from typing import Protocol

LAB = "lab"  # the target that pauses and resumes everything


class Verbs(Protocol):
    """Each call runs in a thread, may block for seconds, and returns one sentence for a toast.

    An OrgError, OSError or sqlite3.Error is shown to the person; nothing else may be raised.
    """

    def takeover(self, agent: str) -> str: ...

    def handback(self, agent: str) -> str: ...

    def pause(self, target: str) -> str:
        """target: an agent's name, a program's slug, or LAB."""
        ...

    def resume(self, target: str) -> str: ...

    def reply(self, message_id: str, text: str) -> str:
        """Answer a question, or any message."""
        ...

    def standup_now(self) -> str: ...

    def select_pane(self, agent: str) -> Sequence[str]:
        """Show the agent's pane. Empty when it is shown already (the dashboard is inside the lab's tmux);
        otherwise a command that shows it, which the dashboard runs in its place and returns from."""
        ...
