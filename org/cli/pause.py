"""`org pause`: the lab, a program, or an agent."""

import click

from org.cli import context
from org.lab.lab import Lab
from org.model.errors import UsageError
from org.store.tables import AGENTS, PROGRAMS


@click.command()
@click.argument("target", metavar="[AGENT|PROGRAM]", required=False)
@context.reason_option
@click.pass_context
def command(ctx: click.Context, target: str | None, reason: str) -> None:
    """Pause the lab, a program, or an agent. Running runs finish."""
    lab = context.lab(ctx)
    check_target(lab, target)
    context.request(lab, "pause", target=target, reason=reason)


def check_target(lab: Lab, target: str | None) -> None:
    """A target is an agent or a program."""
    con = lab.ledger.reader
    if target is not None and AGENTS.find(con, target) is None and PROGRAMS.find(con, target) is None:
        names = [a.name for a in AGENTS.select(con)] + [p.slug for p in PROGRAMS.select(con)]
        raise UsageError(f"{target} is neither an agent nor a program; there are {', '.join(names)}")
