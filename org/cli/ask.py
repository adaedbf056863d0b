"""`org ask`: ask the person; never blocks."""

import re
from datetime import timedelta

import click

from org.cli import context
from org.model.errors import UsageError
from org.store import mail

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command()
@click.argument("text")
@click.option("--default", "default", help="What holds without an answer.")
@click.option("--after", "after", default="2h", show_default=True, help="When the default holds: 30m, 2h, 1d.")
@click.pass_context
def command(ctx: click.Context, text: str, default: str | None, after: str) -> None:
    """Ask the person. The question waits in their inbox and on top of the standup; you go on at once."""
    lab, now = context.lab(ctx), context.now()
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", after)
    if not found:
        raise UsageError(f"--after {after}: write 30m, 2h or 1d")
    due = now + timedelta(seconds=float(found[1]) * UNITS[found[2]]) if default is not None else None
    with lab.ledger.transaction() as tx:
        question = mail.ask(tx, context.actor(), text, now, default, due)
    click.echo(f"asked as {question.id}; the answer comes by mail" + (f", or after {after}: {default}" if due else ""))
