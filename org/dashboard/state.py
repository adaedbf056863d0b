"""LabState: one frozen frame of the whole lab. Equal parts keep their identity from frame to frame, so that a view
redraws only what is another object than before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from org.model.agent import Agent
from org.model.event import Event
from org.model.experiment import Experiment
from org.model.merge import Merge
from org.model.message import Message, Question
from org.model.program import Program
from org.model.run import Run
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
class Progress:
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


@dataclass(frozen=True, slots=True)
class AgentLine:
    """experiment: the open one that is furthest along. look: which of its runs is running or comes next, from 1."""

    agent: Agent
    experiment: Experiment | None = None
    run: Run | None = None
    look: int = 0


@dataclass(frozen=True, slots=True)
class ProgramLine:
    program: Program
    tries: int
    open: int
    merges: tuple[Merge, ...]
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceLine:
    device: str
    model: str
    run: Run | None = None
    holder: str = ""


@dataclass(frozen=True, slots=True)
class StandupLine:
    day: str
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What the dashboard takes from the config. zone is for showing times only."""

    metric: str = "metric"
    higher_is_better: bool = False
    max_runs: int = 10
    zone: tzinfo = UTC


NOTHING = Totals(0, 0, 0, 0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class LabState:
    """sigma: run-to-run standard deviation and its degrees of freedom. experiments, messages, events: oldest first.
    connected is False when nothing could be read and the rest is the last that was."""

    setting: Setting = Setting()
    lab: str = ""
    connected: bool = False
    notes: tuple[Note, ...] = ()
    agents: tuple[AgentLine, ...] = ()
    experiments: tuple[ExperimentLine, ...] = ()
    programs: tuple[ProgramLine, ...] = ()
    merges: tuple[Merge, ...] = ()
    pools: tuple[PoolValues, ...] = ()
    devices: tuple[DeviceLine, ...] = ()
    questions: tuple[Question, ...] = ()
    messages: tuple[Message, ...] = ()
    events: tuple[Event, ...] = ()
    standups: tuple[StandupLine, ...] = ()
    totals: Totals = NOTHING
    today: Totals = NOTHING  # the last 24 hours
    sigma: tuple[float, float] = (0.0, 0.0)
    paused: str | None = None
    stopping: str | None = None
    root_note: str | None = None
    disk_low: str | None = None
    supervisor_seen_at: datetime | None = None
    progress: Mapping[str, Progress] = field(default_factory=dict)  # by run
