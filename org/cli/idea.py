"""`org idea`: add an idea to the backlog; without words, list it."""

import sqlite3

import click

from org.cli import context
from org.lab import ideas
from org.model.idea import Idea
from org.model.program import State
from org.store import draws, programs
from org.store.tables import IDEAS


@click.command()
@click.argument("text", required=False)
@click.option("--program", help="For this program.")
@click.option("--draw", type=int, metavar="N", help="Take idea N in hand before you work on it; nobody else may then.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, text: str | None, program: str | None, draw: int | None, as_json: bool) -> None:
    """Add an idea to the backlog that chief and juniors draw from; without TEXT, list it."""
    lab, now = context.lab(ctx), context.now()
    if draw is not None:
        with lab.ledger.transaction() as tx:
            drawn = ideas.draw(tx, draw, context.actor(), now)
        said = f"idea {drawn.id} is in your hands: {drawn.text}\nnext: edit, commit, `org propose --idea {drawn.id} …`"
        context.emit(drawn, as_json, lambda: said)
        return
    if text is None:
        found = IDEAS.select(lab.ledger.reader, "ORDER BY id")
        context.emit(found, as_json, lambda: _list(lab.ledger.reader, found))
        return
    with lab.ledger.transaction() as tx:
        idea = ideas.add(tx, text, context.actor(), now, program)
    said = f"idea {idea.id} is in the backlog; `org idea --draw {idea.id}` takes it in hand"
    if program is not None and program in _closed(lab.ledger.reader):
        said += f"\n{program} is closed: nobody works on it, and its ideas wait until somebody draws them"
    context.emit(idea, as_json, lambda: said)


def _closed(con: sqlite3.Connection) -> set[str]:
    return {program.slug for program in programs.in_state(con, State.CLOSED)}


def _list(con: sqlite3.Connection, found: list[Idea]) -> str:
    hands, closed = draws.in_hand(con), _closed(con)
    named = {i.program: f"{i.program} (closed)" if i.program in closed else i.program or "–" for i in found}
    rows = [(i.id, i.state.value, i.author, named[i.program], i.experiment or hands.get(i.id, "–"), i.text) for i in found]
    head = ("idea", "state", "by", "program", "tried as, or in hand", "what")
    return context.columns(rows, head) if rows else "the backlog is empty"
