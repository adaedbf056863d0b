"""The ladder: which changes are tried at a larger depth, by thresholds on z rather than by a fixed share.

Small and middle rungs only promote; at the target the race decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from org.science import rank, sigma
from org.science.protocol import Protocol


class Rung(StrEnum):
    """A scale, by its place on the ladder."""

    SMALL = "small"
    MID = "mid"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Step:
    """Whether a change is promoted from a rung. add_runs: runs it lacks there before that can be said."""

    promoted: bool
    add_runs: int
    mean_z: float
    needed: float
    reason: str


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a smaller rung still has a say about the target."""

    gates: bool
    correlation: float | None
    reason: str


def promote(rung: Rung, deviates: Sequence[float], gate: Gate, protocol: Protocol) -> Step:
    """From a rung to the next. deviates: z of each of the change's runs there against that rung's pool, in order.

    A rung whose gate is open to all promotes without runs. At the target there is nothing above: the race decides.
    """
    rules = protocol.ladder
    if rung is Rung.TARGET:
        return Step(False, 0, 0.0, 0.0, "the race decides at the target")
    if not gate.gates:
        return Step(True, 0, 0.0, 0.0, f"the {rung} rung no longer gates: {gate.reason}")
    runs, bar = (rules.small_runs, rules.small_z) if rung is Rung.SMALL else (rules.mid_runs, rules.mid_z)
    if len(deviates) < runs:
        return Step(False, runs - len(deviates), 0.0, bar, f"{len(deviates)} of {runs} runs on the {rung} rung")
    found = sigma.mean(deviates[:runs])
    sign = "reaches" if found >= bar else "is under"
    return Step(found >= bar, 0, found, bar, f"mean z {found:.2f} of {runs} {rung} runs {sign} {bar:g}")


def gate(pairs: Sequence[tuple[float, float]], protocol: Protocol) -> Gate:
    """Whether the rung still gates. pairs: (gain there, gain at the target) of every change measured on both."""
    rules = protocol.ladder
    known = rank.correlation([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    if known is None or len(pairs) < rules.gate_pairs:
        return Gate(True, known, f"{len(pairs)} of {rules.gate_pairs} pairs with the target")
    held = known >= rules.gate_correlation
    sign = "holds" if held else "is under"
    told = f"rank correlation {known:.2f} with the target over {len(pairs)} changes {sign} {rules.gate_correlation:g}"
    return Gate(held, known, told)


def bundles(confirmed_small: Sequence[str], protocol: Protocol) -> tuple[tuple[str, ...], ...]:
    """What is promoted together: one bundle of all once enough changes are confirmed small (then only the bundle is
    claimed), else each by itself."""
    if len(confirmed_small) >= protocol.ladder.bundle_from:
        return (tuple(confirmed_small),)
    return tuple((name,) for name in confirmed_small)


def relative_cost(small_runs: int, mid_runs: int, target_runs: int, protocol: Protocol) -> float:
    """Device time of that many runs on each rung, in small runs."""
    small, mid, target = protocol.ladder.costs
    return small_runs * small + mid_runs * mid + target_runs * target
