"""`org gc`: remove checkpoints and snapshots that nothing needs."""

import click

from org.cli import context
from org.lab import hygiene


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, dry_run: bool, as_json: bool) -> None:
    """Remove checkpoints of recorded runs and snapshots that no open experiment needs. Ledger and pages stay."""
    lab = context.lab(ctx)
    gone = hygiene.removable(lab) if dry_run else hygiene.collect(lab, context.now())
    total = sum(item.bytes for item in gone) / 1e6
    rows = [(f"{item.bytes / 1e6:.1f} MB", item.path.relative_to(lab.layout.comms), item.why) for item in gone]
    verb = "would go" if dry_run else "gone"
    values = [{"path": str(i.path), "bytes": i.bytes, "why": i.why} for i in gone]
    context.emit(values, as_json, lambda: "\n".join([context.columns(rows), f"{len(gone)} {verb}, {total:.1f} MB"]).strip())
