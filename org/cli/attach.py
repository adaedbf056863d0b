"""`org attach`: open the grid in this terminal."""

import click

from org import bootstrap
from org.cli import context
from org.model.errors import TerminalError
from org.terminal import attach


@click.command()
@click.option("--read-only", is_flag=True, help="Watch without being able to type.")
@click.pass_context
def command(ctx: click.Context, read_only: bool) -> None:
    """Open the grid in this terminal; leave with C-b d, the lab goes on."""
    grid = bootstrap.grid(context.lab(ctx))
    if not grid.alive():
        raise TerminalError("the grid is not up; `org start` brings it up")
    attach.attach(grid.socket_path, grid.session, read_only)
