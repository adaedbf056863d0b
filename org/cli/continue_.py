"""`org continue`: race a parked experiment on."""

import click

from org.cli import context


@click.command("continue")
@click.argument("experiment")
@click.option("--runs", type=click.IntRange(1, 64), required=True, help="At most so many more runs of the candidate.")
@click.pass_context
def command(ctx: click.Context, experiment: str, runs: int) -> None:
    """Race a parked experiment on. Its evidence counts on as it is; the runs end early when they have decided."""
    context.request(context.lab(ctx), "continue", experiment=experiment, runs=runs)
