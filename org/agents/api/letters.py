"""The agent looks for its mail by itself: letters that it was not told of make one line, once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from org.agents.api.quoting import line
from org.comms import mailbox

AGAIN = timedelta(minutes=10)  # after which letters that are still unread are announced once more
TIMES = 3


@dataclass(slots=True)
class Letters:
    """What is in one mailbox, and what of it was announced."""

    box: Path
    _told: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def news(self, now: datetime, idle: bool) -> str | None:
        """The line for the letters that it has to be told of; None when there are none. They count as told.

        idle: nothing runs, so that letters left unread may be announced again.
        """
        waiting = mailbox.waiting(self.box)
        due = [name for name in waiting if self._is_due(name, now, idle)]
        if not due:
            return None
        for name in due:
            self._told[name] = (self._told.get(name, (0, now))[0] + 1, now)
        letters = [m for m in mailbox.unread(self.box).messages if f"{m.id}.md" in due]
        heads = "; ".join(f"{line(m.sender, 40)}: {line(m.subject, 60)}" for m in letters[:3])
        count = f"{len(due)} new letter{'' if len(due) == 1 else 's'}"
        return f"ORG-0: mail: {count}{f' ({heads})' if heads else ''}, read with `org inbox`"

    def _is_due(self, name: str, now: datetime, idle: bool) -> bool:
        times, last = self._told.get(name, (0, now))
        return times == 0 or (idle and times < TIMES and now - last > AGAIN)
