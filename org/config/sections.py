"""The sections of config.yaml with their defaults. Each key is explained where it stands."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from org.config.attention import AttentionConfig
from org.config.words import Backend, Budget, Clock, Name, Role, Zone


class Strict(BaseModel):
    """Nothing but its own keys, and none of them changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentLimits(Strict):
    """What one agent may spend, from the lab's beginning; null: no limit. At 80 % a warning, at the end it is parked."""

    tokens: int | None = Field(None, gt=0)  # input, output, cache reads and cache writes together
    dollars: float | None = Field(None, gt=0)  # of models whose price is known, and of devices if they have one
    device_hours: float | None = Field(None, gt=0)  # runs of its experiments, and its `org try`; baselines are everybody's


class AgentConfig(Strict):
    role: Role  # a file in roles/
    backend: Backend = "offline"
    count: int = Field(1, ge=1, le=256)
    name: Name | None = None  # default: chief, junior-1, junior-2, …
    program: Name | None = None  # works on this program only
    script: str | None = None  # for backend replay: a file of steps
    model: str | None = None  # claude, codex, api: as the provider names it; default: the program's own
    args: tuple[str, ...] = ()  # claude, codex, command: further arguments of the program; api: --window, --most-output
    provider: Literal["anthropic", "openai"] | None = None  # api: whose protocol is spoken
    base_url: str | None = None  # claude, codex, api: another server that speaks the same protocol
    key_env: str | None = None  # the variable that holds the key; the key itself stands nowhere
    program_file: str | None = None  # command: a YAML file that describes the program
    limits: AgentLimits = AgentLimits()  # of each agent of this entry


class CpuDevices(Strict):
    cpu: int = Field(ge=0, le=512)  # slots, one run each
    threads: int = Field(1, ge=1, le=512)  # a slot


class Rung(Strict):
    depth: int | None = Field(None, ge=1)
    devices: int = Field(1, ge=1, le=1024)  # a run; the first rung's must be 1, races are run there
    run_budget: Budget
    pool: int = Field(8, ge=1, le=8)  # seeds of a baseline; ladder.py has the least
    runs: int | None = Field(None, ge=1, le=10)  # of a change: of the protocol; on the last rung the race's most
    timeout_min: float | None = Field(None, gt=0, allow_inf_nan=False)  # of this rung's runs; default: the task's


class TaskConfig(Strict):
    # Placeholders: {python} {seed} {data_seed} {budget} {depth} {data} {device} {run} {gang}. On a rung with several devices
    # {python} starts one process a device (torchrun); {gang} is their number, for a command that starts them itself.
    command: str
    evaluate: str | None = None  # prints one JSON line with "value"; the score is the lab's
    pattern: str | None = None  # or: a regular expression over the output; the score is self-reported
    prepare: str | None = None  # run once per lab, idempotent
    fingerprint: str | None = None  # prints JSON: what must be equal for two values to be compared
    epochs: str | None = None  # prints JSON: how often one run passes its corpus, what of the data is missing
    # Modules that a run's training process finds imported, because it is forked from one that has done it: saves that time
    # of each run. Linux, and commands of the form `{python} -m …`; any other starts as always. Empty: none does.
    warm: tuple[str, ...] = ()
    metric: str = "val_bpb"
    direction: Literal["lower", "higher"] = "lower"
    editable: tuple[str, ...] = Field(min_length=1)
    protected: tuple[str, ...] = ()  # wins over editable
    recipe: tuple[str, ...] = ()  # YAML files that merge key by key
    ladder: tuple[Rung, ...] = Field(min_length=1)
    timeout_min: float = Field(10.0, gt=0, allow_inf_nan=False)  # a run that takes longer is ended


class ProtocolConfig(Strict):
    preset: Literal["explore", "default", "strict"] = "default"
    screen: Literal["auto", "on", "off"] = "auto"  # a short run before the race; auto: where a full run takes long
    # What is merged, where the brief does not say: time: whatever is better at the budget; flops: what is better at equal
    # FLOPs; both: that, and what is only faster.
    objective: Literal["time", "flops", "both"] = "time"
    # Who sends a merged change to the next rung of the ladder: auto: the lab, on devices that would idle; chief, human: it
    # is listed among their decisions, and they say `org promote`.
    promote: Literal["auto", "chief", "human"] = "auto"
    promote_cost: float | None = Field(4.0, ge=0)  # device-hours of one promotion above which a person says yes; null: never
    worth_it: Literal["auto", "chief", "human"] = "auto"  # who says whether a kept change is worth its code
    small_gain_lines: int = Field(20, ge=0)  # auto: lines that a gain below the noise of one run may add
    approve: Literal["auto", "chief", "human"] = "auto"
    open_per_agent: int = Field(2, ge=1, le=16)  # experiments an agent may have open
    digest_every: int = Field(5, ge=1, le=1000)  # verdicts after which a chief with a model gets a digest


class LimitsConfig(Strict):
    """What the whole lab may spend, from its beginning; null: no limit. No run starts that could pass one."""

    device_hours: float | None = Field(None, gt=0)
    tokens: int | None = Field(None, gt=0)  # input, output, cache reads and cache writes together
    dollars: float | None = Field(None, gt=0)  # of models whose price is known, and of devices if they have one
    min_free_gb: float = Field(1.0, ge=0)
    # What the device of an agent does that waits for a rate limit or has spent its limit: backfill: baselines and fresh
    # seeds; offline: the offline proposer tries values in its place; sweep: the same, over the brief's whole space.
    when_parked: Literal["backfill", "sweep", "offline"] = "backfill"


class Price(Strict):
    """Dollars per million tokens, as the provider bills them."""

    input: float = Field(ge=0)  # tokens that are not read from the cache
    output: float = Field(ge=0)
    cache_read: float | None = Field(None, ge=0)  # default: as input
    cache_write: float | None = Field(None, ge=0)  # default: as input


class StandupConfig(Strict):
    at: Clock = "09:00"
    timezone: Zone = "UTC"
    answer_within_s: float = Field(60.0, gt=0)  # silence after that is recorded


class TakeoverConfig(Strict):
    hand_back_after_min: float | None = Field(30.0, gt=0)  # nobody at the pane, nothing in its box; null: never by itself


class RootConfig(Strict):
    """A root changed on purpose, for demonstrations: said in every pane and on every page."""

    note: str
    recipe: dict[str, int | float | str | bool]


class Config(Strict):
    lab: Name
    structure: Literal["chief", "solo"] = "chief"
    agents: tuple[AgentConfig, ...] = Field(min_length=1)
    devices: Literal["auto"] | tuple[str, ...] | CpuDevices = "auto"
    task: TaskConfig
    protocol: ProtocolConfig = ProtocolConfig()
    limits: LimitsConfig = LimitsConfig()
    prices: dict[str, Price] = Field(default_factory=dict)  # by model; one that is not here: its cost is unknown
    device_dollars_per_hour: float | None = Field(None, ge=0)  # while a run is on it; default: devices cost nothing
    standup: StandupConfig = StandupConfig()
    takeover: TakeoverConfig = TakeoverConfig()
    attention: AttentionConfig = AttentionConfig()
    comms: str = "comms"
    worktrees: str = "worktrees"
    programs: tuple[str, ...] = ()  # briefs opened first, by slug; then the chief chooses
    root: RootConfig | None = None
