"""Asked before a run starts: could it pass a limit of the lab, of its program, or of its author? What is running counts
as if it took as long as the longest recent run, and so does the run that is asked for."""

from dataclasses import dataclass, field

from org.lab import settings
from org.lab.lab import Lab
from org.lab.spend import limits, spending
from org.lab.spend.limits import Limit, Standing, Unit, shown
from org.lab.spend.spending import Scope
from org.model.run import Purpose, Run
from org.store.tables import EXPERIMENTS

OWN_RUNS = frozenset({Purpose.SCREEN, Purpose.RACE, Purpose.RECHECK})  # what counts for the author of an experiment


@dataclass(frozen=True, slots=True)
class Room:
    """A limit that runs spend of, in its unit: what was spent, what is running may take, what a device-hour takes."""

    limit: Limit
    spent: float
    running: float
    an_hour: float


@dataclass(slots=True)
class Admission:
    """Asked run by run at one moment; remembers what it let in, in device-hours."""

    lab: Lab
    rooms: dict[tuple[Scope, str], list[Room]] = field(default_factory=dict)
    admitted: dict[tuple[Scope, str], float] = field(default_factory=dict)

    def refuses(self, run: Run) -> str | None:
        """Why this run may not start; None when it may."""
        rooms = [(key, room) for key in self._scopes(run) for room in self._rooms(*key)]
        hours, measured = run_hours(self.lab, run.budget) if rooms else (0.0, True)
        for key, room in rooms:
            held = room.running + self.admitted.get(key, 0.0) * room.an_hour
            if not measured and room.spent + held == 0:  # a bound is no measure: a first run may start and be measured
                continue
            if limits.passes(room.spent + held + hours * run.gang * room.an_hour, room.limit.most):
                return _refusal(room, held, hours * run.gang * room.an_hour)
        return None

    def take(self, run: Run) -> None:
        """This run was started."""
        for key in self._scopes(run):
            self.admitted[key] = self.admitted.get(key, 0.0) + run_hours(self.lab, run.budget)[0] * run.gang

    def _rooms(self, scope: Scope, name: str) -> list[Room]:
        if (scope, name) not in self.rooms:
            found = [x for x in limits.of_scope(self.lab, self.lab.ledger.reader, scope, name) if spends(self.lab, x.unit)]
            self.rooms[scope, name] = [self._room(limit) for limit in found]
        return self.rooms[scope, name]

    def _room(self, limit: Limit) -> Room:
        con, in_hours = self.lab.ledger.reader, limit.unit is Unit.DEVICE_HOURS
        spent = spending.of(self.lab, con, limit.scope, limit.name)
        going = spending.running(con, limit.scope, limit.name).items()
        held = sum(run_hours(self.lab, budget)[0] * devices for budget, devices in going)
        an_hour = 1.0 if in_hours else self.lab.config.device_dollars_per_hour or 0.0
        return Room(limit, spent.device_hours if in_hours else spent.dollars, held * an_hour, an_hour)

    def _scopes(self, run: Run) -> list[tuple[Scope, str]]:
        found: list[tuple[Scope, str]] = [("lab", "")]
        if run.program is not None:
            found.append(("program", run.program))
        if run.experiment is not None and run.purpose in OWN_RUNS:
            found.append(("agent", EXPERIMENTS.get(self.lab.ledger.reader, run.experiment).author))
        return found


def now(lab: Lab) -> Admission:
    """What may start now."""
    return Admission(lab)


def refuses(lab: Lab, run: Run) -> str | None:
    """Why this one run may not start now; None when it may."""
    return now(lab).refuses(run)


def holds(lab: Lab) -> str | None:
    """The limit of the whole lab into which no run fits any more; None when there is none."""
    reached = full(lab, "lab")
    return None if reached is None else reached.words


def full(lab: Lab, scope: Scope, name: str = "") -> Standing | None:
    """The limit of the lab, a program or an agent into which no run fits any more; None when there is none."""
    con = lab.ledger.reader
    found = [limits.standing(lab, con, x) for x in limits.of_scope(lab, con, scope, name) if spends(lab, x.unit)]
    return next((s for s in found if s.is_full), None)


def run_hours(lab: Lab, budget: str) -> tuple[float, bool]:
    """What one run of that budget takes at most on a device, in hours, and whether that was measured. Before it is: a time
    budget, else a race's runs in proportion (a shorter one as a race's), else the task's timeout."""
    measured = spending.longest_run(lab.ledger.reader, budget)
    if measured is not None:
        return measured / 3600, True
    if budget.endswith("s"):
        return float(budget[:-1]) / 3600, False
    share, race = _share(lab, budget), spending.longest_run(lab.ledger.reader, lab.rung.run_budget)
    if share is not None and race is not None:
        return max(share, 1.0) * race / 3600, False
    return lab.config.task.timeout_min / 60, False


def _share(lab: Lab, budget: str) -> float | None:
    """Of a race's budget; None for another unit, and for a larger rung, whose model may be another."""
    larger = [rung.run_budget for rung in lab.config.task.ladder[1:]]
    race, mine = settings.BUDGET.fullmatch(lab.rung.run_budget), settings.BUDGET.fullmatch(budget)
    if budget in larger or race is None or mine is None or race[2] != mine[2]:
        return None
    return float(mine[1]) / float(race[1])


def spends(lab: Lab, unit: Unit) -> bool:
    """Whether a run on a device spends of this unit."""
    return unit is Unit.DEVICE_HOURS or (unit is Unit.DOLLARS and bool(lab.config.device_dollars_per_hour))


def _refusal(room: Room, held: float, cost: float) -> str:
    unit = room.limit.unit
    going = f", what runs may take {shown(unit, held)}" if held else ""
    return f"{limits.spent_words(room.limit, room.spent)}{going}, one more run up to {shown(unit, cost)}"
