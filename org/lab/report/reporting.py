"""org report: what a span of time brought, from the ledger and the standups of that span. As blocks: Markdown, pictures and
folded pages, which a renderer turns into one text. Every number comes from a run, a verdict or a call; prose is quoted."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from org.comms import front_matter, notebook, reply
from org.comms.figures import ended, gain, metric, plural, table
from org.comms.standup import LINK, link
from org.config import timezone
from org.lab import pictures
from org.lab.guiding import decisions
from org.lab.lab import Lab
from org.lab.report import numbers, quality
from org.model.experiment import IN_HEAD, Experiment
from org.model.message import Question
from org.model.study import Study
from org.plots import kinds, progress
from org.plots.svg import Drawing
from org.store import mail, meta, programs, reads, rows
from org.store.tables import EXPERIMENTS, STANDUPS

PAGES = 120  # notebook pages that a report takes in, the kept ones first
ROWS = 60  # of the table of verdicts, the kept ones first


@dataclass(frozen=True, slots=True)
class Markdown:
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """command: what a person types for it, where pictures cannot be shown."""

    drawing: Drawing
    caption: str
    command: str


@dataclass(frozen=True, slots=True)
class Folded:
    """Markdown that is opened by its title. instead: what stands for it where nothing can be opened; "": the text itself.
    anchor: of a page of the notebook, the name under which others link to it."""

    title: str
    text: str
    instead: str = ""
    anchor: str = ""


Block = Markdown | Picture | Folded


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    blocks: tuple[Block, ...]


def of(lab: Lab, since: datetime, now: datetime) -> Report:
    """From since until now (aware)."""
    zone = timezone(lab.config)
    con = lab.ledger.reader
    decided = numbers.decided(con, since)
    certificates = numbers.certificates(con, since)
    title = f"Lab {lab.config.lab}: {since.astimezone(zone):%Y-%m-%d %H:%M} to {now.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"
    texts = [
        _notes(con), _questions(mail.open_questions(con)), _decisions(decisions.of_person(lab, con)),
        _numbers(lab, con, decided, since, now), _programs(lab, con),
    ]  # fmt: skip
    blocks: list[Block] = [Markdown(text) for text in texts if text]
    blocks += _pictures(lab, since, now)
    tables = (
        _certified(certificates, con),
        _verdicts(decided),
        quality.page(lab, con, decided, "Verdicts of this time"),
        quality.wrong_turns(decided, LINK),
    )
    blocks += [Markdown(text) for text in tables if text]
    blocks += _standups(con, since)
    blocks += _pages(lab, con, decided)
    return Report(title, tuple(blocks))


def _notes(con: sqlite3.Connection) -> str:
    facts = {"Note": "root_note", "Disk": "disk_low", "The lab is paused": "paused"}
    told = [(name, meta.get(con, key)) for name, key in facts.items()]  # type: ignore[arg-type]
    return "\n".join(f"> **{name}:** {words}\n" for name, words in told if words)


def _questions(found: Sequence[Question]) -> str:
    lines = [
        f"- **{q.asker}** asks: {' '.join(q.text.split())}"
        + (f" Without an answer: {q.default_answer}." if q.default_answer else "") + f" `org reply {q.id} \"…\"`"
        for q in found
    ]  # fmt: skip
    return "## Questions to you\n\n" + ("\n".join(lines) or "None.")


def _decisions(due: Sequence[str]) -> str:
    lines = [f"- {quality.one_line(line)}" for line in due[:ROWS]]
    return "## Decisions for you\n\n" + "\n".join(lines) if lines else ""


def _numbers(lab: Lab, con: sqlite3.Connection, decided: Sequence[Experiment], since: datetime, now: datetime) -> str:
    totals = reads.totals(con, since)
    kept = [e for e in decided if e.state in IN_HEAD]
    given = [s for s in numbers.certificates(con, since) if s.outcome.get("certified")]
    words = [
        f"**{plural(totals.proposed, 'proposal')}**, {plural(len(decided), 'verdict')}, {plural(len(kept), 'merge')}, "
        f"{plural(len(given), 'certificate')}.",
        f"{ended(totals.runs, totals.failed_runs).capitalize()}.",
        *numbers.of(lab, con, since, now),
    ]
    return "## In numbers\n\n" + "\n".join(f"- {line}" for line in words)


def _programs(lab: Lab, con: sqlite3.Connection) -> str:
    """Where every program stands today."""
    body = []
    for program in programs.in_order(con):
        if program.opened_at is None:
            continue
        found = progress.read(con, lab.config.task.metric, lab.config.task.direction == "higher", program.slug)
        fresh = f"{gain(found.fresh.gain)} ± {found.fresh.se:.4f} ({found.fresh.seeds} seeds)" if found.fresh else "not measured"
        merged = sum(d.kind in (kinds.MERGED, kinds.CERTIFIED) for d in found.dots)
        body.append((program.title, program.state.value, len(found.dots), merged, metric(found.root), metric(found.head), fresh))
    if not body:
        return "## Programs\n\nNone was opened yet."
    head = ("program", "state", "verdicts", "merged", "root", "head", "head against root, fresh seeds")
    return "## Programs\n\n" + table(head, body) + "\n\nRoot and head are means of runs that also selected."


def _pictures(lab: Lab, since: datetime, now: datetime) -> list[Block]:
    """Those that have something to show."""
    head, gains = pictures.progress_of(lab), pictures.effects_of(lab)
    curve, devices = pictures.compute_of(lab), pictures.devices_of(lab, now, since)
    offered = [
        (head.numbers.dots, head, "Progress of the whole lab, from its beginning.", "org plot progress"),
        (gains.numbers.effects, gains, "Effects with their intervals.", "org plot effects"),
        (curve.numbers.base, curve, "Loss against compute.", "org plot compute"),
        (devices.numbers.rows, devices, "What the devices did.", "org plot devices"),
    ]
    return [Picture(plot.drawing(), caption, command) for there, plot, caption, command in offered if there]


def _certified(found: Sequence[Study], con: sqlite3.Connection) -> str:
    if not found:
        return ""
    body = []
    for s in found:
        e, told = EXPERIMENTS.get(con, s.subject), s.outcome
        ending = "certified" if told.get("certified") else "not certified"
        measured, quoted = f"{gain(told['gain'])} ± {told['se']:.4f}", gain(told["shrunk_gain"])
        body.append(
            (link(e.id), e.subject, ending, measured, quoted, f"{told['e']:.3g}", f"{told['needed']:.3g}", e.label or "–")
        )
    head = ("", "what", "", "fresh gain", "to quote", "e", "needs", "label")
    return "## Certificates\n\n" + table(head, body)


def _verdicts(decided: Sequence[Experiment]) -> str:
    if not decided:
        return "## Verdicts\n\nNone in this time."
    counts = ", ".join(f"{n} {s.value.replace('_', ' ')}" for s, n in Counter(e.state for e in decided).most_common())
    shown = sorted(decided, key=_importance)[:ROWS]
    head = ("", "what", "by", "verdict", "measured", "shrunk", "label")
    body = [
        (link(e.id), e.subject, e.author, e.state.value.replace("_", " "), gain(e.measured_gain), gain(e.gain), e.label or "–")
        for e in shown
    ]
    more = f"\n\n{len(decided) - len(shown)} more: `org results`." if len(shown) < len(decided) else ""
    return f"## Verdicts\n\n{counts}.\n\n" + table(head, body) + more


def _importance(e: Experiment) -> tuple[bool, float]:
    """What was kept first, then what looked best; what has no value last."""
    return e.state not in IN_HEAD, -(e.measured_gain if e.measured_gain is not None else -1e9)


def _standups(con: sqlite3.Connection, since: datetime) -> list[Block]:
    found = STANDUPS.select(con, "WHERE written_at >= ? ORDER BY id", rows.encode(since))
    newest = {standup.day: Path(standup.path) for standup in found}  # of one day the last page speaks
    pages = [(day, _page(path)) for day, path in newest.items() if path.exists()]
    return [Markdown("## Standups"), *(Folded(f"Standup of {day}", text) for day, text in pages)] if pages else []


def _page(path: Path) -> str:
    """Without room for a reply that nobody wrote."""
    text = front_matter.without(path.read_text(encoding="utf-8", errors="replace"))
    return text if reply.is_touched(text) else reply.split(text)[0]


def _pages(lab: Lab, con: sqlite3.Connection, decided: Sequence[Experiment]) -> list[Block]:
    linked = {e.id for e in quality.most_wrong(decided)}
    ranked = sorted(decided, key=_importance)
    chosen = [*ranked[:PAGES], *(e for e in ranked[PAGES:] if e.id in linked)]
    if not chosen:
        return []
    told = f"{plural(len(chosen), 'page')}, the kept ones first" + (f", of {len(decided)}" if len(chosen) < len(decided) else "")
    pages = [
        Folded(_page_title(e), notebook.render(con, e.id, lab.config.task.metric, lab.sign), f"`org show {e.id}`", e.id)
        for e in chosen
    ]
    return [Markdown(f"## Notebook\n\n{told}."), *pages]


def _page_title(e: Experiment) -> str:
    return f"{kinds.of(e.state).symbol} {e.id} · {e.subject} · {e.state.value.replace('_', ' ')}"
