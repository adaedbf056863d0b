"""`org promote`: run merged changes on a larger rung of the ladder."""

from dataclasses import dataclass

import click

from org.cli import context
from org.lab.lab import Lab
from org.lab.rungs import ladder, promote
from org.lab.rungs import offers as promote_offers
from org.lab.rungs import page as promote_page
from org.lab.rungs.forecast import Forecast
from org.lab.rungs.offers import Offer
from org.model.errors import Refused
from org.model.message import HUMAN
from org.model.study import Study
from org.store import reads
from org.store.tables import EXPERIMENTS
from org.supervisor import lock


@dataclass(frozen=True, slots=True)
class Priced:
    """What could be promoted, with its cost and whether a person must agree to that."""

    offer: Offer
    forecast: Forecast
    needs_yes: bool


@click.command()
@click.argument("experiments", metavar="[EXPERIMENT]...", nargs=-1)
@click.option(
    "--rung", type=int, help="This rung of task.ladder (0: the race's), whatever the thresholds say; default: the next."
)
@click.option("--bundle", is_flag=True, help="All of them together as one change; without names, all that no rung has tested.")
@click.option("--dry-run", is_flag=True, help="Only what it would take, and the evidence that buys.")
@click.option("--yes", is_flag=True, help="Agree to a cost above protocol.promote_cost (a person only).")
@context.json_option
@click.pass_context
def command(
    ctx: click.Context, experiments: tuple[str, ...], rung: int | None, bundle: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Does a gain hold at a larger scale? Candidate and base are run on the next rung of the ladder.

    Without names: what the ladder would promote now, with its cost.
    """
    lab = context.lab(ctx)
    if yes and context.actor() != HUMAN:
        raise Refused("only a person may say --yes; without it a person is asked where the cost needs that")
    listing = not experiments and not bundle
    found = [_priced(lab, offer) for offer in _offers(lab, experiments, rung, bundle)]
    if dry_run or listing:
        context.emit(found, as_json, lambda: "\n\n".join(_dry(lab, p, rung) for p in found) or _nothing(lab))
        return
    for priced in found:
        _check(lab, priced, rung, yes)
    with lab.ledger.transaction() as tx:
        asked = [promote.ask(lab, tx, p.offer, context.actor(), context.now(), agreed=yes) for p in found]
    context.emit(asked, as_json, lambda: "\n".join(_asked(lab, s) for s in asked))


def _offers(lab: Lab, names: tuple[str, ...], rung: int | None, bundle: bool) -> list[Offer]:
    con = lab.ledger.reader
    if bundle:
        merged = [EXPERIMENTS.get(con, id).program for id in names] or [m.program for m in reads.merges(con)]
        if len(set(merged)) != 1:
            raise Refused("a bundle is of one program: name its experiments" if merged else "nothing is merged yet")
        return [promote_offers.bundle(lab, con, merged[0], names, rung)]
    if names:
        return [promote_offers.offer(lab, con, id, rung) for id in dict.fromkeys(names)]
    return promote_offers.offers(lab, con)


def _priced(lab: Lab, offer: Offer) -> Priced:
    forecast = promote_offers.priced(lab, lab.ledger.reader, offer)
    return Priced(offer, forecast, promote.needs_yes(lab, forecast))


def _check(lab: Lab, priced: Priced, rung: int | None, yes: bool) -> None:
    """A person is told before anything is asked for; an agent's promotion waits for a person."""
    offer = priced.offer
    words = promote_offers.words_of(offer)
    if rung is None and not offer.step.promoted and not offer.is_bundle:
        raise Refused(f"{words}: {offer.step.reason}; `org promote {words} --rung {offer.rung}` runs it all the same")
    if priced.needs_yes and not yes and context.actor() == HUMAN:
        more = "" if rung is None else f" --rung {rung}"
        raise Refused(
            f"{words}: {promote_page.cost(priced.forecast)}, over protocol.promote_cost "
            f"({lab.config.protocol.promote_cost:g}): `org promote {words}{more} --yes`, or --dry-run for what that buys"
        )


def _dry(lab: Lab, priced: Priced, rung: int | None) -> str:
    offer = priced.offer
    goes = offer.step.promoted or offer.is_bundle
    what = f"{'bundle of ' if offer.is_bundle else ''}{', '.join(offer.experiments)} to {ladder.named(lab, offer.rung)}"
    may = ": may go" if offer.step.promoted else "" if goes else ": stays, unless --rung says so"
    rows = [("threshold", f"{offer.step.reason}{may}"), *promote_page.rows(lab, priced.forecast)]
    if not promote_offers.fits(lab, offer.rung):
        rows.append(("devices", f"too few: {priced.forecast.devices} of one model are needed at once"))
    if priced.needs_yes:
        rows.append(("needs", f"a person's yes: over protocol.promote_cost ({lab.config.protocol.promote_cost:g} device-hours)"))
    named = f" --rung {offer.rung}" if rung is not None or not goes else ""
    yes = " --yes" if priced.needs_yes else ""
    return f"{what}\n{context.columns(rows)}\nnext: `org promote {promote_offers.words_of(offer)}{named}{yes}`"


def _asked(lab: Lab, study: Study) -> str:
    if study.plan["agreed"] is None:
        return f"{study.id}: {study.subject} waits for a person's yes (`org approve {study.id}`); you are told when it is run"
    waits = "" if lock.is_running(lab.layout.supervisor_lock) else " (queued; start the office with `org start`)"
    return (
        f"{study.id}: {study.subject} to {ladder.named(lab, study.plan['rung'])}{waits}\n"
        "next: a letter tells whether it holds; `org findings --transfer` shows all rungs beside each other"
    )


def _nothing(lab: Lab) -> str:
    if len(lab.config.task.ladder) < 2:
        return f"{ladder.NO_RUNG}; add one to task.ladder in config.yaml"
    going = [f"{s.id} ({s.subject} to {ladder.named(lab, s.plan['rung'])})" for s in ladder.open_(lab.ledger.reader)]
    waits = f"; under way: {', '.join(going)}" if going else ""
    return f"nothing is waiting to go up the ladder{waits}. `org findings --transfer` shows what went"
