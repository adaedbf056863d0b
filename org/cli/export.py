"""`org export`: the ledger for other programs."""

from pathlib import Path

import click

from org.cli import context
from org.comms.figures import plural
from org.lab.export import exporting
from org.lab.export.exporting import Exported


@click.command()
@click.option("--to", "path", required=True, type=click.Path(path_type=Path), help="A new folder, or an earlier export.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, path: Path, as_json: bool) -> None:
    """Write runs, experiments, verdicts, events, curves, pools and what belongs to them as Parquet, with a README and a JSON
    schema that tell every column. Again to the same folder: only what is new is written."""
    found = exporting.export(context.lab(ctx), path.absolute())
    context.emit(found, as_json, lambda: _page(found))


def _page(found: Exported) -> str:
    listed = ", ".join(f"{count} {name}" for name, count in found.rows.items() if count)
    files = plural(found.written, "file") + " written" + (f", {found.kept} unchanged" if found.kept else "")
    return f"{found.folder}: {files}\n{listed or 'nothing has happened yet'}\nevery column is told in README.md there"
