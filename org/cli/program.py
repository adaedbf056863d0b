"""`org program`: new, list, show, assign, pause, resume, close."""

import sqlite3
from pathlib import Path

import click

from org.cli import context
from org.lab import briefs, programs, stops
from org.lab.stops import Stop
from org.model.experiment import IN_HEAD, VERDICTS, Experiment
from org.model.program import Program
from org.store import experiments
from org.store.tables import AGENTS, PROGRAMS


@click.group()
def command() -> None:
    """Programs: a research question with a branch and a head."""


@command.command()
@click.argument("brief", type=click.Path(path_type=Path))
@click.option("--backlog", is_flag=True, help="Note it only; do not open it.")
@click.pass_context
def new(ctx: click.Context, brief: Path, backlog: bool) -> None:
    """Open a program from BRIEF (a file, or the name of a shipped brief)."""
    lab = context.lab(ctx)
    path = brief if brief.exists() else lab.prompts / "programs" / f"{brief.name.removesuffix('.md')}.md"
    read = briefs.read(path)
    with lab.ledger.transaction() as tx:
        program = programs.note(tx, read, lab.config.task.editable, context.actor(), context.now())
    click.echo(f"program {program.slug} is in the backlog: {program.title}")
    if not backlog:
        context.request(lab, "program", what="open", slug=program.slug)


@command.command(name="list")
@context.json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """All programs."""
    con = context.lab(ctx).ledger.reader
    found = PROGRAMS.select(con, "ORDER BY created_at, slug")
    juniors = {p.slug: ", ".join(a.name for a in AGENTS.select(con, "WHERE program = ?", p.slug)) for p in found}
    counts = {p.slug: _counts(con, p) for p in found}
    rows = [(p.slug, p.state.value, *counts[p.slug], juniors[p.slug] or "–", p.title) for p in found]
    head = ("program", "state", "verdicts", "merged", "agents", "title")
    context.emit(found, as_json, lambda: context.columns(rows, head) if rows else "no program yet; `org program new BRIEF.md`")


@command.command()
@click.argument("slug")
@context.json_option
@click.pass_context
def show(ctx: click.Context, slug: str, as_json: bool) -> None:
    """One program: its brief, head and experiments."""
    con = context.lab(ctx).ledger.reader
    program = PROGRAMS.get(con, slug)
    tries = experiments.of_program(con, slug)
    stop = stops.of(con, program)
    shown = {"program": program, "stop": stop, "fires": stop.fires, "experiments": tries}
    context.emit(shown, as_json, lambda: _page(program, tries, stop))


@command.command(name="open")
@click.argument("slug")
@click.pass_context
def open_(ctx: click.Context, slug: str) -> None:
    """Open a program of the backlog."""
    _ask(ctx, slug, "open")


@command.command()
@click.argument("slug")
@click.argument("agent")
@click.pass_context
def assign(ctx: click.Context, slug: str, agent: str) -> None:
    """Put AGENT on the program."""
    _ask(ctx, slug, "assign", agent=agent)


@command.command()
@click.argument("slug")
@context.reason_option
@click.pass_context
def pause(ctx: click.Context, slug: str, reason: str) -> None:
    """Start no more of its runs."""
    lab = context.lab(ctx)
    PROGRAMS.get(lab.ledger.reader, slug)
    context.request(lab, "pause", target=slug, reason=reason)


@command.command()
@click.argument("slug")
@click.pass_context
def resume(ctx: click.Context, slug: str) -> None:
    """Go on with a paused program."""
    lab = context.lab(ctx)
    PROGRAMS.get(lab.ledger.reader, slug)
    context.request(lab, "resume", target=slug)


@command.command()
@click.argument("slug")
@click.option("--runs", default=4, show_default=True, type=click.IntRange(2, 16), help="Fresh seeds.")
@click.pass_context
def headline(ctx: click.Context, slug: str, runs: int) -> None:
    """Run head and root on fresh seeds, which selected nothing; the standup tells."""
    _ask(ctx, slug, "headline", runs=runs)


@command.command()
@click.argument("slug")
@context.reason_option
@click.pass_context
def close(ctx: click.Context, slug: str, reason: str) -> None:
    """Close the program; what is open races to its verdict."""
    _ask(ctx, slug, "close", reason=reason)


def _ask(ctx: click.Context, slug: str, what: str, **args: str | int) -> None:
    lab = context.lab(ctx)
    PROGRAMS.get(lab.ledger.reader, slug)
    context.request(lab, "program", what=what, slug=slug, **args)


def _counts(con: sqlite3.Connection, program: Program) -> tuple[int, int]:
    tries = experiments.of_program(con, program.slug)
    return sum(e.state in VERDICTS for e in tries), sum(e.state in IN_HEAD for e in tries)


def _page(program: Program, tries: list[Experiment], stop: Stop) -> str:
    head = program.head_commit[:10] if program.head_commit else "–"
    lines = [
        f"# {program.title} ({program.slug}, {program.state.value})", "", program.question, "",
        f"claim {program.claim} · objective {program.objective or 'as config.yaml'} · head {head} · by {program.created_by}",
        stop.words,
        f"may edit: {', '.join(program.editable)}", "", program.brief.strip(),
    ]  # fmt: skip
    if tries:
        lines += ["", context.columns([(e.id, e.state.value, e.author, e.subject) for e in tries])]
    return "\n".join(lines)
