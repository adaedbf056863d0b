"""The data dictionary of `org export`: every table and column with its type, unit and meaning. The one place from which the
files, their README and their JSON schema are made."""

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """As Parquet and JSON schema have it."""

    TEXT = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"  # UTC, to the millisecond
    JSON = "json"  # text that holds one JSON value


@dataclass(frozen=True, slots=True)
class Column:
    """source: the ledger's column, "" when it is called the same. key: of an object in that column, "" for the whole."""

    name: str
    type: Type
    meaning: str
    unit: str = ""
    source: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """rows: what one row is. grows: rows are only ever added, so that whole files stay as they are. left_out: columns of the
    ledger's table that are not exported, on purpose."""

    name: str
    rows: str
    columns: tuple[Column, ...]
    order: str = "id"
    grows: bool = False
    left_out: tuple[str, ...] = ()


T, K, N, B, D, J = Type.TEXT, Type.INTEGER, Type.NUMBER, Type.BOOLEAN, Type.TIME, Type.JSON
_SHA = "git object id"
_EXPERIMENT_ORDER = "CAST(substr(id, 2) AS INTEGER)"

PROGRAMS = Table("programs", "a research question with a branch, a brief and a head", (
    Column("slug", T, "name of the program; part of its branch"),
    Column("title", T, "title of its brief"),
    Column("state", T, "backlog, open, paused or closed"),
    Column("question", T, "what it asks"),
    Column("claim", T, "what its experiments claim by default: improve or simplify"),
    Column("margin", N, "what a simplification may lose", "metric"),
    Column("objective", T, "what is merged: time, flops or both"),
    Column("editable", J, "list of path patterns that its experiments may change"),
    Column("space", J, "recipe key → range or choices that the offline proposer draws from"),
    Column("allowance", J, "what it may spend: device_hours, dollars"),
    Column("stop", J, "its stop rule, by name"),
    Column("brief", T, "the brief's Markdown"),
    Column("created_by", T, "who wrote it down"),
    Column("created_at", D, "when it was written down"),
    Column("needs", J, "list of what the machine must have for it"),
    Column("root_commit", T, "where its branch began", _SHA),
    Column("head_commit", T, "where its branch is", _SHA),
    Column("reason", T, "why it is in its state"),
    Column("opened_at", D, "when it was opened first"),
    Column("closed_at", D, "when it was closed"),
    Column("extra", J, "further front matter of its brief"),
), order="created_at, slug")  # fmt: skip

