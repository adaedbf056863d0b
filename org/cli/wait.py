"""`org wait`: wait for a verdict, a merge or a standup."""

import time

import click

from org.cli import context
from org.lab.lab import Lab
from org.store import reads
from org.store.tables import STANDUPS


@click.command()
@click.option("--for", "what", type=click.Choice(["verdict", "merge", "standup"]), required=True)
@click.option("--count", default=1, show_default=True, type=click.IntRange(1), help="How many since the lab began.")
@click.option("--more", is_flag=True, help="Count from now on instead.")
@click.option("--timeout", default=3600.0, show_default=True, help="Seconds.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, what: str, count: int, more: bool, timeout: float, as_json: bool) -> None:
    """Wait until the lab has COUNT verdicts, merges or standups; exit 1 when it takes too long."""
    lab = context.lab(ctx)
    wanted = count + (_count(lab, what) if more else 0)
    deadline = time.monotonic() + timeout
    while (have := _count(lab, what)) < wanted:
        if time.monotonic() > deadline:
            raise click.ClickException(f"{have} of {wanted} {what}s after {timeout:.0f} s")
        time.sleep(0.5)
    context.emit({what: have}, as_json, lambda: f"{have} {what}{'' if have == 1 else 's'}")


def _count(lab: Lab, what: str) -> int:
    con = lab.ledger.reader
    if what == "verdict":
        return reads.verdict_count(con)
    if what == "merge":
        return reads.merged_count(con)
    return STANDUPS.count(con, "WHERE written_at IS NOT NULL")
