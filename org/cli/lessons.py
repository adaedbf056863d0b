"""`org lessons`: what was learned, by what was worked on; keep a lesson of a verdict."""

import click

from org.cli import context
from org.lab.memory import lessons
from org.lab.memory.lessons import Lessons, Note
from org.lab.memory.tried import Group

LINES_A_GROUP = 8


@click.command()
@click.option("--program", help="Only this program's.")
@click.option("--like", metavar="TEXT", help="What was decided about something, the likest first.")
@click.option("--note", "noted", nargs=2, metavar="EXPERIMENT TEXT", help="Keep two honest sentences on a verdict.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, program: str | None, like: str | None, noted: tuple[str, str] | None, as_json: bool) -> None:
    """What was learned: every verdict by the recipe key or file that it worked on, and what its author said of it."""
    lab = context.lab(ctx)
    if noted:
        with lab.ledger.transaction() as tx:
            made = lessons.note(tx, *noted, context.actor(), context.now())
        context.emit(made, as_json, lambda: f"kept with {made.experiment}; everybody's `org brief` shows it")
        return
    found = lessons.of(lab, lab.ledger.reader, program, like)
    context.emit(found, as_json, lambda: _page(found, like))


def _page(found: Lessons, like: str | None) -> str:
    if not found.verdicts:
        return "no verdict yet: nothing is known; `org brief` tells what is being tried"
    if like is not None:
        lines = [_with_notes(line.experiment, f"{line.words} · {line.author}", found.notes) for line in found.found]
        return "\n".join([*lines, "next: `org show EXPERIMENT`"] if lines else [f"nothing decided speaks of {like!r}"])
    parts = [_group(group, found.notes) for group in found.groups]
    parts += [f"# {c.program} is closed: {c.question}\n“{c.reason}”" for c in found.closed]
    return "\n\n".join(parts)


def _group(group: Group, notes: tuple[Note, ...]) -> str:
    shown = [_with_notes(line.experiment, f"{line.words} · {line.author}", notes) for line in group.lines[-LINES_A_GROUP:]]
    more = [f"… and {len(group.lines) - len(shown)} earlier"] if len(group.lines) > len(shown) else []
    kept = f"{group.kept} kept" if group.kept else "none kept"
    return "\n".join([f"# {group.surface}: {len(group.lines)} tried, {kept}", *reversed(shown), *more])


def _with_notes(experiment: str, line: str, notes: tuple[Note, ...]) -> str:
    said = [f"   {n.by}: “{n.text}”" for n in notes if n.experiment == experiment]
    return "\n".join([line, *said])
