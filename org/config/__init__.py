"""config.yaml as typed values. A wrong file fails before anything is made, telling every finding at once with its
line, its value and the nearest allowed key.

attention.py: when and how a person is called; findings.py: errors as sentences; ladder.py: rungs that do not fit together
"""

import difflib
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from org.config import findings, ladder
from org.config.attention import AttentionConfig
from org.config.findings import line_of
from org.model.errors import ConfigError

BACKENDS = ("offline", "claude", "codex", "api", "command", "human", "replay")  # what this version can put into a pane


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", value):
        raise ValueError("use lower-case letters, digits and '-', at most 41, starting with a letter or digit")
    return value


def _role(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,40}", value):
        raise ValueError("name a file in roles/ without its .md: lower-case letters, digits, '_' and '-'")
    return value


def _budget(value: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?(e\d+)?(step|tok|flop|s)", value) or not re.search(r"[1-9]", value.partition("e")[0]):
        raise ValueError("write 400step, 5e7tok, 2e15flop or 300s")
    return value


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('write a time of day as "09:00"')
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)  # listing all of them reads hundreds of files, and every verb comes past here
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(value, available_timezones(), 1)
        raise ValueError(f"unknown timezone{f'; did you mean {near[0]}?' if near else ''}") from None
    return value


def _backend(value: str) -> str:
    if value not in BACKENDS:
        near = difflib.get_close_matches(value, BACKENDS, 1)
        raise ValueError(f"unknown backend; this version has {', '.join(BACKENDS)}{f'; did you mean {near[0]}?' if near else ''}")
    return value


