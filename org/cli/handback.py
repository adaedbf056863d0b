"""`org handback`: hand an agent's pane back."""

import click

from org.cli import context
from org.store.tables import AGENTS


@click.command()
@click.argument("agent", required=False)
@click.option("--note", default="", help="What the agent should know.")
@click.pass_context
def command(ctx: click.Context, agent: str | None, note: str) -> None:
    """Hand an agent's pane back; it gets one message: commits, diff, note, held mail."""
    lab = context.lab(ctx)
    name = AGENTS.get(lab.ledger.reader, context.agent_or_fail(agent)).name
    context.request(lab, "handback", agent=name, note=note)
