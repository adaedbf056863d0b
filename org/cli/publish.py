"""`org publish`: a finding for others."""

from pathlib import Path

import click

from org.cli import context
from org.comms.figures import plural
from org.lab.publish import publishing
from org.lab.publish.publishing import Published


@click.command()
@click.argument("finding")
@click.option("--to", "path", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option("--checkpoint", is_flag=True, help="With the weights of the change's newest run, if they are kept.")
@click.option("--anyway", is_flag=True, help="Also what is merged and no finding; its card says so.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, finding: str, path: Path, checkpoint: bool, anyway: bool, as_json: bool) -> None:
    """Write FINDING (an experiment of `org findings`) as a folder: the patch, a card with claim, certificate, label, runs,
    cost, data and versions, loss against compute, logs, and a script that reproduces it. Again to the same folder: brought up
    to date; what was taken out of the head since, or was not confirmed when it was raced again, is withdrawn there."""
    found = publishing.publish(context.lab(ctx), finding, path.absolute(), anyway, checkpoint)
    context.emit(found, as_json, lambda: _page(found))


def _page(found: Published) -> str:
    if found.withdrawn:
        return f"{found.folder}: {found.experiment} is withdrawn: its card begins with it"
    kind = "a finding" if found.is_finding else "NOT a finding; its card says so"
    notes = "".join(f"\nlook before you give it away: {note}" for note in found.notes)
    files = plural(len(found.files), "file")
    return f"{found.folder}: {found.experiment}, {kind}; {files}\nnext: read README.md, then sh reproduce.sh{notes}"
