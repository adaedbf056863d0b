"""`org findings`: what may be claimed."""

import click

from org.cli import context
from org.lab.rungs.ladder import FIRST, Transfer
from org.lab.verdicts import findings
from org.lab.verdicts.findings import Findings, Line, Standing, Transfers


@click.command()
@click.option("--failed-transfer", is_flag=True, help="What held here and not at a larger scale.")
@click.option("--transfer", is_flag=True, help="Every change on every rung, and how far the small ones foretell the target.")
@click.option("--all", "every", is_flag=True, help="Everything in a head, claimed or not.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, failed_transfer: bool, transfer: bool, every: bool, as_json: bool) -> None:
    """Certified merges, confirmed at a larger rung where the ladder has one, with the numbers that may be quoted: those of
    fresh runs, shrunk."""
    lab = context.lab(ctx)
    con = lab.ledger.reader
    if transfer:
        table = findings.transfers(lab, con)
        context.emit(table, as_json, lambda: _transfers(table))
        return
    found = findings.of(lab, con, failed_transfer, every)
    context.emit(found, as_json, lambda: _page(found))


def _page(found: Findings) -> str:
    told = f"certified: {found.certified} of {found.merges} merge{'' if found.merges == 1 else 's'}"
    if found.confirmed is not None:
        told += f"; confirmed at a larger scale: {found.confirmed}"
    entered = "".join(f"\n{t.study} in the lab's head ({', '.join(t.members)}): {t.words}" for t in found.stacks)
    if not found.found:
        ways = "`org certify` tests merges on fresh seeds"
        ways += "" if found.confirmed is None else ", `org promote` at a larger scale"
        return f"nothing of this kind yet; {told}" + (f"; {ways}" if found.merges else "") + entered
    head = ("", "merge", "state", "scale", "label", "fresh gain", "e", "needs", "P(no gain)", "may be claimed", "what")
    return context.columns([_row(line) for line in found.found], head) + f"\n{told}{entered}"


def _row(line: Line) -> tuple[object, ...]:
    gain = "–" if line.gain is None or line.se is None else f"{line.gain:+.4g} ± {line.se:.2g}"
    numbers = ("–" if value is None else f"{value:.3g}" for value in (line.e, line.needed, line.p_not_positive))
    state = line.state.replace("_", " ")
    return (line.experiment, line.merge, state, line.scale or "–", line.label or "–", gain, *numbers, line.claim, line.subject)


def _transfers(table: Transfers) -> str:
    if len(table.names) < 2:
        return "the ladder has one rung: nothing is above it; add one to task.ladder in config.yaml"
    gates = "\n".join(_gate(standing, table.names[-1]) for standing in table.gates)
    if not table.rows:
        return f"nothing was run at a larger scale yet; `org promote` shows what could be\n{gates}"
    head = ("", *table.names, "what")
    return context.columns([_transfer(row, len(table.names)) for row in table.rows], head) + f"\n{gates}"


def _gate(standing: Standing, target: str) -> str:
    known = standing.gate.correlation
    so_far = "" if known is None or f"{known:.2f}" in standing.gate.reason else f", rank correlation {known:.2f} so far"
    return f"{standing.name} → {target}: {standing.gate.reason}{so_far}"


def _transfer(row: Transfer, rungs: int) -> tuple[object, ...]:
    found = {m.rung: f"{m.gain:+.4g} ± {m.se:.2g}{'' if m.held else ' (not held)'}" for m in row.rungs}
    if row.small is not None:
        found[FIRST] = f"{row.small:+.4g}"
    return (row.name, *(found.get(n, "–") for n in range(rungs)), row.subject)