EXPERIMENTS = Table("experiments", "a proposal: hypothesis, claim and a change that is judged against its base", (
    Column("id", T, "E and a number, in the order of proposals"),
    Column("program", T, "slug of its program"),
    Column("author", T, "agent or person who proposed it"),
    Column("state", T, "where it is: proposed, racing, discarded, merged, certified …"),
    Column("claim", T, "improve: the metric gets better; simplify: not worse by more than margin"),
    Column("margin", N, "what a simplification may lose", "metric"),
    Column("subject", T, "what is changed, in a line"),
    Column("because", T, "the author's hypothesis"),
    Column("predict", T, "the author's expectation in words"),
    Column("predicted_gain", N, "the author's expectation, positive is better", "metric"),
    Column("base_commit", T, "commit that it started from", _SHA),
    Column("tip_commit", T, "its last commit", _SHA),
    Column("base_tree", T, "the base as it is run", _SHA),
    Column("run_tree", T, "the candidate as it is run", _SHA),
    Column("branch", T, "branch of its author"),
    Column("idea", K, "line of the backlog that it tries"),
    Column("pool", K, "pools.id that it is judged against"),
    Column("merge_tree", T, "the tree rebased on a moved head, under re-check", _SHA),
    Column("merge_onto", T, "the head that merge_tree was made on", _SHA),
    Column("merged_commit", T, "its commit in the head", _SHA),
    Column("reason", T, "why it is in its state"),
    Column("decision", J, "the last look of its race, whole"),
    Column("verdict", T, "of the last look: keep, discard or more", source="decision", key="verdict"),
    Column("measured_gain", N, "mean of the base less mean of the candidate by the runs that selected it, positive is better "
           "(flatters what was kept)", "metric", "decision", "gain"),
    Column("measured_gain_se", N, "standard error of measured_gain", "metric", "decision", "se"),
    Column("gain", N, "measured_gain shrunk towards zero: what to quote before there is a certificate", "metric"),
    Column("p_not_positive", N, "posterior probability that the true gain is 0 or less", "1", "decision", "p_not_positive"),
    Column("e", N, "e-value of the last look; a keep needs 1/alpha", "1", "decision", "e"),
    Column("candidate_runs", K, "valid runs of the candidate at the last look", "runs", "decision", "candidate_runs"),
    Column("base_runs", K, "valid runs of the base at the last look", "runs", "decision", "base_runs"),
    Column("sigma", N, "standard deviation between runs that the last look used", "metric", "decision", "sigma"),
    Column("lines_added", K, "lines that it adds", "lines"),
    Column("lines_removed", K, "lines that it removes", "lines"),
    Column("label", T, "what explains it at equal compute: algorithm, systems, explained by compute …; empty: not matched"),
    Column("label_detail", J, "gains per FLOP and per token, ratios of compute, the sentence"),
    Column("flops_ratio", N, "FLOPs of the candidate over the base's", "1", "label_detail", "ratios.flops"),
    Column("screen", J, "what the short run before the race said"),
    Column("screen_pool", K, "pools.id of the screen"),
    Column("extra_runs", K, "runs granted beyond the race's last look", "runs"),
    Column("parts", J, "part → path patterns, as its author marked them for an ablation"),
    Column("created_at", D, "when it was proposed"),
    Column("decided_at", D, "when its first verdict came"),
), order=_EXPERIMENT_ORDER)  # fmt: skip

RUNS = Table("runs", "one execution of the task at a tree with a seed on a device", (
    Column("id", T, "R and a number, in the order of requests"),
    Column("purpose", T, "race, recheck, pool, fresh, screen, screen_pool or study"),
    Column("state", T, "queued, running, succeeded, failed, timed_out, cancelled, lost or invalid"),
    Column("reason", T, "why it ended as it did, when not well"),
    Column("program", T, "slug of the program that pays for it"),
    Column("experiment", T, "experiments.id whose candidate it runs"),
    Column("pool", K, "pools.id that it belongs to or is compared with"),
    Column("study", T, "studies.id that it belongs to"),
    Column("tree", T, "what is run", _SHA),
    Column("seed", K, "the seed that the lab drew"),
    Column("slot", K, "place of the seed in its pool's or study's order, from 0"),
    Column("attempt", K, "which attempt at this tree and seed, from 1"),
    Column("rung", K, "scale in the ladder, from 0"),
    Column("depth", K, "depth of the model at that rung", "layers"),
    Column("budget", T, "size of the run: a number and step, tok, flop or s"),
    Column("gang", K, "devices that it needs at once", "devices"),
    Column("device", T, "device that it ran on"),
    Column("metric", N, "the score, as the task reports it", "metric"),
    Column("self_reported", B, "whether the score is the program's own word", source="result", key="self_reported"),
    Column("flops", N, "training FLOPs by the task's record", "FLOP", "record", "flops"),
    Column("tokens", N, "training tokens by the task's record", "tokens", "record", "tokens"),
    Column("parameters", N, "parameters by the task's record", "parameters", "record", "parameters"),
    Column("steps", K, "training steps by the task's record", "steps", "record", "steps"),
    Column("peak_memory_mb", N, "peak memory of the device by the task's record", "MB", "record", "peak_memory_mb"),
    Column("tok_per_sec", N, "throughput by the task's record", "tokens/s", "record", "tok_per_sec"),
    Column("energy_joules", N, "energy by the task's record, where it has one", "J", "record", "energy_joules"),
    Column("record", J, "train.json of the run, whole"),
    Column("result", J, "result.json of the run, whole"),
    Column("train_seconds", N, "wall time of training", "s"),
    Column("total_seconds", N, "wall time that the device was held", "s"),
    Column("queued_at", D, "when it was asked for"),
    Column("started_at", D, "when it was given its device"),
    Column("finished_at", D, "when its end was noted"),
), order=_EXPERIMENT_ORDER)  # fmt: skip

