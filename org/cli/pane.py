"""`org pane`: an agent's pane. The grid runs it."""

import functools
import os
import sys
from pathlib import Path

import click

from org import bootstrap
from org import config as configs
from org.agents import replay
from org.agents.api import play as api
from org.agents.checkout import Checkout
from org.agents.offline import loop as offline
from org.agents.offline.rota import Shipped
from org.agents.verbs import for_agent
from org.cli import context
from org.lab import briefs
from org.lab.lab import Lab
from org.lab.spend import spending
from org.model.errors import OrgError
from org.model.usage import Usage
from org.terminal import tether


@click.command(hidden=True)
@click.argument("agent")
@click.pass_context
def command(ctx: click.Context, agent: str) -> None:
    """Be AGENT in this terminal."""
    tether.hold()
    play(context.lab(ctx), agent)


def play(lab: Lab, agent: str) -> None:
    """Be an agent in this terminal, on the backend that the config gives it, until the process is ended."""
    entry = dict(configs.agent_names(lab.config)).get(agent)
    if entry is None:
        raise OrgError(f"the config has no agent {agent}; it has {', '.join(n for n, _ in configs.agent_names(lab.config))}")
    if entry.backend == "api":
        api.run(bootstrap.seat(lab, agent, entry), lambda used: _dollars(lab, used))
        return
    worktree = Checkout(lab.layout.worktree(agent), bootstrap.pane_environment(lab, agent))
    org = for_agent(tuple(bootstrap.org_command()), worktree.path, agent, str(lab.layout.comms), os.environ)
    recipe = lab.config.task.recipe[0] if lab.config.task.recipe else ""
    if entry.backend == "replay":
        script = lab.layout.root / str(entry.script)
        replay.run(
            agent, layout=lab.layout, org=org, worktree=worktree, recipe_path=recipe, script=script, stdin=sys.stdin,
            stdout=sys.stdout,
        )  # fmt: skip
        return
    offline.run(
        agent, layout=lab.layout, org=org, worktree=worktree, recipe_path=recipe, briefs=lambda: shipped_briefs(lab),
        has={device.kind for device in lab.devices}, stdin=sys.stdin, stdout=sys.stdout,
    )  # fmt: skip


def _dollars(lab: Lab, used: Usage) -> float | None:
    """What a call costs by the config's prices; None when its model has none."""
    price = spending.price(lab.config.prices, used.model)
    return None if price is None else spending.cost(used, price)


def shipped_briefs(lab: Lab) -> list[Shipped]:
    """The briefs that a chief may open: a person may add or change one at any time."""
    return [_read(path, path.stat().st_mtime_ns if path.exists() else 0) for path in briefs.shipped(lab.prompts)]


@functools.lru_cache(maxsize=256)
def _read(path: Path, written: int) -> Shipped:
    return Shipped(path, briefs.read(path))
