"""`org try`: an uncounted run of your worktree on a device."""

import secrets
import tempfile
from pathlib import Path

import click

from org.cli import context
from org.lab import scratch
from org.store.tables import AGENTS


@click.command(name="try")
@click.option("--steps", type=click.IntRange(1), help="Train that many steps (default: the rung's budget).")
@click.option("--minutes", type=float, help="End it after that long.")
@click.option("--wait", "wait_seconds", default=600.0, show_default=True, help="Seconds to wait for a device.")
@click.option("--agent", help="Whose worktree (default: this pane's agent).")
@click.argument("argv", nargs=-1)
@click.pass_context
def command(
    ctx: click.Context, steps: int | None, minutes: float | None, wait_seconds: float, agent: str | None, argv: tuple[str, ...]
) -> None:
    """Run your worktree (or, after --, ARGV in it) on a leased device, uncounted: nothing of it enters a verdict."""
    lab = context.lab(ctx)
    name = context.agent_or_fail(agent)
    preferred = AGENTS.get(lab.ledger.reader, name).device
    worktree = lab.layout.worktree(name)
    with scratch.leased(lab, name, preferred, wait_seconds) as device, tempfile.TemporaryDirectory(prefix="org-try-") as out:
        click.echo(f"leased {device.name}; this run is not counted")
        budget = f"{steps}step" if steps else lab.rung.run_budget
        run = list(argv) or scratch.command(lab, device, worktree, Path(out), budget, secrets.randbelow(2**31 - 1))
        seconds = minutes * 60 if minutes else lab.config.task.timeout_min * 60
        status = scratch.run(run, device, worktree, seconds, click.echo)
    if status != 0:
        raise click.ClickException(f"it ended with status {status}")
    click.echo("next: commit what you tried, then `org propose …`; this run proves nothing about quality")
