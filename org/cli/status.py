"""`org status`: agents, devices, open experiments, questions."""

from typing import Any

import click

from org.cli import context
from org.comms.figures import plural, span
from org.lab import schedule
from org.lab.devices import gangs
from org.lab.drift import freezing
from org.lab.drift import page as drift_page
from org.lab.lab import Lab
from org.lab.rungs import promote
from org.lab.screen import screens
from org.model.experiment import OPEN
from org.runs import devices
from org.store import agents, experiments, mail, meta, reads
from org.supervisor import lock, titles


@click.command()
@context.json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Agents, devices, open experiments, questions."""
    lab = context.lab(ctx)
    state = _state(lab)
    context.emit(state, as_json, lambda: _text(lab, state))


def _state(lab: Lab) -> dict[str, Any]:
    con = lab.ledger.reader
    return {
        "lab": lab.config.lab,
        "supervisor": lock.is_running(lab.layout.supervisor_lock),
        "note": meta.get(con, "root_note"),
        "held": schedule.held(lab),
        "gang": gangs.standing(lab, context.now()),
        "screen": screens.words(lab, con),
        "drift": drift_page.state(lab, con),
        "promotions": promote.waiting(con),
        "questions": mail.open_questions(con),
        "agents": agents.everyone(con),
        "devices": {d.name: devices.holder(d.name, lab.locks) for d in lab.devices},
        "open": experiments.in_state(con, *OPEN),
        "totals": reads.totals(con),
    }


def _text(lab: Lab, state: dict[str, Any]) -> str:
    totals = state["totals"]
    con = lab.ledger.reader
    is_stopped = not state["supervisor"] and meta.get(con, "stopping") is not None and not reads.running(con)
    lines = [f"lab {lab.config.lab} · {_office(state['supervisor'], is_stopped)}"]
    lines += [f"note: {state['note']}"] if state["note"] else []
    lines += [f"held: {state['held']}"] if state["held"] and not is_stopped else []
    lines += [f"gang: {gangs.words(state['gang'])}"] if state["gang"] else []
    lines += [f"promotion {s.id}: {s.subject} waits for your yes: `org approve {s.id}`" for s in state["promotions"]]
    lines += [f"question {q.id} from {q.asker}: {q.text}" for q in state["questions"]]
    lines.append(
        f"{totals.proposed} proposed · {plural(totals.verdicts, 'verdict')} · {totals.merged} merged · "
        f"{plural(totals.runs, 'run')} · {span(totals.device_seconds)} of device time"
    )
    freeze = state["drift"]["frozen"]
    lines += [f"frozen: {freezing.words(freeze)}"] if freeze else []
    lines += [f"screen {state['screen']}", f"drift: {drift_page.words(lab, lab.ledger.reader)}"]
    shown = titles.all_titles(lab)
    rows = [
        (a.name, a.state.value, a.control.value, a.program or "–", shown[a.name].partition(" · ")[2]) for a in state["agents"]
    ]
    lines += ["", context.columns(rows, ("agent", "state", "control", "program", "now"))]
    kept = dict.fromkeys(state["gang"].free, f"free, kept for {state['gang'].run.id}") if state["gang"] else {}
    holders = [(n, h or kept.get(n, "free")) for n, h in state["devices"].items()]
    lines += ["", context.columns(holders, ("device", "held by"))]
    if state["open"]:
        rows2 = [(e.id, e.state.value, e.author, e.program, e.subject) for e in state["open"]]
        lines += ["", context.columns(rows2, ("open", "state", "by", "program", "what"))]
    return "\n".join(lines)


def _office(is_at_work: bool, is_stopped: bool) -> str:
    if is_stopped:
        return "stopped: `org start` goes on from here"
    return f"the office is {'at work' if is_at_work else 'empty: `org start` brings it back'}"
