"""`org stop`: no new run; running ones are ended (and run again after the next start) or, with --drain, awaited."""

import time

import click

from org import bootstrap
from org.cli import context
from org.runs import executor
from org.store import reads
from org.supervisor import lock


@click.command()
@click.option("--drain", is_flag=True, help="Let running runs finish first.")
@click.pass_context
def command(ctx: click.Context, drain: bool) -> None:
    """Stop the lab and close its grid. Nothing recorded is lost; `org start` goes on from here."""
    lab = context.lab(ctx)
    if lock.is_running(lab.layout.supervisor_lock):
        context.request(lab, "stop", drain=drain)
        while lock.is_running(lab.layout.supervisor_lock):
            running = reads.running(lab.ledger.reader)
            if drain and running:
                click.echo(f"waiting for {', '.join(r.id for r in running)} …")
            time.sleep(5.0 if drain and running else 0.2)
    else:
        for run in reads.running(lab.ledger.reader):
            executor.cancel(lab.layout.run(run.id))
    grid = bootstrap.grid(lab)
    if grid.alive():
        grid.kill_server()
    click.echo("stopped; `org start` goes on from here")
