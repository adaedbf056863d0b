"""`org results`: experiments and their verdicts."""

import click

from org.cli import context
from org.comms.figures import gain
from org.model.experiment import Experiment
from org.store import reads


@click.command()
@click.option("--program", help="Only this program's.")
@click.option("--last", type=click.IntRange(1), help="Only the newest N.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, program: str | None, last: int | None, as_json: bool) -> None:
    """Experiments and their verdicts, newest last."""
    found = reads.experiments(context.lab(ctx).ledger.reader, last, program)
    rows = [_row(e) for e in found]
    head = ("id", "state", "measured", "shrunk", "runs", "by", "program", "what")
    context.emit(found, as_json, lambda: context.columns(rows, head) if rows else "nothing was proposed yet")


def _row(e: Experiment) -> tuple[object, ...]:
    told = e.decision
    measured, shrunk, runs = gain(e.measured_gain), gain(e.gain), told.get("candidate_runs", "–")
    return e.id, e.state.value, measured, shrunk, runs, e.author, e.program, e.subject
