"""The notebook: one Markdown page per experiment, written from the ledger. Hypothesis and prediction are the author's
words; every number comes from a run or a decision."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from org.comms import parts as its_parts
from org.comms import rungs, stacks
from org.comms.figures import gain, metric, plural, span, table
from org.model.experiment import IN_HEAD, Claim, Experiment, State
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.science.labels import Label, may_be_claimed
from org.store import events, meta, reads, runs
from org.store.tables import EXPERIMENTS, IDEAS

WORDS = {
    State.DISCARDED: "Discarded",
    State.MERGED: "Merged into its program's head",
    State.CONFIRMED: "Merged, and confirmed at a larger scale",
    State.FAILED_TRANSFER: "Merged, but it did not hold at a larger scale",
    State.BETTER: "Better than its base",
    State.QUEUED: "Better than its base; waits for the merge",
    State.NOT_MERGED: "Better than its base, but not merged",
    State.FAILED: "Failed",
    State.INVALID: "Invalid: its runs do not measure what they claim",
    State.PARKED: "Cannot tell yet; parked",
    State.CONFLICT: "Better than its base, but in conflict with the moved head",
    State.RACING: "Racing",
    State.SCREENING: "Screened with a short run, before it may race",
    State.REVERTED: "Taken out of the head again",
    State.REOPENED: "Reopened: races again",
}


def render(con: sqlite3.Connection, id: str, metric_name: str, sign: float) -> str:
    """The page of one experiment. sign: +1 when lower is better."""
    e = EXPERIMENTS.get(con, id)
    parts = [
        _title(e),
        _note(con),
        _verdict(e, metric_name),
        _words(con, e),
        _screen(con, e, metric_name),
        _runs(con, e, metric_name, sign),
    ]
    parts += [_evidence(e.decision), rungs.text(rungs.of(con, id), metric_name), *_after(con, id), _code(e), _history(con, e)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _after(con: sqlite3.Connection, id: str) -> tuple[str, str]:
    """What was asked of it since, and where it stands."""
    return its_parts.section(con, id), stacks.section(con, id)


def _title(e: Experiment) -> str:
    return f"# {e.id} · {e.subject}\n\n{e.program} · {e.author} · {_time(e.created_at)} · claim: {e.claim.value}" + (
        f" (not worse by more than {e.margin:g})" if e.claim is Claim.SIMPLIFY else ""
    )


def _note(con: sqlite3.Connection) -> str:
    note = meta.get(con, "root_note")
    return f"**Note:** {note}" if note else ""


def _verdict(e: Experiment, metric_name: str) -> str:
    words = WORDS.get(e.state, e.state.value.replace("_", " ").capitalize())
    lines = [f"## {words}", e.reason or "Nothing is decided yet."]
    if e.decided_at is not None and e.decision.get("candidate_runs"):
        d = e.decision
        lines.append(
            f"Gain {gain(e.measured_gain)} {metric_name} as measured (positive is better), {gain(e.gain)} after shrinking; "
            f"probability that there is none: {d['p_not_positive']:.2g}. "
            f"{plural(d['candidate_runs'], 'run')} of the candidate, {d['base_runs']} of its base."
        )
    if e.label_detail.get("reason"):
        lines.append(f"**Label:** {e.label_detail['reason']}.{_claim(e)}")
    elif e.state is State.QUEUED:
        lines.append("**Label:** not known yet: runs of its base at other budgets are asked for; it is merged after them.")
    return "\n\n".join(lines)


def _claim(e: Experiment) -> str:
    """Merged is one thing, claimed another."""
    if e.state not in IN_HEAD or (e.label and may_be_claimed(Label(e.label))):
        return ""
    return " It is in the head, and no claim about learning is made for it."


def _words(con: sqlite3.Connection, e: Experiment) -> str:
    predicted = f" In numbers: {gain(e.predicted_gain)}." if e.predicted_gain is not None else ""
    text = f"## Hypothesis\n\n{e.because}\n\n**Prediction.** {e.predict}{predicted}"
    if e.idea is not None:
        idea = IDEAS.get(con, e.idea)
        text += f"\n\nFrom idea {idea.id} by {idea.author}: {idea.text}"
    return text


def _screen(con: sqlite3.Connection, e: Experiment, metric_name: str) -> str:
    """What the short run before the race said; its values enter no verdict."""
    mine = reads.candidate_runs(con, e.id, Purpose.SCREEN)
    if not mine:
        return ""
    s = e.screen
    said = [f"**{s['outcome'].capitalize()}:** {s['reason']}."] if s else ["Not judged yet."]
    if s:
        said.append(f"The screen then: {s['standing']}. Nothing of it enters the race's evidence.")
    base = reads.pool_runs(con, e.screen_pool) if e.screen_pool is not None else []
    rows = [_screen_row("candidate", r) for r in mine] + [_screen_row("base", r) for r in base]
    return "## Screen\n\n" + " ".join(said) + "\n\n" + table(("", "seed", "run", metric_name, "device", "end"), rows)


def _screen_row(arm: str, run: Run) -> Sequence[object]:
    end = f"{run.state.value}: {run.reason}" if run.reason else run.state.value
    return arm, run.seed, run.id, metric(run.metric), run.device or "–", end


def _runs(con: sqlite3.Connection, e: Experiment, metric_name: str, sign: float) -> str:
    mine = [r for r in runs.of_experiment(con, e.id) if r.purpose in (Purpose.RACE, Purpose.RECHECK)]
    pools = dict.fromkeys(r.pool for r in mine if r.pool is not None)  # a re-check has the moved head's own pool
    base = {(pool, r.slot): r for pool in pools for r in reads.pool_runs(con, pool)}
    if not mine:
        return ""
    head = ("seed", "run", "what", metric_name, "base", "difference", "device", "train", "steps", "end")
    rows = [_run_row(r, base.get((r.pool or 0, r.slot)), sign) for r in mine]
    lines = [_base_line(pool, [r for (of, _), r in base.items() if of == pool]) for pool in pools]
    return "## Runs\n\n" + table(head, rows) + "".join(lines)


def _run_row(run: Run, base: Run | None, sign: float) -> Sequence[object]:
    paired = run.metric is not None and base is not None and base.metric is not None
    difference = gain(sign * (base.metric - run.metric)) if paired else "–"  # type: ignore[union-attr,operator]
    end = run.state.value if run.state is RunState.SUCCEEDED or not run.reason else f"{run.state.value}: {run.reason}"
    return (
        run.seed, run.id, run.purpose.value, metric(run.metric), metric(base.metric if base else None), difference,
        run.device or "–", span(run.train_seconds) if run.train_seconds else "–", run.record.get("steps", "–"),
        end + (" (self-reported score)" if run.result.get("self_reported") else ""),
    )  # fmt: skip


def _base_line(pool: int, base: Sequence[Run]) -> str:
    values = sorted(r.metric for r in base if r.metric is not None)
    if not values:
        return ""
    mean = sum(values) / len(values)
    return f"\n\nBase (pool {pool}): {plural(len(values), 'run')}, mean {mean:.4f}, from {values[0]:.4f} to {values[-1]:.4f}."


def _evidence(d: dict[str, Any]) -> str:
    if not d.get("candidate_runs"):
        return ""
    rows = [
        ("difference of means", gain(d["gain"]), f"± {d['se']:.4f} (standard error)"),
        ("σ between runs", f"{d['sigma']:.4f}", f"{d['df']:.0f} degrees of freedom"),
        ("z", f"{d['z']:.2f}", f"bar {d['bar']:g} for going on"),
        ("e from the pool", f"{d['e_pool']:.3g}", "1 = no evidence"),
        ("e from same-seed pairs", f"{d['e_pair']:.3g}", f"{d['pairs']} pairs"),
        ("e", f"{d['e']:.3g}", "average of both; a keep needs 1/α"),
    ]
    return "## Evidence\n\n" + table(("", "value", ""), rows)


def _code(e: Experiment) -> str:
    merged = f"\n- merged as `{e.merged_commit[:12]}`" if e.merged_commit else ""
    return (
        f"## Code\n\n- `git diff {e.base_commit[:12]} {e.tip_commit[:12]}` (+{e.lines_added} −{e.lines_removed} lines)\n"
        f"- base tree as run `{e.base_tree[:12]}`, candidate `{e.run_tree[:12]}`{merged}"
    )


def _history(con: sqlite3.Connection, e: Experiment) -> str:
    lines = [
        f"- {_time(event.at)} {event.kind.removeprefix('experiment.').replace('_', ' ')}"
        + (f" by {event.actor}" if event.actor not in ("office", "") else "")
        for event in events.latest(con, 100, e.id)
    ]
    return "## History\n\n" + "\n".join(lines)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
