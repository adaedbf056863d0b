"""`org supervise`: the supervisor itself. The office window runs it."""

import click

from org import bootstrap
from org.cli import context
from org.supervisor import loop


@click.command(hidden=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Run the supervisor in this terminal until `org stop`."""
    lab = context.lab(ctx)
    office = bootstrap.office(lab)
    office.say = lambda line: click.echo(f"{context.now():%H:%M:%S} {line}")
    with loop.single(lab.layout.supervisor_lock):
        click.echo(f"The office of lab {lab.config.lab}: mail, runs, verdicts, schedule, health, standup.")
        loop.run(office)
