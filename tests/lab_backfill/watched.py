"""A lab at night with its timeline: a tick of the timeline alone, or of the whole night with the real schedule's choice."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from office_at_night import Night, make_night

from org.lab import schedule
from org.lab.devices import backfill, timeline
from org.lab.devices.reading import DeviceTime, read
from org.lab.spend import credentials
from org.model.agent import Cause as AgentCause
from org.model.agent import State
from org.model.idle import Interval
from org.model.run import Event, Purpose, Run
from org.model.run import State as RunState
from org.store import idle, meta, runs
from org.store.tables import IDLE

TICK = timedelta(seconds=0.5)
DEVICES = ("cpu:0", "cpu:1")
JUNIORS = ("ann", "bob", "cyd", "dee")


@dataclass
class Watched(Night):
    """ticked_at: the supervisor's last tick. strangers: who computes on a card without its lock."""

    ticked_at: datetime | None = None
    strangers: dict[str, str] = field(default_factory=dict)
    began: datetime | None = None

    def look(self, **later: float) -> list[str]:
        """One tick of the timeline so much later, and a supervisor that ticked all the time until then."""
        self.later(**later)
        if self.began is not None:
            self.ticked_at = self.now() - TICK
        return self.return_()

    def return_(self, **later: float) -> list[str]:
        """The first tick after a supervisor that was away for so long."""
        self.later(**later)
        changed = timeline.step(self.lab, self.now(), self.ticked_at, self.strangers)
        self.ticked_at = self.now()
        with self.lab.ledger.transaction() as tx:
            meta.put(tx, "supervisor_seen_at", self.now().isoformat())
        self.began = self.began or self.now()
        return changed

    def open_one(self, device: str = "cpu:0") -> Interval:
        return idle.current(self.lab.ledger.reader)[device]

    def rows(self, device: str = "cpu:0") -> list[Interval]:
        return IDLE.select(self.lab.ledger.reader, "WHERE device = ? ORDER BY id", device)

    def causes(self, device: str = "cpu:0") -> list[str]:
        return [row.cause.value for row in self.rows(device)]

    def time(self, device: str = "cpu:0") -> DeviceTime:
        assert self.began is not None
        return next(t for t in read(self.lab.ledger.reader, DEVICES, self.began, self.now()) if t.device == device)

    def queue(self, **more: object) -> Run:
        """One run of the program that waits."""
        tree = "0" * 40
        given = {"purpose": Purpose.RACE, "tree": tree, "seed": 1, "slot": 0, "rung": 0, "depth": None, "program": "free"} | more
        run = Run(id="", state=RunState.QUEUED, budget=self.lab.rung.run_budget, queued_at=self.now(), **given)  # type: ignore[arg-type]
        with self.lab.ledger.transaction() as tx:
            return runs.queue(tx, run)

    def run_on(self, device: str, run: Run | None = None) -> Run:
        """A run that has started on the device."""
        found = run or self.queue()
        with self.lab.ledger.transaction() as tx:
            return runs.move(tx, found.id, Event.START, self.now(), device=device, started_at=self.now())

    def ended(self, run: Run, seconds: float | None = None) -> None:
        """The run has ended and was collected now."""
        with self.lab.ledger.transaction() as tx:
            runs.move(tx, run.id, Event.SUCCEED, self.now(), finished_at=self.now(), total_seconds=seconds, metric=1.0)

    def limited(self, *names: str, minutes: float) -> None:
        """These agents' credentials are refused."""
        for name in names:
            self.becomes(name, State.WAITING, AgentCause.RATE_LIMIT, self.now() + timedelta(minutes=minutes))
        credentials.step(self.lab, self.now())

    def fill(self) -> list[Run]:
        """What would be started on all free devices, backfill included."""
        free = [d for d in DEVICES if d not in {r.device for r in runs.in_state(self.lab.ledger.reader, RunState.RUNNING)}]
        waiting = schedule._waiting(self.lab)
        waiting += backfill.fill(self.lab, len(free) - len(waiting), self.now())
        return [self.run_on(device, run) for device, run in zip(free, waiting, strict=False)]


def make_watched(folder: Path) -> Watched:
    night = make_night(folder)
    return Watched(night.lab, night.office, clock_at=night.clock_at)
