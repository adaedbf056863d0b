"""LabState: one frozen frame of the whole lab. Equal parts keep their identity from frame to frame, so that a view
redraws only what is another object than before."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any

from org.model.agent import Agent
from org.model.event import Event
from org.model.experiment import Experiment, State
from org.model.idea import Idea
from org.model.idle import Interval
from org.model.merge import Merge
from org.model.message import Message, Question
from org.model.program import Program
from org.model.run import Run
from org.plots.compute import Compute
from org.plots.devices import Timeline
from org.plots.effects import Effects
from org.plots.progress import Progress
from org.plots.stairs import Moves
from org.plots.tried import Tried
from org.science.protocol import Protocol
from org.store.reads import PoolValues, Totals


class Level(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class HowFar:
    """Of a running run. fraction is 0 to 1; left_seconds and loss are None until they are known."""

    step: int
    steps: int | None
    fraction: float
    left_seconds: float | None = None
    loss: float | None = None
    tok_per_sec: float | None = None


@dataclass(frozen=True, slots=True)
class ExperimentLine:
    """values: the metric of each valid race run, in seed order."""

    experiment: Experiment
    values: tuple[float, ...] = ()

    @property
    def metric(self) -> float | None:
        return sum(self.values) / len(self.values) if self.values else None


class Sort(StrEnum):
    """Of the experiments; the value is what a person reads."""

    NEWEST = "newest first"
    OLDEST = "oldest first"
    GAIN = "largest gain first"
    STATE = "by state"
    AUTHOR = "by author"
    PROGRAM = "by program"


@dataclass(frozen=True, slots=True)
class Query:
    """Which experiments are wanted. words: all must be found. offset: how many are skipped."""

    words: str = ""
    sort: Sort = Sort.NEWEST
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of what the query finds. found: how many it finds in all; total: how many there are."""

    query: Query = Query()
    lines: tuple[ExperimentLine, ...] = ()
    found: int = 0
    total: int = 0


class Plot(StrEnum):
    """Those of the tab; the value is what a person reads."""

    PROGRESS = "progress"
    EFFECTS = "effects"
    COMPUTE = "compute"
    DEVICES = "devices"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which plot is wanted, of which program; None: of all."""

    plot: Plot = Plot.PROGRESS
    program: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot as numbers, as it was when somebody last looked at its tab."""

    asked: Asked
    numbers: Progress | Effects | Compute | Timeline


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked at: only that is read of what costs something."""

    tab: str = "overview"
    query: Query = Query()
    asked: Asked = Asked()


@dataclass(frozen=True, slots=True)
class Spend:
    """tokens of all kinds together; dollars: those that are known, None when none is."""

    tokens: int
    dollars: float | None


@dataclass(frozen=True, slots=True)
class AgentLine:
    """experiment: the open one that is furthest along; metric: its mean so far. look: which of its runs is running or comes
    next, from 1. spend: since the lab began."""

    agent: Agent
    experiment: Experiment | None = None
    run: Run | None = None
    look: int = 0
    metric: float | None = None
    spend: Spend | None = None


@dataclass(frozen=True, slots=True)
class ProgramLine:
    """counts: experiments by state. queue: the open ones. merged: the newest, with their experiments."""

    program: Program
    counts: Mapping[State, int]
    queue: tuple[Experiment, ...]
    merged: tuple[tuple[Merge, Experiment], ...]
    agents: tuple[str, ...]

    @property
    def tries(self) -> int:
        return sum(self.counts.values())

    def count(self, states: Collection[State]) -> int:
        return sum(number for state, number in self.counts.items() if state in states)


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """idle: why it has no run now. memory_mb: the peak of the last run on it that said so."""

    device: str
    model: str
    run: Run | None = None
    holder: str = ""
    idle: Interval | None = None
    memory_mb: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """Seconds of the last 24 hours, or of the lab's life. idle: by cause, the longest first."""

    device: str
    busy_seconds: float
    span_seconds: float
    idle: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class FindingLine:
    """Something that is in a head. outcome: of its certificate's fresh runs, {} before there is one; merge: its number. claim:
    what may be said of it, as `org findings` has it."""

    experiment: Experiment
    merge: int
    outcome: Mapping[str, Any]
    claim: str


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit of the lab: what of it is spent. what: device-hours, tokens or dollars."""

    what: str
    spent: float
    most: float


@dataclass(frozen=True, slots=True)
class StandupLine:
    day: str
    changed_ns: int


RULES = Protocol()


@dataclass(frozen=True, slots=True)
class Setting:
    """What the dashboard takes from the config. limits: of the lab, by name. rungs: the ladder in words. zone is for showing
    times only."""

    metric: str = "metric"
    higher_is_better: bool = False
    protocol: Protocol = RULES
    limits: tuple[tuple[str, float], ...] = ()
    device_dollars: float | None = None
    rungs: tuple[str, ...] = ()
    zone: tzinfo = UTC


NO_MOVES = Moves()
NO_CURVE = Progress("metric", False, None, "experiments")
NOTHING = Totals(0, 0, 0, 0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class LabState:
    """sigma: run-to-run standard deviation and its degrees of freedom. points, messages, events: oldest first. curve: of all
    programs together. curve, picture, listing, findings, uses, ideas: as they were when somebody last looked at their tab.
    connected is False when nothing could be read and the rest is the last that was."""

    setting: Setting = Setting()
    lab: str = ""
    connected: bool = False
    notes: tuple[Note, ...] = ()
    agents: tuple[AgentLine, ...] = ()
    points: tuple[Tried, ...] = ()
    programs: tuple[ProgramLine, ...] = ()
    moves: Moves = NO_MOVES
    pools: tuple[PoolValues, ...] = ()
    devices: tuple[DeviceLine, ...] = ()
    questions: tuple[Question, ...] = ()
    messages: tuple[Message, ...] = ()
    events: tuple[Event, ...] = ()
    standups: tuple[StandupLine, ...] = ()
    totals: Totals = NOTHING
    today: Totals = NOTHING  # the last 24 hours
    spend: Spend = Spend(0, None)
    budgets: tuple[Budget, ...] = ()
    sigma: tuple[float, float] = (0.0, 0.0)
    curve: Progress = NO_CURVE
    picture: Picture | None = None
    listing: Listing = Listing()
    findings: tuple[FindingLine, ...] = ()
    uses: tuple[DeviceUse, ...] = ()
    ideas: tuple[Idea, ...] = ()
    paused: str | None = None
    stopping: str | None = None
    frozen: str | None = None
    root_note: str | None = None
    disk_low: str | None = None
    supervisor_seen_at: datetime | None = None
    progress: Mapping[str, HowFar] = field(default_factory=dict)  # by run
