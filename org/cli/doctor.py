"""`org doctor`: what would keep a lab from a good night, each with its fix."""

import os
import sys
from pathlib import Path

import click

from org import bootstrap
from org import config as configs
from org.cli import context
from org.comms.figures import plural
from org.config import Config
from org.lab.doctor.examine import examine
from org.lab.doctor.finding import Finding, Level
from org.lab.doctor.subject import Subject
from org.model.errors import OrgError
from org.runs import gpus
from org.store.layout import Layout, device_locks

MARKS = {Level.OK: "✓", Level.WARNING: "!", Level.PROBLEM: "✗"}


@click.command()
@context.json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Examine this machine, the lab's config, its agents' programs and its devices. Changes nothing; exit 1 if there is a
    problem. Works without a lab too."""
    found = examine(_subject(ctx.find_root().obj["config"]))
    context.emit(found, as_json, lambda: _page(found))
    if any(finding.level is Level.PROBLEM for finding in found):
        sys.exit(1)


def _subject(named: str | None) -> Subject:
    """As much of the place as can be found."""
    layout, file, config, trouble = _place(named)
    root = layout.root if layout else Path.cwd()
    cards, hidden = gpus.offered(os.environ)
    return Subject(
        python=sys.executable, org=tuple(bootstrap.org_command()), environ=os.environ, now=context.now(), locks=device_locks(),
        roles=bootstrap.shipped(root, "roles"), prompts=bootstrap.shipped(root, "prompts"), cards=cards, hidden=hidden,
        layout=layout, config_file=file, config=config, trouble=trouble,
    )  # fmt: skip


def _place(named: str | None) -> tuple[Layout | None, Path | None, Config | None, tuple[str, ...]]:
    try:
        place = bootstrap.place(named, os.environ, Path.cwd())
        assert place.config_file is not None
        return place.layout, place.config_file, configs.load(place.config_file), ()
    except OrgError as error:
        told = tuple(str(error).splitlines())
    try:
        root = bootstrap.main_worktree(Path.cwd())
    except OrgError:
        return None, None, None, told if named else ()
    file = root / "config.yaml"
    return Layout(root, root / "comms", root / "worktrees"), file, None, told if named or file.exists() else ()


def _page(found: list[Finding]) -> str:
    width = max(len(finding.what) for finding in found)
    lines = []
    for finding in found:
        lines.append(f"{MARKS[finding.level]} {finding.what.ljust(width)}  {finding.says}")
        if finding.fix:
            lines.append(f"  {' ' * width}  → {finding.fix}")
    counts = [sum(finding.level is level for finding in found) for level in (Level.PROBLEM, Level.WARNING, Level.OK)]
    return "\n".join([*lines, "", f"{plural(counts[0], 'problem')}, {plural(counts[1], 'warning')}, {counts[2]} fine"])
