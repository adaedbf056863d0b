"""Verbs that end or review one experiment are alike: a name, an experiment, a reason."""

import click

from org.cli import context
from org.store.tables import EXPERIMENTS, STUDIES


def verb(name: str, help_text: str) -> click.Command:
    """A command `org NAME EXPERIMENT [--reason …]` that asks the supervisor."""

    @click.command(name=name, help=help_text)
    @click.argument("experiment")
    @context.reason_option
    @click.pass_context
    def command(ctx: click.Context, experiment: str, reason: str) -> None:
        lab = context.lab(ctx)
        if STUDIES.find(lab.ledger.reader, experiment) is None:  # a promotion waits for a yes by its study's name
            EXPERIMENTS.get(lab.ledger.reader, experiment)
        context.request(lab, name, experiment=experiment, reason=reason)

    return command
