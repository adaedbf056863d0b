"""`org resume`: go on after a pause."""

import click

from org.cli import context
from org.cli.pause import check_target


@click.command()
@click.argument("target", metavar="[AGENT|PROGRAM]", required=False)
@click.pass_context
def command(ctx: click.Context, target: str | None) -> None:
    """Go on with the lab, a program, or an agent."""
    lab = context.lab(ctx)
    check_target(lab, target)
    context.request(lab, "resume", target=target)
