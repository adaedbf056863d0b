"""`org root`: a person's commit under the heads."""

import click

from org.cli import context
from org.lab.merging import roots


@click.command()
@click.argument("commit")
@click.option("--program", help="Only this program's root (default: the lab's, with every open program).")
@click.option("--why", required=True, help="Kept in the ledger and in the commit.")
@click.pass_context
def command(ctx: click.Context, commit: str, program: str | None, why: str) -> None:
    """Make COMMIT what the lab stands on. What was merged goes on from it; every pool is measured anew.

    The task is prepared from it first, which takes what it takes. Your branches are never written.
    """
    lab = context.lab(ctx)
    root, _ = roots.check(lab, commit, program)
    context.request(lab, "root", commit=root, program=program, why=why, task=roots.task_of(lab, root, program))
