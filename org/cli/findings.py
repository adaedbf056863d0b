"""`org findings`: what may be claimed."""

import click

from org.cli import context
from org.lab import findings
from org.lab.findings import Findings, Line


@click.command()
@click.option("--failed-transfer", is_flag=True, help="What held here and not at its rung.")
@click.option("--all", "every", is_flag=True, help="Everything in a head, claimed or not.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, failed_transfer: bool, every: bool, as_json: bool) -> None:
    """Confirmed and certified merges, with the numbers that may be quoted: those of fresh runs, shrunk."""
    lab = context.lab(ctx)
    found = findings.of(lab.ledger.reader, failed_transfer, every)
    context.emit(found, as_json, lambda: _page(found))


def _page(found: Findings) -> str:
    told = f"certified: {found.certified} of {found.merges} merges"
    if not found.found:
        return f"nothing of this kind yet; {told}" + ("; `org certify` tests merges on fresh seeds" if found.merges else "")
    head = ("", "merge", "state", "label", "fresh gain", "e", "needs", "P(no gain)", "may be claimed", "what")
    return context.columns([_row(line) for line in found.found], head) + f"\n{told}"


def _row(line: Line) -> tuple[object, ...]:
    gain = "–" if line.gain is None or line.se is None else f"{line.gain:+.4g} ± {line.se:.2g}"
    numbers = ("–" if value is None else f"{value:.3g}" for value in (line.e, line.needed, line.p_not_positive))
    return (line.experiment, line.merge, line.state, line.label or "–", gain, *numbers, line.claim, line.subject)
