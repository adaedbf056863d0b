"""What explains a gain: the algorithm, more compute, more parameters, or speed.

The race compares at the program's own budget; here the same runs are compared with what the baseline would reach at
the candidate's FLOPs, and at its tokens.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from org.science import curve as curves
from org.science import sigma
from org.science.decision import Decision
from org.science.protocol import Protocol


class Label(StrEnum):
    """The claim that a measured change supports. The first five rows follow STATISTICS.md's table."""

    ALGORITHM = "algorithm"
    """Better at equal FLOPs."""
    SYSTEMS = "systems"
    """Faster, and not worse per token: no claim about learning."""
    EXPLAINED_BY_PARAMETERS = "explained by parameters"
    EXPLAINED_BY_COMPUTE = "explained by compute"
    BETTER_PER_FLOP = "better per FLOP, slower"
    """Not better at the budget; a faster implementation might make it so."""
    BETTER_PER_TOKEN = "better per token only"
    NONE = "no label"
    """Not better on any axis."""


class Objective(StrEnum):
    """What a program merges."""

    TIME = "time"
    """Whatever is better at the budget; only the claim depends on the label."""
    FLOPS = "flops"
    """Only what is better at equal FLOPs."""
    BOTH = "both"
    """That, and speed."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A gain at equal compute with its standard error, in the metric's unit; positive is better."""

    gain: float
    se: float

    def low(self, z: float) -> float:
        """The gain less z standard errors."""
        return self.gain - z * self.se


@dataclass(frozen=True, slots=True)
class Ratios:
    """Candidate over baseline: total training FLOPs, tokens, parameters."""

    flops: float
    tokens: float
    parameters: float


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label, and the sentence with its numbers."""

    label: Label
    reason: str
    per_flop: Matched
    per_token: Matched | None


def by_curve(curve: curves.Curve, ratio: float, cand: Sequence[float], spread: float, protocol: Protocol) -> Matched:
    """Candidate against the curve's prediction at its own compute. Raises Refused outside the curve."""
    predicted = curves.predict(curve, ratio, protocol)
    return Matched(predicted.value - sigma.mean(cand), math.hypot(predicted.se, spread / math.sqrt(len(cand))))


def by_rerun(base: Sequence[float], cand: Sequence[float], spread: float) -> Matched:
    """Candidate against the baseline rerun with the candidate's compute, for ratios outside the curve."""
    return Matched(sigma.mean(base) - sigma.mean(cand), spread * math.sqrt(1.0 / len(base) + 1.0 / len(cand)))


def by_race(decision: Decision) -> Matched:
    """At equal compute the race's own difference is the matched gain."""
    return Matched(decision.gain, decision.se)


def needs_curve(kept: bool, ratio: float, protocol: Protocol) -> bool:
    """Whether a curve is worth its runs: only for a kept candidate whose compute differs from its base's."""
    return kept and not curves.is_same_compute(ratio, protocol)


def label(kept: bool, per_flop: Matched, per_token: Matched | None, ratios: Ratios, protocol: Protocol) -> Labelled:
    """The label of a candidate. kept: the race's verdict at the program's own budget.

    per_token: the same on the token axis; without it nothing is said per token, and speed is no explanation.
    """
    found = _kept(per_flop, per_token, ratios, protocol) if kept else _not_kept(per_flop, per_token, protocol)
    return Labelled(found, _reason(found, per_flop, per_token, ratios, protocol.label.z), per_flop, per_token)


def merges(objective: Objective, found: Label) -> bool:
    """Whether a kept candidate of that label enters the head."""
    match objective:
        case Objective.TIME:
            return True
        case Objective.FLOPS:
            return found is Label.ALGORITHM
        case Objective.BOTH:
            return found in (Label.ALGORITHM, Label.SYSTEMS)


def may_be_claimed(found: Label) -> bool:
    """Whether a merged change of that label may be reported as a finding about learning."""
    return found is Label.ALGORITHM


def _kept(per_flop: Matched, per_token: Matched | None, ratios: Ratios, protocol: Protocol) -> Label:
    rules = protocol.label
    if per_flop.low(rules.z) > 0:
        return Label.ALGORITHM
    not_worse = per_token is not None and per_token.gain + rules.z * per_token.se > 0
    equal = abs(ratios.parameters - 1.0) <= rules.equal_parameters
    if ratios.tokens > 1.0 + rules.more_tokens and equal and not_worse:
        return Label.SYSTEMS
    if ratios.parameters > 1.0 + rules.more_parameters:
        return Label.EXPLAINED_BY_PARAMETERS
    return Label.EXPLAINED_BY_COMPUTE


def _not_kept(per_flop: Matched, per_token: Matched | None, protocol: Protocol) -> Label:
    if per_flop.low(protocol.label.z) > 0:
        return Label.BETTER_PER_FLOP
    if per_token is not None and per_token.low(protocol.label.z) > 0:
        return Label.BETTER_PER_TOKEN
    return Label.NONE


def _reason(found: Label, per_flop: Matched, per_token: Matched | None, ratios: Ratios, z: float) -> str:
    parts = [f"gain at equal FLOPs {_interval(per_flop, z)}"]
    if per_token is not None:
        parts.append(f"at equal tokens {_interval(per_token, z)}")
    sizes = f"FLOPs x{ratios.flops:.3f}, tokens x{ratios.tokens:.3f}, parameters x{ratios.parameters:.3f}"
    return f"{found.value}: {', '.join(parts)}; {sizes}"


def _interval(matched: Matched, z: float) -> str:
    low, high = matched.low(z), matched.gain + z * matched.se
    return f"{matched.gain:+.3g} (90 % from {low:+.3g} to {high:+.3g})"
