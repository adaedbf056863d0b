"""`org explain`: a verdict that a person can check by hand."""

import click

from org.cli import context
from org.lab.verdicts import explain
from org.lab.verdicts import page as explain_page


@click.command()
@click.argument("experiment")
@context.json_option
@click.pass_context
def command(ctx: click.Context, experiment: str, as_json: bool) -> None:
    """Every run with seed, device and value; every look with its bar; each step of the arithmetic; what would change it."""
    lab = context.lab(ctx)
    found = explain.of(lab, lab.ledger.reader, experiment, context.now())
    context.emit(found, as_json, lambda: explain_page.page(found))
