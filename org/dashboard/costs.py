"""What agents and the lab have spent, and what is left of the lab's limits: sums over the whole ledger, so they are made
anew every few seconds at most."""

import sqlite3
from datetime import datetime, timedelta

from org.dashboard.state import Budget, Setting, Spend
from org.lab.spend.spending import TOKENS
from org.store import reads
from org.store.reads import Totals

AGAIN = timedelta(seconds=5)


class Costs:
    """by_agent, of the lab, and today's and all totals. One per connection."""

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._mark: tuple[int, ...] = ()
        self.by_agent: dict[str, Spend] = {}
        self.lab = Spend(0, None)
        self.totals = self.today = Totals(0, 0, 0, 0, 0, 0.0)
        self.budgets: tuple[Budget, ...] = ()

    def read(self, con: sqlite3.Connection, setting: Setting, now: datetime, mark: tuple[int, ...]) -> None:
        """Sum up again when something happened and the last sums are old. mark: changes with what happens."""
        if self._at is not None and (mark == self._mark or timedelta() <= now - self._at < AGAIN) and self._minute(now):
            return
        self._at, self._mark = now, mark
        self.by_agent = _by_agent(con)
        dollars = [s.dollars for s in self.by_agent.values() if s.dollars is not None]
        self.totals, self.today = reads.totals(con), reads.totals(con, now - timedelta(days=1))
        hours = self.totals.device_seconds / 3600
        known = [*dollars, hours * setting.device_dollars] if setting.device_dollars is not None else dollars
        self.lab = Spend(sum(s.tokens for s in self.by_agent.values()), sum(known) if known else None)
        spent = {"device-hours": hours, "tokens": float(self.lab.tokens), "dollars": self.lab.dollars or 0.0}
        self.budgets = tuple(Budget(what, spent[what], most) for what, most in setting.limits)

    def _minute(self, now: datetime) -> bool:
        """Whether the last sums are of this minute: the last 24 hours move also where nothing happens."""
        return self._at is not None and self._at.timestamp() // 60 == now.timestamp() // 60


def _by_agent(con: sqlite3.Connection) -> dict[str, Spend]:
    found = con.execute(f"SELECT agent, sum({TOKENS}), sum(dollars) FROM usage GROUP BY agent")
    return {agent: Spend(int(tokens), dollars) for agent, tokens, dollars in found}
