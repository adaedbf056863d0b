"""`org standup`: the latest standup; `org standup now` asks for one."""

from pathlib import Path

import click

from org.cli import context
from org.comms import front_matter
from org.model.errors import Refused
from org.store.tables import STANDUPS


@click.command()
@click.argument("what", type=click.Choice(["now", "latest"]), default="latest")
@context.json_option
@click.pass_context
def command(ctx: click.Context, what: str, as_json: bool) -> None:
    """Show the latest standup, or ask for one now."""
    lab = context.lab(ctx)
    if what == "now":
        context.request(lab, "standup")
        return
    written = STANDUPS.select(lab.ledger.reader, "WHERE written_at IS NOT NULL ORDER BY id DESC LIMIT 1")
    if not written:
        raise Refused("no standup was written yet; `org standup now` asks for one")
    text = Path(written[0].path).read_text(encoding="utf-8")
    context.emit({"standup": written[0], "text": text}, as_json, lambda: front_matter.without(text))
