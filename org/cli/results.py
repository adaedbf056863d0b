"""`org results`: experiments and their verdicts."""

import click

from org.cli import context
from org.comms.figures import gain
from org.lab.memory import lessons
from org.model.experiment import Experiment
from org.store import reads


@click.command()
@click.option("--program", help="Only this program's.")
@click.option("--last", type=click.IntRange(1), help="Only the newest N.")
@click.option("--like", metavar="TEXT", help="Only what speaks of these words, the likest first.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, program: str | None, last: int | None, like: str | None, as_json: bool) -> None:
    """Experiments and their verdicts, newest last."""
    lab = context.lab(ctx)
    found = reads.experiments(lab.ledger.reader, None if like else last, program)
    if like is not None:
        found = lessons.search(lab, lab.ledger.reader, found, like)[:last]
    rows = [_row(e) for e in found]
    head = ("id", "state", "screen", "label", "measured", "shrunk", "runs", "by", "program", "what")
    none = f"nothing that was proposed speaks of {like!r}" if like else "nothing was proposed yet"
    context.emit(found, as_json, lambda: context.columns(rows, head) if rows else none)


def _row(e: Experiment) -> tuple[object, ...]:
    told = e.decision
    measured, shrunk, runs = gain(e.measured_gain), gain(e.gain), told.get("candidate_runs", "–")
    return e.id, e.state.value, _screen(e), e.label or "–", measured, shrunk, runs, e.author, e.program, e.subject


def _screen(e: Experiment) -> str:
    """What its short run said: `failed z 0.21`; of one that was not screened nothing."""
    return f"{e.screen['outcome']} z {e.screen['z']:.2f}" if e.screen else "–"
