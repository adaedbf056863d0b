"""`org noise`: where the difference between two runs of the same code comes from, and whether it drifts."""

import click

from org.cli import context
from org.lab.drift import page as drift_page
from org.lab.studies import noise
from org.model.study import Kind, Study
from org.store import studies
from org.supervisor import lock


@click.command()
@click.argument("what", type=click.Choice(["show", "run"]), default="show")
@click.option("--program", help="Whose head is run (default: the first program with one).")
@context.json_option
@click.pass_context
def command(ctx: click.Context, what: str, program: str | None, as_json: bool) -> None:
    """Split σ into data order, initialization, device and the rest, each with its interval. `org noise run` asks for the
    runs; `org noise` shows the newest split, and the sentinels that watch for drift."""
    lab = context.lab(ctx)
    if what == "run":
        with lab.ledger.transaction() as tx:
            asked = noise.ask(lab, tx, program, context.actor(), context.now())
        waits = "" if lock.is_running(lab.layout.supervisor_lock) else " (queued; start the office with `org start`)"
        runs = f"{asked.id}: {len(asked.plan['cells'])} runs of {asked.subject}'s head on {', '.join(asked.plan['devices'])}"
        context.emit(asked, as_json, lambda: f"{runs}{waits}\nnext: `org noise` shows the split when they have ended")
        return
    con = lab.ledger.reader
    found, waiting = noise.newest(con), studies.open_(con, Kind.NOISE)
    drift = drift_page.state(lab, con)
    told = {"newest": found, "open": waiting, "drift": drift}
    context.emit(told, as_json, lambda: f"{_page(found, waiting)}\n\n{drift_page.page(lab, con)}")


def _page(found: Study | None, waiting: list[Study]) -> str:
    parts = [noise.page(found)] if found else []
    parts += [f"{s.id} runs: {len(s.plan['cells'])} runs of {s.subject}'s head" for s in waiting]
    return "\n\n".join(parts) or "the noise has not been split yet; `org noise run` asks for it"
