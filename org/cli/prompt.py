"""`org prompt render`: what an agent is given."""

import click

from org.cli import context
from org.lab.guiding import prompting


@click.group()
def command() -> None:
    """Prompts: roles and briefs as agents get them."""


@command.command()
@click.argument("agent", required=False)
@context.json_option
@click.pass_context
def render(ctx: click.Context, agent: str | None, as_json: bool) -> None:
    """What AGENT is given now: its role, its program's brief, a person's directions."""
    lab = context.lab(ctx)
    found = prompting.render(lab, context.agent_or_fail(agent))
    shown = {"path": str(lab.layout.prompt(found.agent)), **context.plain(found)}
    context.emit(shown, as_json, lambda: found.text.rstrip("\n"))
