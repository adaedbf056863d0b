"""`org plan`: before spending, what a night buys."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from org import bootstrap
from org.cli import context
from org.lab.lab import Lab
from org.lab.spend import forecast, spending
from org.lab.spend.forecast import AgentPlan, Plan


@click.command()
@click.option("--hours", type=click.FloatRange(min=0, min_open=True, max=10_000), default=10.0, show_default=True)
@context.json_option
@click.pass_context
def command(ctx: click.Context, hours: float, as_json: bool) -> None:
    """What so many hours buy: runs, verdicts, effects that would be seen, disk, tokens, dollars, the first limit.

    Also before `org start`: then everything that history would tell is assumed, and nothing is kept.
    """
    place = context.place(ctx)
    now = context.now()
    if place.layout.ledger.exists():
        lab = bootstrap.opened(place)
        made = forecast.plan(lab, hours, now)
        forecast.save(lab, made, context.actor(), now)
        said = "Kept: the next standup compares. A limit is a line in config.yaml (`limits:`), applied by `org start`."
    else:
        with _imagined(place) as lab:
            made = forecast.plan(lab, hours, now)
        said = "Not kept: the lab was not started yet (`org start`)."
    context.emit(made, as_json, lambda: f"{text(made)}\n\n{said}")


def text(made: Plan) -> str:
    """The plan as a person reads it: each number with its source."""
    f = made.figures
    cut = "" if made.working_hours >= made.hours else f", of which {made.working_hours:.1f} h until a limit ends them"
    rows = [
        ("runs", f"{made.runs:.0f}", f"{f['run_seconds'].number:.0f} s each ({f['run_seconds'].source}); devices "
         f"{f['busy'].number:.0%} busy ({f['busy'].source})"),
        ("verdicts", f"{made.verdicts:.0f}", f"{f['runs_a_verdict'].number:.2f} runs each ({f['runs_a_verdict'].source})"),
        ("merges", f"{made.merges:.1f}", f"{f['merged_share'].number:.1%} of verdicts ({f['merged_share'].source})"),
        *((f"seen at {effect.power:.0%}", *_effect(effect, made)) for effect in made.effects),
        ("device-hours", f"{made.device_hours:.1f}", ""),
        ("disk", f"{made.disk_gb:.2f} GB", f"of {made.free_gb:.0f} GB free; {f['run_megabytes'].number:.2g} MB a run "
         f"({f['run_megabytes'].source})"),
        ("tokens", spending.amount(made.tokens), ""),
        ("dollars", _dollars(made), ""),
    ]  # fmt: skip
    stop = made.first_limit
    limit = f"first limit: {stop.what}, after {stop.hours:.1f} h" if stop else "no limit is reached in this time"
    people = [(a.agent, a.backend, spending.amount(a.tokens), _cost(a), a.source) for a in made.agents]
    return "\n".join([
        f"{made.hours:g} h on {made.devices} × {made.device_model}{cut}",
        context.columns(rows), "", context.columns(people, ("agent", "backend", "tokens", "dollars", "from")), "", limit,
    ])  # fmt: skip


def _effect(effect: forecast.Effect, made: Plan) -> tuple[str, str]:
    if effect.sigmas is None:
        return "–", "no effect that was played is seen so often by one try"
    value = f"{effect.gain:.2g} {made.metric}" if effect.gain is not None else f"{made.metric} unknown"
    return f"{effect.sigmas:.2f} σ", f"= {value}; σ {made.figures['sigma'].source}"


def _dollars(made: Plan) -> str:
    unknown = f" and an unknown cost for {', '.join(made.unknown_cost)}" if made.unknown_cost else ""
    return f"${made.dollars:.2f}{unknown}"


def _cost(agent: AgentPlan) -> str:
    return "cost unknown" if agent.dollars is None else f"${agent.dollars:.2f}"


@contextmanager
def _imagined(place: bootstrap.Place) -> Iterator[Lab]:
    """The lab as its config describes it, with an empty ledger of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="org-plan-") as folder:
        beside = replace(place, layout=replace(place.layout, comms=Path(folder)))
        lab, _ = bootstrap.found(beside, os.environ)
        try:
            yield replace(lab, layout=place.layout)
        finally:
            lab.ledger.close()
