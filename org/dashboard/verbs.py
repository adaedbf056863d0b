"""What the dashboard may ask of the lab: the same verbs that `org` offers on the command line."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Verbs(Protocol):
    """Each call runs in a thread and may block for seconds.

    An OrgError, OSError or sqlite3.Error is shown to the person; nothing else may be raised.
    """

    @property
    def known(self) -> Mapping[str, str]:
        """Every verb that a person may type here, with what it does."""
        ...

    def say(self, *words: str) -> str:
        """Speak a verb as the person; all that it said."""
        ...

    def select_pane(self, agent: str) -> Sequence[str]:
        """Show the agent's pane. Empty when it is shown already (the dashboard is inside the lab's tmux);
        otherwise a command that shows it, which the dashboard runs in its place and returns from."""
        ...
