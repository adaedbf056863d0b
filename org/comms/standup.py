"""The standup's page: questions to the person first, then what changed in numbers from the ledger, then everybody's own
words. A number in an agent's prose is never copied into a table; silence is recorded."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from org.comms import stacks
from org.comms.figures import gain, metric, plural, quoted, span, table
from org.model.agent import Agent, Control
from org.model.agent import State as AgentState
from org.model.experiment import IN_HEAD, VERDICTS, Experiment, State
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.standup import Section, Standup
from org.store import agents, mail, meta, reads, steering
from org.store.tables import EXPERIMENTS, PROGRAMS, STANDUPS

LATE = "## Came late"


def render(
    con: sqlite3.Connection, standup: Standup, sections: Sequence[Section], metric_name: str, now: datetime,
    sign: float = 1.0, outlook: str = "", care: Sequence[str] = (),
) -> str:  # fmt: skip
    """The page of one day. sign: +1 when lower is better. outlook: the section that compares forecast and fact. care: what
    the lab says of its own measuring (screen, drift), a line each."""
    since = covers_since(con, standup)
    decided = [e for e in reads.experiments(con) if e.decided_at is not None and _after(e.decided_at, since)]
    front = f"---\nstandup: {standup.id}\nday: {standup.day}\nwritten_at: {now:%Y-%m-%dT%H:%M:%SZ}\n---"
    parts = [
        f"{front}\n\n# Standup of {standup.day}",
        _note(con),
        _questions(con),
        _directions(con),
        _summary(con, decided, since, metric_name, care),
        _programs(con, metric_name, sign),
        stacks.standing(con),
        _verdicts(decided),
        outlook,
        _sections(con, sections),
        _total(con),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def covers_since(con: sqlite3.Connection, standup: Standup) -> datetime | None:
    """The page before this day's; None: since the lab began."""
    before = STANDUPS.select(con, "WHERE day < ? AND written_at IS NOT NULL ORDER BY id DESC LIMIT 1", standup.day)
    return before[0].asked_at if before else None


def _after(at: datetime, since: datetime | None) -> bool:
    return since is None or at >= since


def _note(con: sqlite3.Connection) -> str:
    lines = [f"> **Note:** {note}" for note in (meta.get(con, "root_note"), meta.get(con, "disk_low")) if note]
    paused = meta.get(con, "paused")
    if paused:
        lines.append(f"> **The lab is paused:** {paused}")
    frozen = meta.get(con, "frozen")
    if frozen:
        lines.append(f"> **Nothing is merged:** {json.loads(frozen)['reason']}; the pool is measured anew.")
    return "\n".join(lines)


def _questions(con: sqlite3.Connection) -> str:
    found = mail.open_questions(con)
    if not found:
        return "## Questions to you\n\nNone."
    lines = [
        f"- **{q.asker}** asks: {q.text}" + (f" (default at {q.due_at:%H:%M} UTC: {q.default_answer})" if q.due_at else "")
        + f" — `org reply {q.id} \"…\"`"
        for q in found
    ]  # fmt: skip
    return "## Questions to you\n\n" + "\n".join(lines)


def _directions(con: sqlite3.Connection) -> str:
    """What a person wants, and who has not said what it does about it."""
    lines = [
        f"- **{d.target}** ({d.at:%m-%d %H:%M} UTC): {' '.join(d.text.split())} — "
        + (f"no answer yet from {', '.join(d.unanswered)}" if d.unanswered else "answered")
        for d in steering.standing(con)
    ]
    return "## Your directions in force\n\n" + "\n".join(lines) if lines else ""


def _summary(
    con: sqlite3.Connection, decided: list[Experiment], since: datetime | None, metric_name: str, care: Sequence[str]
) -> str:
    totals = reads.totals(con, since)
    merged = [e for e in decided if e.state in IN_HEAD]
    span_words = f"since {since:%Y-%m-%d %H:%M} UTC" if since else "since the lab began"
    best = max(merged, key=lambda e: e.gain or 0.0, default=None)
    lines = [
        f"{plural(len(decided), 'verdict')} {span_words}: {plural(len(merged), 'merge')}, "
        + ", ".join(f"{n} {s.value.replace('_', ' ')}" for s, n in _other_states(decided)) + ".",
        f"{plural(totals.runs, 'run')} ended, {totals.failed_runs} of them without a value; "
        f"{span(totals.device_seconds)} of device time.",
    ]  # fmt: skip
    if best is not None:
        together = stacks.with_(con, best.id)  # then its own gain is nothing to report
        told = f"{together.study}: {together.words}" if together else f"{gain(best.gain)} {metric_name} after shrinking"
        lines.append(f"Largest gain merged: {best.id} ({best.subject}), {told}.")
    elif decided:
        lines.append("Nothing beat its base today. That is a result: what was tried is in the table below.")
    else:
        lines.append("No race has ended yet.")
    return "## What changed\n\n" + "\n".join(f"- {line}" for line in (*lines, *care))


