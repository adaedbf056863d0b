"""`org start`: preflight, repair, founding, grid. Run again it says what changed and applies it."""

import os
import sys
import time
from pathlib import Path

import click

from org import bootstrap, config
from org.agents import briefing, registry
from org.cli import context
from org.lab import environment, founding, guards, prompts, requests
from org.lab.apart import Apart
from org.lab.lab import Lab
from org.lab.merging import heads
from org.model.agent import Control
from org.model.errors import ConfigError
from org.runs import gpus
from org.store import atomic, meta
from org.store.tables import AGENTS
from org.supervisor import lock
from org.terminal import attach, conf, server
from org.terminal.grid import Grid
from org.workspace import repair, worktrees

OFFICE_SECONDS = 20
NOTHING = ["nothing changed"]


@click.command()
@click.option("--config", "path", metavar="PATH", help="The lab's config; default config.yaml of this repository.")
@click.option("--detach", is_flag=True, help="Do not open the grid; print how to.")
@click.option("--no-grid", is_flag=True, hidden=True, help="Found the lab only.")
@click.option("--anyway", is_flag=True, help="Start also where a guard refuses; the lab remembers it.")
@click.pass_context
def command(ctx: click.Context, path: str | None, detach: bool, no_grid: bool, anyway: bool) -> None:
    """Start the lab, or apply an edited config; bring back whatever died.

    The lab roots at HEAD and reads config, roles and prompts from disk. Nobody's own branches are written.
    """
    server.require()
    named = path or ctx.find_root().obj["config"]
    place = bootstrap.place(named, os.environ, Path.cwd())
    lab, cfg = bootstrap.found(place, os.environ)
    warnings = guards.before(lab, *gpus.offered(os.environ), anyway)
    said = _found(lab, cfg, place)
    for warning in warnings + guards.after(lab, anyway):
        click.echo(f"warning: {warning}", err=True)
    _tell(said)
    if no_grid:
        _tell([] if said else NOTHING)
        return
    grid = bootstrap.grid(lab)
    opened = _raise_grid(lab, grid)
    _tell(opened if said or opened else NOTHING)
    _wait_for_the_office(lab, grid)
    if detach or not sys.stdout.isatty():
        click.echo(attach.how_to_attach(grid.socket_path, grid.session, os.environ))
        return
    attach.attach(grid.socket_path, grid.session)


def _tell(lines: list[str]) -> None:
    for line in lines:
        click.echo(f"· {line}")


def _found(lab: Lab, cfg: config.Config, place: bootstrap.Place) -> list[str]:
    """Everything before the grid. Safe to repeat, also beside a running supervisor."""
    now = context.now()
    said = [f"repaired: {line}" for line in repair.repair(lab.git)]
    lab.git.require()
    dirty = worktrees.status(lab.layout.root).dirty
    if dirty:
        click.echo(f"warning: not committed: {', '.join(dirty[:5])}; the lab roots at HEAD and does not see that", err=True)
    digest = config.organization_digest(_organization(lab, place))
    _check_roles(lab, cfg)
    _check_backends(lab, cfg)
    said += founding.found(lab, digest, now)
    atomic.write_json(
        lab.layout.lab_file,
        {"lab": cfg.lab, "root": str(lab.layout.root), "worktrees": str(lab.layout.worktrees), "config": str(place.config_file)},
    )
    if not lock.is_running(lab.layout.supervisor_lock):
        apart = Apart()
        said += [f"finished the merge of {e}" for e in heads.settle_intents(lab, now, apart)]
        said += [f"not finished, and tried again while the lab runs: {error}" for error in apart.errors]
        said += requests.step(lab, now)
        with lab.ledger.transaction() as tx:
            meta.put(tx, "stopping", None)
    root = meta.get(lab.ledger.reader, "root_commit")
    assert root is not None
    if meta.get(lab.ledger.reader, "environment") is None:
        click.echo("· preparing the task (once per lab) …")
    environment.prepare(lab, root, now)
    return said


def _check_roles(lab: Lab, cfg: config.Config) -> None:
    """A missing role, or a prompt with an unknown variable, is told before anything is made."""
    findings = []
    for role in dict.fromkeys(agent.role for agent in cfg.agents):
        try:
            briefing.role(lab.roles, role, prompts.variables(lab.config, "agent"))
        except ConfigError as error:
            findings.append(str(error))
    if findings:
        raise ConfigError("\n".join(findings))


def _check_backends(lab: Lab, cfg: config.Config) -> None:
    """What an agent's program lacks (itself, a login, a key) is told before anything is made."""
    findings = []
    for name, entry in config.agent_names(cfg):
        findings += registry.named(entry.backend).check(bootstrap.seat(lab, name, entry))
    if findings:
        raise ConfigError("\n".join(dict.fromkeys(findings)))


def _organization(lab: Lab, place: bootstrap.Place) -> list[Path]:
    assert place.config_file is not None
    return [place.config_file, *lab.roles.glob("*.md"), *lab.prompts.rglob("*.md")]


def _raise_grid(lab: Lab, grid: Grid) -> list[str]:
    """Have every pane, and none that runs what is not wanted any more; what was done, a line each."""
    lab.layout.logs.mkdir(parents=True, exist_ok=True)
    conf.write(lab.layout.comms, grid.socket_path, lab.config.lab, lab.layout.comms, bootstrap.org_command())
    grid.remember(bootstrap.secrets(lab, os.environ))
    specs = [bootstrap.pane_spec(lab, name) for name in bootstrap.pane_names(lab)]
    changes = grid.ensure([spec for spec in specs if spec is not None])
    renewed = [name for name in changes.outdated if _renew(lab, grid, name)]
    told = {"opened": changes.created, "started again": changes.respawned, "started anew, for what they run has changed": renewed}
    return [f"panes {verb}: {', '.join(names)}" for verb, names in told.items() if names]


def _wait_for_the_office(lab: Lab, grid: Grid) -> None:
    """So that the next verb does not find it empty."""
    until = time.monotonic() + OFFICE_SECONDS
    while not lock.is_running(lab.layout.supervisor_lock):
        if time.monotonic() > until or grid.find(bootstrap.OFFICE_PANE).dead:
            click.echo("warning: nobody is in the office yet; its window says why, and `org start` tries again", err=True)
            return
        time.sleep(0.1)


def _renew(lab: Lab, grid: Grid, name: str) -> bool:
    """End a pane's program and start the one that the config names now; not while a person has it."""
    if name not in bootstrap.OWN_PANES and AGENTS.get(lab.ledger.reader, name).control is Control.HUMAN:
        click.echo(f"· {name} keeps its program while a person has it; after `org handback {name}` start again")
        return False
    spec = bootstrap.pane_spec(lab, name)
    assert spec is not None
    grid.respawn(name, spec, kill=True)
    return True
