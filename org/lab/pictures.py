"""org plot: the lab's plots, as drawings for files and as text for terminals; and files that are never written over others'."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from org.config import timezone
from org.lab.devices import drawn
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
from org.plots.cells import stacked
from org.plots.svg import MADE_BY, Drawing
from org.plots.theme import DARK, LIGHT
from org.store import atomic

SUFFIXES = (".svg", ".png")


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
    return Plot(found, lambda: progress_svg.draw(found, name), lambda w, h: stacked(progress_text.lines(found, name, w, h)))


def effects_of(lab: Lab, program: str | None = None) -> Plot:
    """The forest plot."""
    found, name = effects.read(lab.ledger.reader, lab.config.task.metric, program), lab.config.lab
    return Plot(found, lambda: effects_svg.draw(found, name), lambda w, h: stacked(effects_text.lines(found, name, w, h)))


def compute_of(lab: Lab, program: str | None = None, experiment: str | None = None) -> Plot:
    """Loss against compute; of one experiment: its own baseline, and nothing else beside it."""
    con, metric = lab.ledger.reader, lab.config.task.metric
    found = compute.read(con, metric, _higher(lab), lab.protocol, program, experiment)
    name = experiment or lab.config.lab
    return Plot(found, lambda: compute_svg.draw(found, name), lambda w, h: stacked(compute_text.lines(found, name, w, h)))


def devices_of(lab: Lab, now: datetime, since: datetime | None = None) -> Plot:
    """What every device did, and why it was idle; since: default a day, less when the lab is younger."""
    found = drawn.timeline(lab.ledger.reader, [device.name for device in lab.devices], now, since)
    name, zone = lab.config.lab, timezone(lab.config)
    return Plot(
        found, lambda: devices_svg.draw(found, name, zone), lambda w, _: stacked(devices_text.lines(found, name, zone, w))
    )


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


def _higher(lab: Lab) -> bool:
    return lab.config.task.direction == "higher"
