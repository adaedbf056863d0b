"""The standup's page: questions and decisions for the person first, then what changed in numbers from the ledger, then
everybody's own words, then room for the person's. A number in an agent's prose is never copied into a table; silence is
recorded; what claims without naming a run is marked."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from org.comms import claims, reply, stacks
from org.comms.claims import Knows
from org.comms.figures import ended, gain, metric, plural, quoted, span, table
from org.model.agent import Agent, Control
from org.model.agent import State as AgentState
from org.model.experiment import IN_HEAD, VERDICTS, Experiment, State
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.standup import Section, Standup
from org.store import agents, mail, meta, reads, rows, steering
from org.store.tables import EXPERIMENTS, PROGRAMS, STANDUPS

LATE = "## Came late"
LINK = "[{}](../notebook/{}.md)"
SHOWN = 40  # of verdicts and of decisions: a page for ten minutes


@dataclass(frozen=True, slots=True)
class Around:
    """What the lab adds to the ledger's tables, each "" or empty where there is nothing to say. decisions: that wait for the
    person. care: what it says of its own measuring; brought: what the span brought and cost; a line each. outlook: forecast
    and fact, devices. quality, wrong: whose ideas were good, and which were not. knows: names of the ledger, for claims."""

    decisions: Sequence[str] = ()
    care: Sequence[str] = ()
    brought: Sequence[str] = ()
    outlook: str = ""
    quality: str = ""
    wrong: str = ""
    knows: Knows | None = None
    zone: tzinfo = UTC


def render(
    con: sqlite3.Connection, standup: Standup, sections: Sequence[Section], metric_name: str, now: datetime,
    sign: float = 1.0, around: Around | None = None,
) -> str:  # fmt: skip
    """The page of one day, without the person's reply. sign: +1 when lower is better."""
    around = around or Around()
    since = covers_since(con, standup)
    tail = "WHERE decided_at >= ? ORDER BY CAST(substr(id, 2) AS INTEGER)"
    decided = EXPERIMENTS.select(con, tail, rows.encode(since) if since else "")
    front = f"---\nstandup: {standup.id}\nday: {standup.day}\nwritten_at: {now:%Y-%m-%dT%H:%M:%SZ}\n---"
    parts = [
        f"{front}\n\n# Standup of {standup.day}",
        _note(con),
        _questions(con, around.zone),
        _decisions(around.decisions),
        _directions(con, around.zone),
        _summary(con, decided, since, metric_name, around),
        _programs(con, metric_name, sign),
        stacks.standing(con),
        around.outlook,
        around.quality,
        _sections(con, sections, around.knows),
        around.wrong,
        _verdicts(decided),
        _total(con),
    ]
    return reply.unheaded("\n\n".join(part for part in parts if part) + "\n")


def covers_since(con: sqlite3.Connection, standup: Standup) -> datetime | None:
    """The page before this day's; None: since the lab began."""
    before = STANDUPS.select(con, "WHERE day < ? AND written_at IS NOT NULL ORDER BY id DESC LIMIT 1", standup.day)
    return before[0].asked_at if before else None


def _note(con: sqlite3.Connection) -> str:
    lines = [f"> **Note:** {_line(note)}" for note in (meta.get(con, "root_note"), meta.get(con, "disk_low")) if note]
    paused = meta.get(con, "paused")
    if paused:
        lines.append(f"> **The lab is paused:** {_line(paused)} `org resume` lets it go on.")
    frozen = meta.get(con, "frozen")
    if frozen:
        lines.append(f"> **Nothing is merged:** {json.loads(frozen)['reason']}; the pool is measured anew.")
    return "\n".join(lines)


def _questions(con: sqlite3.Connection, zone: tzinfo) -> str:
    found = mail.open_questions(con)
    if not found:
        return "## Questions to you\n\nNone."
    lines = [
        f"- **{q.asker}** asks: {_line(q.text)}"
        + (f" (default at {_time(q.due_at, zone)}: {_line(q.default_answer or '')})" if q.due_at else "")
        + f" — `org reply {q.id} \"…\"`"
        for q in found
    ]  # fmt: skip
    return "## Questions to you\n\n" + "\n".join(lines)


def _decisions(due: Sequence[str]) -> str:
    if not due:
        return ""
    lines = [f"- {_line(line)}" for line in due[:SHOWN]]
    more = [f"- {len(due) - SHOWN} more: `org status`"] if len(due) > SHOWN else []
    return "## Decisions for you\n\n" + "\n".join(lines + more)


def _line(words: str) -> str:
    """Words that others wrote, within one line of the page."""
    return " ".join(words.split())


def _time(at: datetime, zone: tzinfo, form: str = "%H:%M") -> str:
    return f"{at.astimezone(zone):{form} %Z}"


def _directions(con: sqlite3.Connection, zone: tzinfo) -> str:
    """What a person wants, and who has not said what it does about it."""
    lines = [
        f"- **{d.target}** ({_time(d.at, zone, '%m-%d %H:%M')}): {_line(d.text)} — "
        + (f"no answer yet from {', '.join(d.unanswered)}" if d.unanswered else "answered")
        for d in steering.standing(con)
    ]
    return "## Your directions in force\n\n" + "\n".join(lines) if lines else ""