def _other_states(decided: list[Experiment]) -> list[tuple[State, int]]:
    counts = Counter(e.state for e in decided if e.state not in IN_HEAD)
    return counts.most_common() or [(State.DISCARDED, 0)]


def _programs(con: sqlite3.Connection, metric_name: str, sign: float) -> str:
    shown = [p for p in PROGRAMS.select(con, "ORDER BY opened_at") if p.state is not ProgramState.BACKLOG]
    if not shown:
        return "## Programs\n\nNone is open."
    head = ("program", "state", "verdicts", "merged", f"root {metric_name}", f"head {metric_name}", "head on fresh seeds")
    return (
        "## Programs\n\n"
        + table(head, [_program_row(con, p, sign) for p in shown])
        + ("\n\nRoot and head are means of their pools: runs that also selected. Fresh seeds decide what is claimed.")
    )


def _program_row(con: sqlite3.Connection, program: Program, sign: float) -> Sequence[object]:
    tries = EXPERIMENTS.select(con, "WHERE program = ?", program.slug)
    decided = [e for e in tries if e.state in VERDICTS]
    at = reads.head_tree(con, program.slug)
    start = reads.root_tree(con, program.slug) or (tries[0].base_tree if tries else None)
    root = _pool_mean(con, start) if start else None
    head = _pool_mean(con, at) if at else root
    state = program.state.value + (f": {program.reason}" if program.reason else "")
    pairs = reads.fresh_pairs(con, program.slug, start, at) if start and at else []
    merged = sum(e.state in IN_HEAD for e in tries)
    return program.title, state, len(decided), merged, metric(root), metric(head), _fresh(pairs, sign)


def _fresh(pairs: Sequence[tuple[float, float]], sign: float) -> str:
    """What fresh seeds say of head against root; they selected nothing."""
    if not pairs:
        return "not measured"
    gains = [sign * (root - head) for root, head in pairs]
    better = sum(g > 0 for g in gains)
    return f"{gain(sum(gains) / len(gains))} on average, better on {better} of {len(gains)}"


def _pool_mean(con: sqlite3.Connection, tree: str) -> float | None:
    found = [pool.values for pool in reads.all_pool_values(con) if pool.tree == tree]
    return sum(found[-1]) / len(found[-1]) if found else None


def _verdicts(decided: list[Experiment]) -> str:
    if not decided:
        return ""
    head = ("", "what", "by", "verdict", "measured", "shrunk", "runs", "why")
    body = [_verdict_row(e) for e in decided]
    return "## Verdicts\n\n" + table(head, body)


def _verdict_row(e: Experiment) -> Sequence[object]:
    told = e.decision
    why = e.reason.splitlines()[0] if e.reason else ""
    page, state = f"[{e.id}](../notebook/{e.id}.md)", e.state.value.replace("_", " ")
    return page, e.subject, e.author, state, gain(e.measured_gain), gain(e.gain), told.get("candidate_runs", "–"), why


def _sections(con: sqlite3.Connection, sections: Sequence[Section]) -> str:
    said = {section.agent: section.body for section in sections}
    here = [a for a in agents.everyone(con) if a.state is not AgentState.STOPPED or a.name in said]
    everyone = sorted(here, key=lambda a: (not a.role.startswith("chief"), a.name))
    return "## In their own words\n\n" + "\n\n".join(_section(agent, said.get(agent.name)) for agent in everyone)


def _section(agent: Agent, body: str | None) -> str:
    held = f" (a person has its pane: {agent.controlled_by})" if agent.control is not Control.AGENT else ""
    words = quoted(body) if body else "No answer in time."
    what = "The chief's digest" if agent.role.startswith("chief") else agent.name
    return f"### {what}{held}\n\n{words}"


def _total(con: sqlite3.Connection) -> str:
    totals = reads.totals(con)
    return (
        "## In all\n\n"
        f"{plural(totals.proposed, 'experiment')} proposed, {plural(totals.verdicts, 'verdict')}, "
        f"{plural(totals.merged, 'merge')}, {plural(totals.runs, 'run')}, {span(totals.device_seconds)} of device time."
        + _certified(con)
    )


def _certified(con: sqlite3.Connection) -> str:
    merged = reads.merged_count(con)
    certified = EXPERIMENTS.count(con, "WHERE state = 'certified'")
    return f"\n\ncertified: {certified} of {plural(merged, 'merge')}" if merged else ""


def with_late(text: str, standup: Standup, late: Sequence[Section]) -> str:
    """The page as it was written, with these sections at its end. One that it holds already is not added again."""
    text = text or f"# Standup of {standup.day}\n"  # somebody took the page away: their words are still theirs
    words = [f"### {s.agent}, {s.received_at:%m-%d %H:%M:%S} UTC\n\n{quoted(s.body)}" for s in late]
    new = [block for block in words if f"\n{block}\n\n" not in f"{text}\n"]
    if not new:
        return text
    head = [] if f"\n{LATE}\n" in text else [LATE]
    return "\n\n".join([text.rstrip("\n"), *head, *new]) + "\n"
