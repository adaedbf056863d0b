"""`org log`: what happened."""

import json

import click

from org.cli import context
from org.model.event import Event
from org.store import events


@click.command()
@click.argument("subject", required=False)
@click.option("--last", default=50, show_default=True, type=click.IntRange(1))
@context.json_option
@click.pass_context
def command(ctx: click.Context, subject: str | None, last: int, as_json: bool) -> None:
    """What happened (to SUBJECT: E41, R7, junior-2, a program), newest last."""
    found = events.latest(context.lab(ctx).ledger.reader, last, subject)
    context.emit(found, as_json, lambda: "\n".join(_line(e) for e in found))


def _line(event: Event) -> str:
    detail = ", ".join(f"{k}={_short(v)}" for k, v in event.detail.items() if v not in (None, "", [], {}))
    by = f" by {event.actor}" if event.actor != events.OFFICE else ""
    return f"{event.at:%m-%d %H:%M:%S} {event.kind} {event.subject}{by}{f' ({detail})' if detail else ''}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "…"