AGENTS = Table("agents", "somebody of the lab, as of now", (
    Column("name", T, "chief, junior-1 …: experiments.author, usage.agent"),
    Column("role", T, "name of its role"),
    Column("backend", T, "what sits in its pane: claude, codex, api, command, human, offline or replay"),
    Column("state", T, "starting, idle, working, waiting, stalled, crashed, paused or stopped"),
    Column("control", T, "who has its pane: agent, requested or human"),
    Column("state_since", D, "since when it is in its state"),
    Column("control_since", D, "since when they have it"),
    Column("program", T, "slug of the program that it works on"),
    Column("device", T, "device that its tries prefer"),
    Column("branch", T, "its branch in the program"),
    Column("controlled_by", T, "the person who has its pane"),
    Column("deaths", K, "how often in a row its process ended", "deaths"),
    Column("reason", T, "why it is in its state"),
    Column("cause", T, "what it waits for: permission, rate limit …"),
), order="name", left_out=(
    "branch_base", "control_note", "control_commit", "last_words", "died_at", "until", "session", "context", "heard_at",
    "prompted_at",
))  # fmt: skip

POOLS = Table("pools", "baseline runs of one tree, task, rung, budget and environment on one device model", (
    Column("id", K, "number of the pool"),
    Column("key", T, "digest of everything that makes two values comparable"),
    Column("tree", T, "the baseline as it is run", _SHA),
    Column("rung", K, "scale in the ladder, from 0"),
    Column("budget", T, "size of its runs"),
    Column("environment", T, "digest of evaluator, corpus and libraries"),
    Column("device_model", T, "device model of its runs"),
    Column("created_at", D, "when it was opened"),
))  # fmt: skip

POOL_SLOTS = Table("pool_slots", "the run that speaks for one seed of a pool now", (
    Column("pool", K, "pools.id"),
    Column("slot", K, "place of the seed, from 0"),
    Column("run", T, "runs.id that speaks for it"),
    Column("fresh", B, "run for this pool; else carried over from the merge that made the head"),
), order="pool, slot")  # fmt: skip

VERDICTS = Table("verdicts", "one look at a race or a re-check", (
    Column("id", K, "in the order of looks"),
    Column("experiment", T, "experiments.id"),
    Column("at", D, "when the lab looked"),
    Column("kind", T, "race or recheck"),
    Column("looks", K, "candidate runs × 100 + base runs that were there"),
    Column("verdict", T, "keep, discard or more"),
    Column("gain", N, "mean of the base less mean of the candidate, positive is better", "metric", "decision", "gain"),
    Column("se", N, "standard error of gain", "metric", "decision", "se"),
    Column("z", N, "gain over se as a normal deviate", "1", "decision", "z"),
    Column("e", N, "e-value; a keep needs 1/alpha", "1", "decision", "e"),
    Column("candidate_runs", K, "valid runs of the candidate", "runs", "decision", "candidate_runs"),
    Column("base_runs", K, "valid runs of the base", "runs", "decision", "base_runs"),
    Column("decision", J, "everything that the race said"),
))  # fmt: skip

STUDIES = Table("studies", "a planned set of runs that answers one question: curve, certificate, headline, noise …", (
    Column("id", T, "S and a number, in the order of requests"),
    Column("kind", T, "curve, sentinel, noise, certificate, headline, stack, ablation, rung, sweep or revert"),
    Column("subject", T, "what it is about: an experiment, a program, pool-7"),
    Column("state", T, "open, done, failed or cancelled"),
    Column("asked_by", T, "agent, person or office"),
    Column("asked_at", D, "when it was asked for"),
    Column("program", T, "slug of the program that pays for it"),
    Column("plan", J, "what was asked, as its kind has it"),
    Column("outcome", J, "what was found, as its kind has it"),
    Column("gain", N, "of certificates and headlines: by fresh runs, positive is better", "metric", "outcome", "gain"),
    Column("se", N, "standard error of gain", "metric", "outcome", "se"),
    Column("certified", B, "of certificates: may it be claimed", source="outcome", key="certified"),
    Column("reason", T, "its conclusion in words"),
    Column("done_at", D, "when it was settled"),
), order=_EXPERIMENT_ORDER)  # fmt: skip

