"""`org dashboard`: agents, experiments, programs, findings, plots, standup, messages, devices, log."""

import gc

import click

from org import bootstrap
from org.cli import context, spoken
from org.terminal import tether


@click.command()
@click.pass_context
def command(ctx: click.Context) -> None:
    """The dashboard. It renders the ledger; quitting it stops nothing."""
    gc.disable()  # until the first frame: what is imported and read stays, and walking it again and again is a third of the time
    from org.dashboard import escape

    escape.hasten()
    from org.dashboard.app import DashboardApp  # Textual takes most of a second to import

    lab = context.lab(ctx)
    verbs = spoken.Spoken(lab, bootstrap.grid(lab))
    tether.hold()
    DashboardApp(lab.layout.ledger, lab.layout, verbs, lab.config.model_dump(mode="json")).run()
