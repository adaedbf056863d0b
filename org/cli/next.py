"""`org next`: start your next branch at your program's head."""

import click

from org.cli import context
from org.lab import branches


@click.command(name="next")
@click.option("--agent", help="Whose worktree (default: this pane's agent).")
@click.pass_context
def command(ctx: click.Context, agent: str | None) -> None:
    """Start your next branch at your program's head. Your tip stays reachable; a dirty tree is refused, never cleaned."""
    lab = context.lab(ctx)
    click.echo(f"on {branches.next_(lab, context.agent_or_fail(agent), context.now())}")
    click.echo("next: edit one mechanism, `org try --steps 20`, commit, `org propose …`")