Name = Annotated[str, AfterValidator(_name)]
Budget = Annotated[str, AfterValidator(_budget)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentLimits(_Strict):
    """What one agent may spend, from the lab's beginning; null: no limit. At 80 % a warning, at the end it is parked."""

    tokens: int | None = Field(None, gt=0)  # input, output, cache reads and cache writes together
    dollars: float | None = Field(None, gt=0)  # of models whose price is known, and of devices if they have one
    device_hours: float | None = Field(None, gt=0)  # runs of its experiments, and its `org try`; baselines are everybody's


class AgentConfig(_Strict):
    role: Annotated[str, AfterValidator(_role)]  # a file in roles/
    backend: Annotated[str, AfterValidator(_backend)] = "offline"
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


class CpuDevices(_Strict):
    cpu: int = Field(ge=0, le=512)  # slots, one run each
    threads: int = Field(1, ge=1, le=512)  # a slot


class Rung(_Strict):
    depth: int | None = Field(None, ge=1)
    devices: int = Field(1, ge=1, le=1024)  # a run; the first rung's must be 1, races are run there
    run_budget: Budget
    pool: int = Field(8, ge=1, le=8)  # seeds of a baseline; ladder.py has the least
    runs: int | None = Field(None, ge=1, le=10)  # of a change: of the protocol; on the last rung the race's most
    timeout_min: float | None = Field(None, gt=0, allow_inf_nan=False)  # of this rung's runs; default: the task's


class TaskConfig(_Strict):
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


class ProtocolConfig(_Strict):
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


class LimitsConfig(_Strict):
    """What the whole lab may spend, from its beginning; null: no limit. No run starts that could pass one."""

    device_hours: float | None = Field(None, gt=0)
    tokens: int | None = Field(None, gt=0)  # input, output, cache reads and cache writes together
    dollars: float | None = Field(None, gt=0)  # of models whose price is known, and of devices if they have one
    min_free_gb: float = Field(1.0, ge=0)
    # What the device of an agent does that waits for a rate limit or has spent its limit: backfill: baselines and fresh
    # seeds; offline: the offline proposer tries values in its place; sweep: the same, over the brief's whole space.
    when_parked: Literal["backfill", "sweep", "offline"] = "backfill"


class Price(_Strict):
    """Dollars per million tokens, as the provider bills them."""

    input: float = Field(ge=0)  # tokens that are not read from the cache
    output: float = Field(ge=0)
    cache_read: float | None = Field(None, ge=0)  # default: as input
    cache_write: float | None = Field(None, ge=0)  # default: as input


class StandupConfig(_Strict):
    at: Annotated[str, AfterValidator(_clock)] = "09:00"
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    answer_within_s: float = Field(60.0, gt=0)  # silence after that is recorded


class TakeoverConfig(_Strict):
    hand_back_after_min: float | None = Field(30.0, gt=0)  # nobody at the pane, nothing in its box; null: never by itself


class RootConfig(_Strict):
    """A root changed on purpose, for demonstrations: said in every pane and on every page."""

    note: str
    recipe: dict[str, int | float | str | bool]


class Config(_Strict):
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


def load(path: Path) -> Config:
    """Read and check a config. ConfigError lists every finding as `file:line: key: what, and the way out`."""
    tree = _parse(path)
    try:
        config = Config.model_validate(_plain(tree))
    except ValidationError as error:
        told = [findings.sentence(path, tree, e, Config) for e in findings.telling(error.errors())]
        raise ConfigError("\n".join(dict.fromkeys(told))) from None
    problems = list(_cross_checks(path, tree, config))
    if problems:
        raise ConfigError("\n".join(problems))
    return config


def restored(text: str) -> Config:
    """A config as the ledger keeps it. ConfigError when another version of org applied it."""
    try:
        return Config.model_validate_json(text)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
        raise ConfigError(f"another version of org applied this lab's config ({told}); `org start` applies it again") from None


def organization_digest(paths: Iterable[Path]) -> str:
    """The digest of config, roles and prompts: what the organization is. Order does not matter."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def agent_names(config: Config) -> list[tuple[str, AgentConfig]]:
    """Every agent with its name, in the order of the file: chief, junior-1, junior-2, …"""
    names: list[tuple[str, AgentConfig]] = []
    counters: dict[str, int] = {}
    for entry in config.agents:
        stem = entry.name or {"chief_scientist": "chief"}.get(entry.role, entry.role.replace("_", "-"))
        numbered = entry.count > 1 or (entry.name is None and stem != "chief")
        for _ in range(entry.count):
            counters[stem] = counters.get(stem, 0) + 1
            names.append((f"{stem}-{counters[stem]}" if numbered or counters[stem] > 1 else stem, entry))
    return names


def timezone(config: Config) -> ZoneInfo:
    return ZoneInfo(config.standup.timezone)


def _parse(path: Path) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy config.yaml from the repository, or name another --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not YAML: {error.problem}") from None
    except YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, CommentedMap):
        holds = {"NoneType": "nothing", "CommentedSeq": "a list"}.get(type(tree).__name__, "one value")
        raise ConfigError(f"{path}: keys and values were expected, this holds {holds}; start from a copy of config.yaml")
    return tree


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(k): _plain(v) for k, v in node.items()}
    if isinstance(node, CommentedSeq):
        return tuple(_plain(v) for v in node)
    return node


def _cross_checks(path: Path, tree: CommentedMap, config: Config) -> Iterable[str]:
    task = config.task
    if (task.evaluate is None) == (task.pattern is None):
        yield f"{path}:{line_of(tree, ['task'])}: task: give exactly one of `evaluate` and `pattern`"
    if config.structure == "chief" and not any(a.role.startswith("chief") for a in config.agents):
        line = line_of(tree, ["agents"])
        yield f"{path}:{line}: agents: structure chief needs an agent with a chief role, or write structure: solo"
    names = [name for name, _ in agent_names(config)]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"{path}:{line_of(tree, ['agents'])}: agents: two agents would be called {name}; give one a `name`"
    for name in sorted(set(names) & {"human", "office", "notebook", "standups", "runs", "logs", "data", "snapshots", "adopted"}):
        yield f"{path}:{line_of(tree, ['agents'])}: agents: {name} is the lab's own name; choose another"
    yield from ladder.problems(path, tree, task)
    if not set(task.protected).isdisjoint(task.editable):
        yield f"{path}:{line_of(tree, ['task', 'protected'])}: task.protected: the same pattern is editable too"
    if task.pattern is not None:
        try:
            if re.compile(task.pattern).groups < 1:
                yield f"{path}:{line_of(tree, ['task', 'pattern'])}: task.pattern: needs one (group) around the number"
        except re.error as error:
            yield f"{path}:{line_of(tree, ['task', 'pattern'])}: task.pattern: {error}"
