"""`org resume`: go on after a pause, or lift a freeze."""

import click

from org.cli import context
from org.cli.pause import check_target
from org.lab.drift.drifting import MERGES


@click.command()
@click.argument("target", metavar="[AGENT|PROGRAM|merges]", required=False)
@click.option("--reason", default="", help="Why a freeze of merges is lifted.")
@click.pass_context
def command(ctx: click.Context, target: str | None, reason: str) -> None:
    """Go on with the lab, a program, or an agent. `org resume merges --reason "…"` lifts the freeze after a drift by hand:
    nothing is opened again."""
    lab = context.lab(ctx)
    if target != MERGES:
        check_target(lab, target)
    context.request(lab, "resume", target=target, reason=reason)
