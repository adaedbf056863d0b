"""`org revert`: take a merge out of the head again."""

import click

from org.cli import context
from org.lab.merging import revert


@click.command()
@click.argument("experiment")
@click.option("--why", required=True, help="Kept in the ledger and in the commit.")
@click.pass_context
def command(ctx: click.Context, experiment: str, why: str) -> None:
    """Take what EXPERIMENT changed out of its program's head (and the lab's, when it is in there) by a new commit.

    Nothing is rewritten. The head without it is measured against the head with it, and whoever counted on it is told.
    """
    lab = context.lab(ctx)
    revert.check(lab, experiment)
    context.request(lab, "revert", experiment=experiment, why=why)
