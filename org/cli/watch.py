"""`org watch`: look at an agent's pane, read only."""

import click

from org import bootstrap
from org.cli import context
from org.model.errors import TerminalError
from org.store.tables import AGENTS
from org.terminal import attach


@click.command()
@click.argument("agent")
@click.pass_context
def command(ctx: click.Context, agent: str) -> None:
    """Open AGENT's pane in this terminal, read only: no key reaches it. Leave with C-b d."""
    lab = context.lab(ctx)
    name = AGENTS.get(lab.ledger.reader, context.agent_or_fail(agent)).name
    grid = bootstrap.grid(lab)
    if not grid.alive():
        raise TerminalError("the grid is not up; `org start` brings it up")
    grid.select(name)
    attach.attach(grid.socket_path, grid.session, read_only=True)
