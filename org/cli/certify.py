"""`org certify`: spend fresh runs on what will be reported."""

import click

from org.cli import context
from org.lab.studies import certificate
from org.model.study import Study
from org.supervisor import lock


@click.command()
@click.argument("experiment", metavar="[EXPERIMENT|all]", default="all")
@context.json_option
@click.pass_context
def command(ctx: click.Context, experiment: str, as_json: bool) -> None:
    """Test merges on fresh seeds, which selected nothing: the new head against the old. One test a merge."""
    lab = context.lab(ctx)
    with lab.ledger.transaction() as tx:
        if experiment == "all":
            asked = certificate.ask_all(lab, tx, context.actor(), context.now())
        else:
            asked = [certificate.ask(lab, tx, experiment, context.actor(), context.now())]
    waits = "" if lock.is_running(lab.layout.supervisor_lock) else " (queued; start the office with `org start`)"
    context.emit(asked, as_json, lambda: _page(asked, waits))


def _page(asked: list[Study], waits: str) -> str:
    if not asked:
        return "every merge has had its test, or nothing is merged; `org findings` shows what may be claimed"
    lines = [f"{s.id}: {s.subject} (merge {s.plan['merge']}), {s.plan['runs']} fresh runs of each head{waits}" for s in asked]
    return "\n".join([*lines, "next: `org findings` shows what may be claimed when they have ended"])