def _summary(con: sqlite3.Connection, decided: list[Experiment], since: datetime | None, metric_name: str, around: Around) -> str:
    totals = reads.totals(con, since)
    merged = [e for e in decided if e.state in IN_HEAD]
    span_words = f"since {_time(since, around.zone, '%Y-%m-%d %H:%M')}" if since else "since the lab began"
    tries = reads.scratch_runs(con, since)
    lines = [
        f"{plural(len(decided), 'verdict').capitalize()} {span_words}: {plural(len(merged), 'merge')}"
        + "".join(f", {n} {s.value.replace('_', ' ')}" for s, n in _other_states(decided)) + ".",
        f"{plural(totals.proposed, 'experiment').capitalize()} proposed, {plural(tries, 'scratch run')} by `org try`; "
        f"{ended(totals.runs, totals.failed_runs)}.",
        *around.brought,
        _largest(con, decided, merged, metric_name),
        *around.care,
    ]  # fmt: skip
    return "## What changed\n\n" + "\n".join(f"- {line}" for line in lines)


def _largest(con: sqlite3.Connection, decided: list[Experiment], merged: list[Experiment], metric_name: str) -> str:
    best = max(merged, key=lambda e: e.gain or 0.0, default=None)
    if best is None:
        return "Nothing beat its base. That is a result: what was tried stands below." if decided else "No race has ended yet."
    together = stacks.with_(con, best.id)  # then its own gain is nothing to report
    told = f"{together.study}: {together.words}" if together else f"{gain(best.gain)} {metric_name} after shrinking"
    return f"Largest gain merged: {link(best.id)} ({_line(best.subject)}), {told}."


def _other_states(decided: list[Experiment]) -> list[tuple[State, int]]:
    return Counter(e.state for e in decided if e.state not in IN_HEAD).most_common()


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
    """Those that were kept, then those that came nearest."""
    if not decided:
        return ""
    shown = sorted(decided, key=lambda e: (e.state not in IN_HEAD, -(e.measured_gain if e.measured_gain is not None else -1e9)))
    head = ("", "what", "by", "verdict", "measured", "shrunk", "runs", "why")
    body = [_verdict_row(e) for e in shown[:SHOWN]]
    more = f"\n\n{len(decided) - SHOWN} more: `org results`." if len(decided) > SHOWN else ""
    return "## Verdicts\n\n" + table(head, body) + more


def _verdict_row(e: Experiment) -> Sequence[object]:
    told = e.decision
    why = e.reason.splitlines()[0] if e.reason else ""
    state = e.state.value.replace("_", " ")
    return link(e.id), e.subject, e.author, state, gain(e.measured_gain), gain(e.gain), told.get("candidate_runs", "–"), why


def link(id: str) -> str:
    """An experiment's name that leads to its page of the notebook."""
    return LINK.replace("{}", id)


def _sections(con: sqlite3.Connection, sections: Sequence[Section], knows: Knows | None) -> str:
    said = {section.agent: section.body for section in sections}
    here = [a for a in agents.everyone(con) if a.state is not AgentState.STOPPED or a.name in said]
    everyone = sorted(here, key=lambda a: (not a.role.startswith("chief"), a.name))
    text = "\n\n".join(_section(agent, said.get(agent.name), knows) for agent in everyone)
    legend = f"\n\n{claims.LEGEND}" if claims.MARK in text else ""
    return f"## In their own words\n\n{text}{legend}"


def _section(agent: Agent, body: str | None, knows: Knows | None) -> str:
    held = f" (a person has its pane: {_line(agent.controlled_by or 'human')})" if agent.control is not Control.AGENT else ""
    words = _words(body, knows) if body else "No answer in time."
    what = "The chief's digest" if agent.role.startswith("chief") else agent.name
    return f"### {what}{held}\n\n{words}"


def _words(body: str, knows: Knows | None) -> str:
    return quoted(claims.marked(body, knows) if knows else body)


def _total(con: sqlite3.Connection) -> str:
    totals = reads.totals(con)
    return (
        "## In all\n\n"
        f"{plural(totals.proposed, 'experiment').capitalize()} proposed, {plural(totals.verdicts, 'verdict')}, "
        f"{plural(totals.merged, 'merge')}, {plural(totals.runs, 'run')}, {span(totals.device_seconds)} of device time."
        + _certified(con)
    )


def _certified(con: sqlite3.Connection) -> str:
    merged = reads.merged_count(con)
    certified = EXPERIMENTS.count(con, "WHERE state = 'certified'")
    return f"\n\ncertified: {certified} of {plural(merged, 'merge')}" if merged else ""


def with_late(
    text: str, standup: Standup, late: Sequence[Section], knows: Knows | None = None, zone: tzinfo = UTC
) -> str:  # fmt: skip
    """The page as it was written, with these sections at its end, before the person's reply. One that it holds already is not
    added again."""
    page, own = reply.split(text)
    page = page or f"# Standup of {standup.day}\n"  # somebody took the page away: their words are still theirs
    words = [f"### {s.agent}, {_time(s.received_at, zone, '%m-%d %H:%M:%S')}\n\n{_words(s.body, knows)}" for s in late]
    plain = claims.unmarked(f"{page}\n\n")
    new = [block for block in words if f"\n{claims.unmarked(block)}\n\n" not in plain]
    if not new:
        return text
    head = [] if f"\n{LATE}\n" in page else [LATE]
    return reply.joined("\n\n".join([page.rstrip("\n"), *head, *new]) + "\n", own)
