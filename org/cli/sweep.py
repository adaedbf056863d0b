"""`org sweep`: sweep recipe values with short uncounted runs; look at a sweep, or end it."""

import click

from org.cli import context
from org.comms.figures import span
from org.lab import sweeps
from org.lab.lab import Lab
from org.lab.studies import sweep
from org.lab.studies.sweep_page import NEVER_KEEPS, page
from org.model.study import Study
from org.supervisor import lock


@click.command()
@click.argument("id", metavar="[SWEEP]", required=False)
@click.option("--keys", default="", help="Of the brief's space: lr,decay; or with ranges: lr=0.1..0.5:log,kind=a|b.")
@click.option("--trials", default=sweeps.TRIALS, show_default=True, type=click.IntRange(2, 200))
@click.option("--budget", help="Of one trial; default: a quarter of a run.")
@click.option("--agent", help="From whose worktree (default: this pane's agent).")
@click.option("--cancel", is_flag=True, help="End SWEEP.")
@context.json_option
@click.pass_context
def command(
    ctx: click.Context, id: str | None, keys: str, trials: int, budget: str | None, agent: str | None, cancel: bool, as_json: bool
) -> None:
    """Sweep recipe values from your commit with Optuna. Nothing of it is kept: one letter tells the best few.

    With SWEEP its page, as far as it is.
    """
    lab = context.lab(ctx)
    if id is not None and cancel:
        sweeps.get(lab, id)
        context.request(lab, "sweep", what="cancel", id=id)
    elif id is not None:
        study = sweeps.get(lab, id)
        found = sweep.result(lab, lab.ledger.reader, study)
        context.emit({"study": study, "result": found}, as_json, lambda: page(study, found).rstrip())
    else:
        asked = sweeps.ask(lab, context.agent_or_fail(agent), keys, trials, budget, context.actor(), context.now())
        context.emit(asked, as_json, lambda: _asked(lab, asked))


def _asked(lab: Lab, study: Study) -> str:
    plan, seconds = study.plan, sweeps.seconds(lab, study)
    takes = f"; about {span(seconds)} of device time" if seconds else ""
    waits = "" if lock.is_running(lab.layout.supervisor_lock) else " (queued; start the office with `org start`)"
    return (
        f"{study.id}: {plan['trials']} trials of {', '.join(plan['space'])} at {plan['budget']}, beside {sweep.BASE_RUNS} runs "
        f"of the base{takes}{waits}\n{NEVER_KEEPS}\nnext: go on working; a letter tells the best few. `org sweep {study.id}` "
        f"shows it, `org sweep {study.id} --cancel` ends it"
    )
