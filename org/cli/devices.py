"""`org devices`: what each device does, why one idles, and what idle ones would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import click

from org.cli import context, when
from org.comms.figures import span
from org.config import timezone
from org.lab import schedule
from org.lab.devices import backfill, strangers
from org.lab.devices import causes as timeline_causes
from org.lab.devices import page as timeline_page
from org.lab.devices import reading as timeline_read
from org.lab.devices.backfill import Judged
from org.lab.devices.offers import promotions
from org.lab.devices.reading import DeviceTime
from org.lab.lab import Lab
from org.model.run import Purpose, Run
from org.runs import devices
from org.runs.gpus import Gpu
from org.store import idle
from org.store.tables import STUDIES
from org.supervisor import lock

SHOWN = 12  # queued runs, offers


@dataclass(frozen=True, slots=True)
class Line:
    """One device. lease: who holds its lock; stranger: who computes on it without; memory_mb: (used, there) of a GPU."""

    device: str
    model: str
    now: str
    run: Run | None
    lease: str | None
    stranger: str | None
    memory_mb: tuple[int, int] | None
    time: DeviceTime


@click.command()
@click.option("--since", default="24h", show_default=True, metavar="TIME", help="From when on: 90m, 24h, yesterday, 09:00.")
@click.option("--why", is_flag=True, help="What is queued, and what idle devices would do, with the reasons.")
@context.json_option
@click.pass_context
def command(ctx: click.Context, since: str, why: bool, as_json: bool) -> None:
    """What each device does now, how busy it was, why it idled, and a timeline of letters."""
    lab, now = context.lab(ctx), context.now()
    if why:
        queue, offers = schedule.queue(lab), backfill.judged(lab, now, [*backfill.OFFERING, promotions.offers])
        told = {"held": schedule.held(lab), "queued": queue, "offers": [_plain(judged) for judged in offers]}
        context.emit(told, as_json, lambda: _why(lab, queue, offers))
        return
    asked = when.parse(since, now, timezone(lab.config))
    begin = max(asked, timeline_read.began(lab.ledger.reader) or asked)
    lines = _lines(lab, begin, now)
    context.emit({"since": begin, "until": now, "devices": lines}, as_json, lambda: _text(lab, lines, begin, now))


def _lines(lab: Lab, begin: datetime, now: datetime) -> list[Line]:
    cards, running = strangers.cards(lab), timeline_causes.running(lab)
    times = timeline_read.read(lab.ledger.reader, [device.name for device in lab.devices], begin, now)
    models = {device.name: device.model for device in lab.devices}
    return [_line(lab, time, models.get(time.device, "no longer in the lab"), running, cards, now) for time in times]


def _line(lab: Lab, time: DeviceTime, model: str, running: dict[str, Run], cards: dict[str, Gpu], now: datetime) -> Line:
    run, card = running.get(time.device), cards.get(time.device)
    holder = devices.holder(time.device, lab.locks)
    strange = strangers.words(card) if card is not None and strangers.is_strange(card, holder) else None
    memory = (card.used_mb, card.memory_mb) if card is not None else None
    return Line(time.device, model, _now(lab, time.device, run, now), run, holder, strange, memory, time)


def _now(lab: Lab, device: str, run: Run | None, now: datetime) -> str:
    if run is not None:
        since = f", {span((now - run.started_at).total_seconds())}" if run.started_at else ""
        return f"{run.id} {_what(lab, run)}{since}"
    if not lock.is_running(lab.layout.supervisor_lock):
        return "idle: the office is empty (`org start`)"
    interval = idle.current(lab.ledger.reader).get(device)
    if interval is None:
        return "idle"
    detail = f" ({interval.detail})" if interval.detail else ""
    return f"idle {span((now - interval.since).total_seconds())}: {interval.cause.value}{detail}"


def _what(lab: Lab, run: Run) -> str:
    """`race of E41`, `baseline of pool-3`, `certificate S4`."""
    if run.study is not None:
        return f"{STUDIES.get(lab.ledger.reader, run.study).kind.value} {run.study}"
    of_pool = run.pool is not None and run.purpose is not Purpose.FRESH  # head against root is the program's
    subject = run.experiment or (f"pool-{run.pool}" if of_pool else run.program)
    return f"{timeline_read.PURPOSES[run.purpose]}{f' of {subject}' if subject else ''}"


def _text(lab: Lab, lines: Sequence[Line], begin: datetime, now: datetime) -> str:
    has_cards = any(line.memory_mb for line in lines)
    head = ("device", "busy", *(("memory",) if has_cards else ()), "idle, by cause", "now")
    rows = [
        (line.device, _share(line.time), *((_memory(line),) if has_cards else ()),
         timeline_page.hours_by_cause(line.time) or "–", _with_stranger(line))
        for line in lines
    ]  # fmt: skip
    all_ = timeline_read.of_all([line.time for line in lines])
    total = f"{devices.models(lab.devices)} over {span((now - begin).total_seconds())}: {_share(all_)} busy"
    idle_words = timeline_page.hours_by_cause(all_)
    parts = [total + (f"; idle {idle_words}" if idle_words else ""), "", context.columns(rows, head)]
    if now > begin:
        parts += ["", timeline_page.chart([line.time for line in lines], begin, now, timezone(lab.config))]
    return "\n".join([*parts, "", "next: `org devices --why` says what idle devices would do, and what keeps it"])


def _share(time: DeviceTime) -> str:
    return "–" if time.busy_share is None else f"{time.busy_share:.0%}"


def _memory(line: Line) -> str:
    return "–" if line.memory_mb is None else f"{line.memory_mb[0] / 1024:.1f} of {line.memory_mb[1] / 1024:.0f} GiB"


def _with_stranger(line: Line) -> str:
    if line.stranger is not None:
        return f"{line.now}; somebody else's: {line.stranger}"
    return line.now if line.run is not None or line.lease is None else f"{line.now}; held by {line.lease}"


def _why(lab: Lab, queue: Sequence[tuple[Run, str | None]], offers: Sequence[Judged]) -> str:
    held = schedule.held(lab)
    if held is None and not lock.is_running(lab.layout.supervisor_lock):
        held = "the office is empty (`org start`)"
    parts = [f"nothing starts: {held}", ""] if held else []
    rows = [(run.id, _what(lab, run), run.program or "–", why or "when a device is free") for run, why in queue[:SHOWN]]
    parts.append(context.columns(rows, ("queued", "for", "program", "starts")) if rows else "nothing is queued")
    parts += [f"… and {len(queue) - SHOWN} more"] if len(queue) > SHOWN else []
    told = [_offer(judged) for judged in offers[:SHOWN]]
    head = ("idle devices could run", "of", "worth", "device time", "a second", "why", "taken")
    parts += ["", context.columns(told, head) if told else "there is nothing that an idle device could do for the lab"]
    parts += [f"… and {len(offers) - SHOWN} more"] if len(offers) > SHOWN else []
    return "\n".join([*parts, "", WORTH]) if told else "\n".join(parts)


WORTH = "worth: in device time. A run that is bought anyway is worth its own; one that a race or a keep would wait for, twice."


def _offer(judged: Judged) -> tuple[str, ...]:
    o = judged.offer
    name = o.kind if o.runs == 1 else f"{o.kind} ({o.runs} runs)"
    taken = judged.objection or "the next idle device"
    return name, o.subject, span(o.value), span(o.device_seconds), f"{o.rate:.2f}", o.why, taken


def _plain(judged: Judged) -> dict[str, object]:
    o = judged.offer
    return {
        "kind": o.kind, "subject": o.subject, "value_seconds": o.value, "device_seconds": o.device_seconds, "rate": o.rate,
        "runs": o.runs, "longest_seconds": o.longest_seconds, "program": o.program, "why": o.why,
        "objection": judged.objection,
    }  # fmt: skip
