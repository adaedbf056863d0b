"""`org plot`: what was learned, as a picture."""

import difflib
import shutil
from pathlib import Path

import click
from rich.console import Console

from org.cli import context, when
from org.config import timezone
from org.lab import pictures
from org.lab.lab import Lab
from org.lab.pictures import Plot
from org.model.errors import UsageError
from org.store import programs

KINDS = ("progress", "effects", "compute", "devices")


@click.command()
@click.argument("words", nargs=-1, metavar="[progress|effects|compute|devices] [PROGRAM]")
@click.option("--to", "path", type=click.Path(path_type=Path), help="Write FILE.svg, or FILE.png (extra `plots`).")
@click.option("--over", type=click.Choice(["experiments", "hours"]), default="experiments", show_default=True,
              help="progress: what the x axis counts; hours are device-hours.")  # fmt: skip
@click.option("--since", metavar="WHEN", help="devices: from when on (12h, yesterday, 2026-03-14). Default: a day.")
@click.option("--dark", is_flag=True, help="Colours for a dark page.")
@context.json_option
@click.pass_context
def command(
    ctx: click.Context, words: tuple[str, ...], path: Path | None, over: str, since: str | None, dark: bool, as_json: bool
) -> None:
    """Plot a program, or the whole lab: progress (a dot per experiment, the head's staircase, the noise around it), effects
    with their intervals, loss against compute with the baseline's curve, or what the devices did."""
    lab = context.lab(ctx)
    kind, program = _meant(lab, words)
    now = context.now()
    begin = when.parse(since, now, timezone(lab.config)) if since else None
    plot: Plot
    match kind:
        case "progress":
            plot = pictures.progress_of(lab, program, "hours" if over == "hours" else "experiments")
        case "effects":
            plot = pictures.effects_of(lab, program)
        case "compute":
            plot = pictures.compute_of(lab, program)
        case _:
            plot = pictures.devices_of(lab, now, begin)
    if path is not None:
        pictures.write(plot, path.absolute(), dark)
    if as_json or path is not None:
        context.emit(plot.numbers, as_json, lambda: f"{path} is written")
        return
    size = shutil.get_terminal_size((100, 32))
    Console(width=size.columns, highlight=False).print(plot.text(size.columns, max(size.lines - 2, 16)))


def _meant(lab: Lab, words: tuple[str, ...]) -> tuple[str, str | None]:
    """Which plot, of which program; each may be left out."""
    kind = words[0] if words and words[0] in KINDS else "progress"
    rest = words[1:] if words and words[0] in KINDS else words
    known = [p.slug for p in programs.in_order(lab.ledger.reader)]
    if len(rest) > 1 or (rest and rest[0] not in known):
        near = difflib.get_close_matches(rest[-1], [*KINDS, *known], 1)
        hint = f"did you mean {near[0]}?" if near else f"plots: {', '.join(KINDS)}; programs: {', '.join(known) or 'none yet'}"
        raise UsageError(f"{' '.join(rest)}: no plot and no program; {hint}")
    if rest and kind == "devices":
        raise UsageError("devices belong to the lab, not to a program: org plot devices")
    return kind, rest[0] if rest else None
