"""`org propose`: propose the committed change of your worktree as an experiment."""

import os

import click

from org.cli import context
from org.lab import propose
from org.lab.memory import repeats
from org.lab.propose import Proposal
from org.model.experiment import Claim
from org.store.tables import PROGRAMS
from org.supervisor import lock


@click.command()
@click.option("--claim", type=click.Choice([c.value for c in Claim]), default=Claim.IMPROVE.value, show_default=True)
@click.option("--subject", required=True, help="One line: what is changed.")
@click.option("--because", required=True, help="The hypothesis.")
@click.option("--predict", required=True, help="What you expect, with sign and size.")
@click.option("--predicted-gain", type=float, help="In metric units, positive is better.")
@click.option("--margin", type=float, help="For simplify: the loss that would still be fine, in metric units.")
@click.option("--idea", type=int, help="The idea of the backlog that this tries.")
@click.option("--again", default="", metavar="WHY", help="Why what was tried from another base is worth another try.")
@click.option("--part", "parts", multiple=True, metavar="NAME=PATH[#…]", help="Mark a part for `org ablate`; again for more.")
@click.option("--agent", help="Whose worktree (default: this pane's agent).")
@context.json_option
@click.pass_context
def command(
    ctx: click.Context, claim: str, subject: str, because: str, predict: str, predicted_gain: float | None,
    margin: float | None, idea: int | None, again: str, parts: tuple[str, ...], agent: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Propose the committed change of your worktree. The lab runs it against its base and decides."""
    lab = context.lab(ctx)
    name = context.agent_or_fail(agent)
    person = (agent is not None and context.actor() != agent) or "ORG_HUMAN" in os.environ
    signed = f"human via {name}" if person else None
    proposal = Proposal(Claim(claim), subject, because, predict, predicted_gain, margin, idea, again, parts)
    made = propose.propose(lab, name, proposal, context.now(), signed)
    con = lab.ledger.reader
    near = repeats.near(lab, con, PROGRAMS.get(con, made.program), made)
    waits = "" if lock.is_running(lab.layout.supervisor_lock) else " (queued; start the office with `org start`)"
    said = [f"{made.id} proposed{waits}", *repeats.words(near), "next: `org next` starts your next branch"]
    context.emit({"experiment": made.id, "state": made.state, "near": near}, as_json, lambda: "\n".join(said))
