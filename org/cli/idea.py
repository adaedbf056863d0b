"""`org idea`: add an idea to the backlog; without words, list it."""

import click

from org.cli import context
from org.lab import ideas
from org.store.tables import IDEAS


@click.command()
@click.argument("text", required=False)
@click.option("--program", help="For this program.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, text: str | None, program: str | None, as_json: bool) -> None:
    """Add an idea to the backlog that chief and juniors draw from; without TEXT, list it."""
    lab = context.lab(ctx)
    if text is None:
        found = IDEAS.select(lab.ledger.reader, "ORDER BY id")
        rows = [(i.id, i.state.value, i.author, i.program or "–", i.experiment or "–", i.text) for i in found]
        head = ("idea", "state", "by", "program", "tried as", "what")
        context.emit(found, as_json, lambda: context.columns(rows, head) if rows else "the backlog is empty")
        return
    with lab.ledger.transaction() as tx:
        idea = ideas.add(tx, text, context.actor(), context.now(), program)
    context.emit(idea, as_json, lambda: f"idea {idea.id} is in the backlog")
