"""What was tried, in lines: experiments grouped by what they work on, each with its verdict and gain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from org.comms.figures import gain
from org.lab.memory.footprints import Footprint
from org.model.experiment import IN_HEAD, Experiment, State

SURFACES_NAMED = 3
NOTHING = Footprint("", "")
KEPT = IN_HEAD | {State.BETTER, State.QUEUED}


@dataclass(frozen=True, slots=True)
class Line:
    """One experiment. gain: measured, metric units, positive is better; in_sigma the same in run-to-run sigmas."""

    experiment: str
    author: str
    state: State
    what: str
    gain: float | None
    in_sigma: float | None
    kept: bool

    @property
    def words(self) -> str:
        """`E3 discarded −0.0100 (−4.8σ) lr 0.2 → 0.5`"""
        sized = f" ({self.in_sigma:+.1f}σ)" if self.in_sigma is not None else ""
        measured = f" {gain(self.gain)}{sized}" if self.gain is not None else ""
        return f"{self.experiment} {self.state.value.replace('_', ' ')}{measured} {self.what}"


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that was tried on one surface (a recipe key, a file, or several at once), oldest first."""

    surface: str
    lines: tuple[Line, ...]

    @property
    def kept(self) -> int:
        return sum(line.kept for line in self.lines)


def line(e: Experiment, footprint: Footprint = NOTHING) -> Line:
    """One experiment as a line."""
    sigma, measured = e.decision.get("sigma"), e.measured_gain
    sized = measured / sigma if measured is not None and isinstance(sigma, int | float) and sigma > 0 else None
    return Line(e.id, e.author, e.state, _what(e, footprint), measured, sized, e.state in KEPT)


def groups(experiments: Iterable[Experiment], prints: Mapping[str, Footprint]) -> list[Group]:
    """By surface, the one that was worked on last first."""
    found: dict[str, list[Line]] = {}
    for e in experiments:
        footprint = prints.get(e.id, NOTHING)
        surface = surface_of(footprint)
        found[surface] = [*found.pop(surface, []), line(e, footprint)]
    return [Group(surface, tuple(lines)) for surface, lines in reversed(found.items())]


def surface_of(footprint: Footprint) -> str:
    """`lr`, `fit/model.py`, `lr + decay + 2 more`; what is not known is `other`."""
    names = footprint.surfaces[:SURFACES_NAMED]
    more = len(footprint.surfaces) - len(names)
    return " + ".join([*names, *([f"{more} more"] if more else [])]) or "other"


def verdict(e: Experiment) -> str:
    """What became of it, for somebody who is about to do the same: `discarded, gain −0.0100 (z −3.0 after 1 run)`."""
    told = [e.state.value.replace("_", " ")]
    if e.measured_gain is not None:
        told.append(f"gain {gain(e.measured_gain)}")
    if e.reason:
        told.append(e.reason.splitlines()[0])
    return "; ".join(told)


def changed_values(footprint: Footprint) -> str:
    """`lr 0.2 → 0.5, decay 0 → 0.1`"""
    return ", ".join(f"{key} {shown(before)} → {shown(after)}" for key, (before, after) in footprint.recipe.items())


def shown(value: Any) -> str:
    """A recipe's value as the recipe writes it; floats short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _what(e: Experiment, footprint: Footprint) -> str:
    """The values where only values changed; else the author's own title, with the values it does not name."""
    values = changed_values(footprint)
    if values and not footprint.paths:
        return values
    return e.subject


def texts(e: Experiment, footprint: Footprint, notes: Sequence[str] = ()) -> tuple[str, str, str, str]:
    """What can be found of it by words: title, surfaces with values, reasons, what was said of it afterwards."""
    return (
        e.subject, f"{' '.join(footprint.surfaces)} {changed_values(footprint)}", f"{e.because} {e.predict}",
        " ".join((e.reason, *notes)),
    )  # fmt: skip
