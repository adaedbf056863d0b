"""`org ablate`: what each part of a change does."""

import click

from org.cli import context
from org.lab.merging import ablate


@click.command()
@click.argument("experiment")
@click.option(
    "--part", "--parts", "marks", multiple=True, metavar="NAME=PATH[#…]",
    help="A part: a file or pattern; NAME=PATH#1,3 hunks of its diff; NAME=RECIPE#lr,decay keys. Again for more.",
)  # fmt: skip
@click.option("--list", "show", is_flag=True, help="Its parts and what they would cost, without a run.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, experiment: str, marks: tuple[str, ...], show: bool, as_json: bool) -> None:
    """Leave each part of EXPERIMENT out alone and measure what is lost without it, on the same seeds.

    Parts are what its author marked, else its commits, else each recipe key and each file. `org explain` shows the answer:
    carries the gain, does nothing (could be dropped), or cannot tell.
    """
    lab = context.lab(ctx)
    found = ablate.parts(lab, lab.ledger.reader, experiment, marks)
    if show or as_json:
        rows = [(p.name, p.what if p.tree else f"{p.what} (cannot be left out: {p.why})") for p in found]
        cost = f"{ablate.cost(lab, found)}; next: `org ablate {experiment}`"
        context.emit(found, as_json, lambda: context.columns(rows, ("part", "what")) + f"\n{cost}")
        return
    context.request(lab, "ablate", experiment=experiment, marks=list(marks))
