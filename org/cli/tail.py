"""`org tail`: the output of an experiment's or a run's newest run."""

import time

import click

from org.cli import context
from org.lab.lab import Lab
from org.model.errors import Refused
from org.model.run import OUTSTANDING, Run, State
from org.runs import progress
from org.store import runs
from org.store.tables import EXPERIMENTS, RUNS


@click.command()
@click.argument("what", metavar="EXPERIMENT|RUN")
@click.option("--lines", "-n", default=20, show_default=True, type=click.IntRange(1))
@click.option("--follow", "-f", is_flag=True, help="Go on until the run ends.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, what: str, lines: int, follow: bool, as_json: bool) -> None:
    """The output of a run (for an experiment: of its newest one), quoted as it is."""
    lab = context.lab(ctx)
    run = _newest(lab, what)
    shown = _output(lab, run)[-lines:]
    context.emit(
        {"run": run, "progress": progress.read(lab.layout.run(run.id)), "lines": shown}, as_json, lambda: "\n".join(shown)
    )
    at = len(_output(lab, run))
    while follow and RUNS.get(lab.ledger.reader, run.id).state in OUTSTANDING:
        time.sleep(0.5)
        output = _output(lab, run)
        if output[at:]:
            click.echo("\n".join(output[at:]))
        at = len(output)


def _newest(lab: Lab, what: str) -> Run:
    con = lab.ledger.reader
    if RUNS.find(con, what) is not None:
        return RUNS.get(con, what)
    EXPERIMENTS.get(con, what)
    started = [r for r in runs.of_experiment(con, what) if r.state is not State.QUEUED]
    if not started:
        raise Refused(f"no run of {what} has started yet")
    return started[-1]


def _output(lab: Lab, run: Run) -> list[str]:
    path = lab.layout.run(run.id) / "train.log"
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
