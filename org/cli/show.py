"""`org show`: one experiment's notebook page."""

import click

from org.cli import context
from org.comms import notebook
from org.store.tables import EXPERIMENTS


@click.command()
@click.argument("experiment")
@context.json_option
@click.pass_context
def command(ctx: click.Context, experiment: str, as_json: bool) -> None:
    """One experiment's notebook page."""
    lab = context.lab(ctx)
    row = EXPERIMENTS.get(lab.ledger.reader, experiment)
    text = lambda: notebook.render(lab.ledger.reader, experiment, lab.config.task.metric, lab.sign)  # noqa: E731
    context.emit(row, as_json, text)
