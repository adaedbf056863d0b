"""`org reply`: answer a message or a question."""

import click

from org.cli import context
from org.lab import replies, standup
from org.model.errors import Refused
from org.model.message import OFFICE, Kind
from org.store import mail
from org.store.tables import MESSAGES, QUESTIONS


@click.command()
@click.argument("id")
@click.argument("text")
@click.pass_context
def command(ctx: click.Context, id: str, text: str) -> None:
    """Answer a message, a question, or the standup's request for your section. A person's answer to `standup-DAY`
    directs whom it names: "junior-2: …"; without a name the chief."""
    lab = context.lab(ctx)
    me, now = context.actor(), context.now()
    taken = replies.answer(lab, id, text, me, now)
    if taken is not None:
        click.echo("\n".join(taken) or "the same words were taken before")
        return
    message = MESSAGES.get(lab.ledger.reader, id)
    if standup.receive(lab, id, me, text, now):
        click.echo("your section is in")
        return
    with lab.ledger.transaction() as tx:
        if QUESTIONS.find(tx, id) is not None:
            question = mail.answer(tx, id, text, me, now)
            click.echo(f"{question.asker} gets your answer")
            return
        if message.sender == OFFICE:
            raise Refused("the office reads no mail; use a verb (`org --help`)")
        mail.post(tx, me, message.sender, Kind.NOTE, f"Re: {message.subject}", text, now, reply_to=id)
    click.echo(f"sent to {message.sender}")
