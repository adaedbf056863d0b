"""What verbs share: the lab, who speaks, how answers are printed."""

import dataclasses
import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from org import bootstrap
from org.lab.lab import Lab
from org.model import names
from org.model.errors import UsageError
from org.model.message import HUMAN
from org.model.request import State
from org.store import requests
from org.store.tables import REQUESTS
from org.supervisor import lock

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
reason_option = click.option("--reason", default="", help="Why; kept in the ledger.")
ANSWER_SECONDS = 5.0


def lab(ctx: click.Context) -> Lab:
    """The started lab around here."""
    return bootstrap.opened(place(ctx))


def place(ctx: click.Context) -> bootstrap.Place:
    config = ctx.find_root().obj["config"]
    return bootstrap.place(config, os.environ, Path.cwd())


def now() -> datetime:
    return datetime.now(UTC)


def actor() -> str:
    """Who speaks: the agent of this pane, else the person."""
    named = os.environ.get("ORG_AGENT")
    return names.part("an agent", named) if named else HUMAN


def agent_or_fail(given: str | None) -> str:
    name = given or os.environ.get("ORG_AGENT")
    if not name:
        raise UsageError("name the agent (outside an agent's pane there is none)")
    return names.part("an agent", name)


def emit(value: Any, as_json: bool, render: Callable[[], str]) -> None:
    """Print value as JSON, or as render writes it."""
    click.echo(json.dumps(plain(value), indent=1, ensure_ascii=False) if as_json else render())


def plain(value: Any) -> Any:
    """Dataclasses, times and enums as JSON's own types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def request(the_lab: Lab, verb: str, **args: Any) -> None:
    """Ask the supervisor and say its answer; without one: queued, which is done as far as the verb goes."""
    with the_lab.ledger.transaction() as tx:
        asked = requests.ask(tx, verb, actor(), now(), **args)
    if not lock.is_running(the_lab.layout.supervisor_lock):
        click.echo(f"queued as request {asked.id}; nobody is in the office: start it with `org start`")
        return
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        answered = REQUESTS.get(the_lab.ledger.reader, asked.id)
        if answered.state is State.REFUSED:
            raise click.ClickException(answered.answer)
        if answered.state is State.DONE:
            click.echo(answered.answer)
            return
        time.sleep(0.1)
    click.echo(f"queued as request {asked.id}; the office has not answered yet (`org log` will show it)")


def columns(rows: Sequence[Sequence[object]], head: Sequence[str] | None = None) -> str:
    """Aligned columns, the last one as it is."""
    cells = [[str(c) for c in row] for row in ([head] if head else []) + list(rows)]
    if not cells:
        return ""
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]) - 1)]
    return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in cells)
