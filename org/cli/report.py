"""`org report`: what a span of time brought."""

from pathlib import Path

import click

from org.cli import context, when
from org.config import timezone
from org.lab.report import html as reporting_html
from org.lab.report import reporting


@click.command()
@click.option("--since", required=True, metavar="WHEN", help="12h, 7d, yesterday, 09:00, 2026-03-14, 2026-03-14T09:00.")
@click.option("--to", "path", type=click.Path(path_type=Path), help="Write FILE.html (one file, pictures inside) or FILE.md.")
@click.pass_context
def command(ctx: click.Context, since: str, path: Path | None) -> None:
    """Questions to you, numbers, plots, certificates, verdicts, authors, wrong turns, standups and notebook pages since WHEN.
    As Markdown here; --to writes a file to send to somebody."""
    lab = context.lab(ctx)
    now = context.now()
    report = reporting.of(lab, when.parse(since, now, timezone(lab.config)), now)
    if path is None:
        click.echo(reporting_html.markdown(report))
        return
    reporting_html.write(report, path.absolute())
    click.echo(f"{path} is written ({path.stat().st_size / 1e6:.1f} MB)")
