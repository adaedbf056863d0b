"""`org brief`: where an agent stands, on one page."""

import click

from org.cli import brief_page, context
from org.lab.guiding import overview, situation
from org.store.tables import AGENTS


@click.command()
@click.argument("agent", required=False)
@context.json_option
@click.pass_context
def command(ctx: click.Context, agent: str | None, as_json: bool) -> None:
    """Where you stand, or AGENT does: the program, its noise, what was tried, what others try, and the next command."""
    lab = context.lab(ctx)
    name = AGENTS.get(lab.ledger.reader, context.agent_or_fail(agent)).name
    if name == lab.chief:
        seen = overview.of(lab, name, context.now())
        context.emit(seen, as_json, lambda: brief_page.of_chief(seen))
        return
    told = situation.of(lab, name, context.now())
    context.emit(told, as_json, lambda: brief_page.of_junior(told, lab.config.task.metric, lab.config.task.direction))
