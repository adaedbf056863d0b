"""org plot: the lab's plots, as drawings for files and as text for terminals; and files that are never written over others'."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.text import Text

from org.config import timezone
from org.lab.devices import reading as timeline_read
from org.lab.devices.reading import DeviceTime
from org.lab.lab import Lab
from org.model.errors import Refused, UsageError
from org.plots import (
    compute,
    compute_svg,
    compute_text,
    devices_svg,
    devices_text,
    effects,
    effects_svg,
    effects_text,
    png,
    progress,
    progress_svg,
    progress_text,
)
from org.plots.devices import Idle, Row, Stretch, Timeline, Use, joined
from org.plots.svg import MADE_BY, Drawing
from org.plots.theme import DARK, LIGHT
from org.store import atomic, rows

SUFFIXES = (".svg", ".png")
SPAN = timedelta(hours=24)  # of the timeline, when nobody says since when
COLUMNS = 600  # runs closer together than one of these are drawn as one
USES = {
    "race": Use.RACE, "re-check": Use.RACE, "baseline": Use.BASELINE, "screen baseline": Use.BASELINE,
    "fresh seed": Use.FRESH, "screen": Use.SCREEN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plot:
    """numbers: what is drawn. text: for so many columns and rows of a terminal."""

    numbers: Any
    drawing: Callable[[], Drawing]
    text: Callable[[int, int], Text]


def progress_of(lab: Lab, program: str | None = None, over: progress.Over = "experiments") -> Plot:
    """A dot per experiment, the staircase of the head, noise, fresh seeds."""
    found = progress.read(lab.ledger.reader, lab.config.task.metric, _higher(lab), program, over)
    name = lab.config.lab
    return Plot(found, lambda: progress_svg.draw(found, name), lambda w, h: progress_text.draw(found, name, w, h))


def effects_of(lab: Lab, program: str | None = None) -> Plot:
    """The forest plot."""
    found, name = effects.read(lab.ledger.reader, lab.config.task.metric, program), lab.config.lab
    return Plot(found, lambda: effects_svg.draw(found, name), lambda w, h: effects_text.draw(found, name, w, h))


def compute_of(lab: Lab, program: str | None = None, experiment: str | None = None) -> Plot:
    """Loss against compute; of one experiment: its own baseline, and nothing else beside it."""
    con, metric = lab.ledger.reader, lab.config.task.metric
    found = compute.read(con, metric, _higher(lab), lab.protocol, program, experiment)
    name = experiment or lab.config.lab
    return Plot(found, lambda: compute_svg.draw(found, name), lambda w, h: compute_text.draw(found, name, w, h))


def devices_of(lab: Lab, now: datetime, since: datetime | None = None) -> Plot:
    """What every device did, and why it was idle; since: default a day, less when the lab is younger."""
    began = timeline_read.began(lab.ledger.reader)
    begin = since or max(now - SPAN, began or now - SPAN)
    found = _timeline(lab, min(begin, now - timedelta(minutes=1)), now)
    name, zone = lab.config.lab, timezone(lab.config)
    return Plot(found, lambda: devices_svg.draw(found, name, zone), lambda w, _: devices_text.draw(found, name, zone, w))


def write(plot: Plot, path: Path, dark: bool = False) -> None:
    """As SVG or PNG, by the file's name. Refused where there is a file that org did not draw."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--to {path.name}: a picture's name ends in {' or '.join(SUFFIXES)}")
    if path.exists() and MADE_BY.encode() not in path.read_bytes()[:4096]:
        raise Refused(f"{path} is no picture that org made; it stays as it is: choose another name")
    svg = plot.drawing().inner(DARK if dark else LIGHT)
    if path.suffix.lower() == ".svg":
        atomic.write_text(path, svg)
        return
    content = png.of(svg)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


def _timeline(lab: Lab, since: datetime, now: datetime) -> Timeline:
    con = lab.ledger.reader
    times = timeline_read.read(con, [device.name for device in lab.devices], since, now)
    query = "SELECT id FROM runs WHERE state NOT IN ('succeeded', 'running') AND finished_at > ?"
    ended = con.execute(query, (rows.encode(since),))
    lost = {str(row[0]) for row in ended}
    known = [_row(time, lost, (now - since) / COLUMNS) for time in times if time.stretches]
    return Timeline(since, now, tuple(known), timeline_read.of_all(times).busy_share)


def _row(time: DeviceTime, lost: Collection[str], gap: timedelta) -> Row:
    used = [Stretch(s.begin, s.end, _use(s, lost), 1) for s in time.stretches if s.is_use]
    idle = tuple(Idle(s.begin, s.end, s.cause.value) for s in time.stretches if not s.is_use and s.cause is not None)
    return Row(time.device, joined(used, gap), idle, time.busy_share)


def _use(stretch: timeline_read.Stretch, lost: Collection[str]) -> Use:
    if stretch.purpose is None:
        return Use.TRY
    return Use.LOST if stretch.subject in lost else USES.get(stretch.purpose, Use.STUDY)


def _higher(lab: Lab) -> bool:
    return lab.config.task.direction == "higher"