MERGES = Table("merges", "a move of a head", (
    Column("id", K, "in the order of the ledger"),
    Column("experiment", T, "what is moved by it: experiments.id; of a stack its study, of a root its commit"),
    Column("program", T, "slug of its program; empty: the lab's own head"),
    Column("ref", T, "the branch that moves"),
    Column("old", T, "its commit before", _SHA),
    Column("new", T, "its commit after", _SHA),
    Column("tree", T, "the new head as it is run", _SHA),
    Column("state", T, "intent, done or dropped"),
    Column("kind", T, "merge, revert, stack or root"),
    Column("detail", J, "who and why, of a revert or a root"),
    Column("intended_at", D, "when the move was written down"),
    Column("done_at", D, "when the branch had moved"),
))  # fmt: skip

IDLE = Table("idle", "a stretch of time in which a device had no run", (
    Column("id", K, "in the order of noticing"),
    Column("device", T, "the device"),
    Column("since", D, "when it became idle"),
    Column("until", D, "when it got a run; empty: still idle"),
    Column("cause", T, "why"),
    Column("detail", T, "who paused, which limit, whose lock"),
))  # fmt: skip

USAGE = Table("usage", "one call of a model by an agent", (
    Column("key", T, "the provider's or transcript's id of the call"),
    Column("agent", T, "who called"),
    Column("at", D, "when"),
    Column("model", T, "name of the model"),
    Column("session", T, "conversation"),
    Column("program", T, "slug of the program that it worked on"),
    Column("input_tokens", K, "tokens read that were not in the cache", "tokens"),
    Column("output_tokens", K, "tokens written", "tokens"),
    Column("cache_read_tokens", K, "tokens read from the cache", "tokens"),
    Column("cache_write_tokens", K, "tokens written to the cache", "tokens"),
    Column("dollars", N, "cost; empty: the model has no price in the config", "USD"),
), order="at, key")  # fmt: skip

EVENTS = Table("events", "one change of state; only ever added", (
    Column("id", K, "in the order of the ledger"),
    Column("at", D, "when"),
    Column("kind", T, "what happened: experiment.merged, run.failed, agent.idle …"),
    Column("subject", T, "to what: E41, R7, junior-2, a program"),
    Column("actor", T, "who caused it: an agent, a person, office"),
    Column("detail", J, "the rest"),
    Column("organization", T, "digest of config, roles and prompts at that time"),
), grows=True)  # fmt: skip

CURVES = Table("curves", "one line of a run's metrics.jsonl", (
    Column("run", T, "runs.id"),
    Column("step", K, "steps done", "steps"),
    Column("steps", K, "steps planned, where the budget says", "steps"),
    Column("loss", N, "training loss of that step", "nats"),
    Column("train_seconds", N, "time spent in training so far", "s"),
    Column("tokens", N, "tokens seen so far", "tokens"),
    Column("flops", N, "FLOPs spent so far", "FLOP"),
    Column("tok_per_sec", N, "throughput so far", "tokens/s"),
    Column("lr_multiplier", N, "learning rate over its highest", "1"),
    Column("peak_memory_mb", N, "peak memory so far", "MB"),
    Column("more", J, "whatever else the task wrote into the line"),
), grows=True)  # fmt: skip

TABLES = (
    PROGRAMS, EXPERIMENTS, RUNS, AGENTS, POOLS, POOL_SLOTS, VERDICTS, STUDIES, MERGES, IDLE, USAGE, EVENTS, CURVES,
)  # fmt: skip
