"""`org supervise`: the supervisor itself. The office window runs it."""

import click

from org import bootstrap
from org.cli import context
from org.supervisor import lock, loop
from org.supervisor.office import Office


@click.command(hidden=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Run the supervisor in this terminal until `org stop`."""

    def open_office() -> Office:
        office = bootstrap.office(context.lab(ctx))
        office.say = lambda line: click.echo(f"{context.now():%H:%M:%S} {line}")
        return office

    office = open_office()
    with lock.single(office.lab.layout.supervisor_lock):
        click.echo(f"The office of lab {office.lab.config.lab}: mail, runs, verdicts, schedule, health, standup.")
        loop.run(office, lambda old: open_office())
