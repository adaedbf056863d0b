"""`org standup`: the latest standup, or a day's; `org standup now` asks for one."""

from pathlib import Path

import click

from org.cli import context
from org.comms import front_matter
from org.lab.lab import Lab
from org.model.errors import Refused, UsageError
from org.model.standup import Standup
from org.store.tables import STANDUPS

DAYS = 7  # that are named when another one was asked for


@click.command()
@click.argument("what", default="latest", metavar="[now|latest|DAY]")
@context.json_option
@click.pass_context
def command(ctx: click.Context, what: str, as_json: bool) -> None:
    """Show the latest standup or that of DAY (2026-03-14), or ask for one now."""
    lab = context.lab(ctx)
    if what == "now":
        context.request(lab, "standup")
        return
    standup = _written(lab, what)
    try:
        text = Path(standup.path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Refused(f"the page of {standup.day} cannot be read ({error.strerror}): {standup.path}") from None
    context.emit({"standup": standup, "text": text}, as_json, lambda: front_matter.without(text))


def _written(lab: Lab, what: str) -> Standup:
    """Of one day the last page speaks."""
    pages = STANDUPS.select(lab.ledger.reader, "WHERE written_at IS NOT NULL ORDER BY id DESC")
    if not pages:
        raise Refused("no standup was written yet; `org standup now` asks for one")
    found = next((page for page in pages if what in ("latest", page.day)), None)
    if found is None:
        days = list(dict.fromkeys(page.day for page in pages))[:DAYS]
        raise UsageError(f"standup {what}: write now, latest, or the day of a page: {', '.join(days)}")
    return found
