"""`org send`: a message to an agent or to human."""

import click

from org.cli import context
from org.model.errors import UsageError
from org.model.message import HUMAN, Kind
from org.store import mail
from org.store.tables import AGENTS


@click.command()
@click.argument("to")
@click.argument("subject")
@click.argument("body", required=False)
@click.option("--ref", "refs", multiple=True, help="What it is about: E41, R7, a program.")
@click.pass_context
def command(ctx: click.Context, to: str, subject: str, body: str | None, refs: tuple[str, ...]) -> None:
    """Send a message. TO is an agent, `human`, or `all`."""
    lab = context.lab(ctx)
    names = [a.name for a in AGENTS.select(lab.ledger.reader)]
    readers = [n for n in names if n != context.actor()] if to == "all" else [to]
    unknown = set(readers) - {*names, HUMAN}
    if unknown:
        raise UsageError(f"nobody is called {to}; there are {', '.join([*names, HUMAN])}")
    with lab.ledger.transaction() as tx:
        for reader in readers:
            mail.post(tx, context.actor(), reader, Kind.NOTE, subject, body or subject, context.now(), refs)
    click.echo(f"sent to {', '.join(readers)}")
