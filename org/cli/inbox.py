"""`org inbox`: read your messages."""

import click

from org.cli import context
from org.comms import mailbox
from org.comms.figures import quoted
from org.model.message import HUMAN, Kind, Message

ANSWERS = {
    Kind.VERDICT: '`org lessons --note {ref} "…"`',
    Kind.STANDUP: '`org reply {id} "…"`',
    Kind.STEERING: '`org reply {id} "what you do about it"`',
}


@click.command()
@click.option("--of", "reader", help="Whose (default: this pane's agent, else human).")
@click.option("--keep", is_flag=True, help="Leave them unread.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, reader: str | None, keep: bool, as_json: bool) -> None:
    """Read your unread messages; they are archived once shown."""
    lab = context.lab(ctx)
    name = reader or context.actor()
    box = lab.layout.mailbox(name)
    mail = mailbox.unread(box)
    context.emit(mail.messages, as_json, lambda: "\n\n".join([_text(mail.messages), *_next(mail.messages, name)]))
    for bad in mail.bad:
        click.echo(f"not a message: {bad}", err=True)
    if not keep and (reader is None or name == HUMAN):
        for message in mail.messages:
            mailbox.archive(box, message.id)


def _next(messages: tuple[Message, ...], reader: str) -> list[str]:
    """What to type now, for an agent: an answer to each letter that wants one, then its page."""
    if reader == HUMAN or not messages:
        return []
    steps = [text for m in messages if (text := ANSWERS.get(m.kind, "").format(id=m.id, ref=m.refs[0] if m.refs else "E…"))]
    return ["next: " + "; ".join(dict.fromkeys([*steps, "`org brief`"]))]


def _text(messages: tuple[Message, ...]) -> str:
    if not messages:
        return "no new messages"
    return "\n\n".join(
        f"{m.id} · {m.sender} · {m.sent_at:%m-%d %H:%M} UTC · {m.kind.value}\n{m.subject}\n{quoted(m.body)}" for m in messages
    )
