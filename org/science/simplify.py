"""The claim "not worse by more than a margin", for changes that make the code simpler. Three answers, not two.

A race that ends without a keep has not shown a regression: it may have shown nothing. So the third answer says how many
more runs would decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from org.science import projection
from org.science.decision import Cause, Decision, Verdict
from org.science.protocol import NO_BAR, Protocol


class Answer(StrEnum):
    """What a race on the claim has shown."""

    HOLDS = "no regression beyond the margin"
    REGRESSES = "regresses"
    CANNOT_TELL = "cannot tell"
    """Parked; it may be continued on request, or raced with other parked ones as a bundle."""
    OPEN = "open"
    """The race goes on."""


@dataclass(frozen=True, slots=True)
class Simplification:
    """The answer and its numbers, in the metric's unit; gain > 0 is better."""

    answer: Answer
    reason: str
    margin: float
    gain: float
    se: float
    e_regression: float
    """Evidence that the true gain is negative."""
    more_runs: int | None
    """CANNOT_TELL: about as many more would decide; None when no number that is forecast would."""


def answer(
    base: Sequence[float | None], cand: Sequence[float], margin: float, decision: Decision, protocol: Protocol
) -> Simplification:
    """What `decision`, the race with that margin on these runs, says of the claim."""
    gain, se = decision.gain, decision.se
    if decision.cause is Cause.NEEDS_RUNS:
        return Simplification(Answer.OPEN, decision.reason, margin, gain, se, 1.0, None)
    so_far = projection.standing(base, cand, decision, protocol)
    harm = projection.e_after(so_far, 0, shift=0.0, sign=-1, protocol=protocol)
    if decision.verdict is Verdict.KEEP:
        told = f"no regression beyond {margin:.3g}: gain {gain:+.3g} ± {se:.2g}, {decision.reason}"
        return Simplification(Answer.HOLDS, told, margin, gain, se, harm, None)
    if decision.verdict is Verdict.MORE:
        return Simplification(Answer.OPEN, decision.reason, margin, gain, se, harm, None)
    if harm >= 1.0 / protocol.simplify.regress_alpha:
        told = f"regresses by {-gain:.3g} ± {se:.2g}: e {harm:.3g} for a regression after {len(cand)} runs"
        return Simplification(Answer.REGRESSES, told, margin, gain, se, harm, None)
    more = _runs_to_decide(so_far, margin, protocol)
    told = f"cannot tell at {len(cand)} runs whether it regresses by more than {margin:.3g}: {_outlook(more, protocol)}"
    return Simplification(Answer.CANNOT_TELL, told, margin, gain, se, harm, more)


def continued(protocol: Protocol, runs_so_far: int, more: int) -> Protocol:
    """The protocol for `more` runs on request: no futility before them, and evidence counts on as it is."""
    bars = (NO_BAR,) * (runs_so_far + more)
    return replace(protocol, futility_bars=bars, two_pairs_bar=NO_BAR, max_runs=runs_so_far + more)


def _runs_to_decide(so_far: projection.Standing, margin: float, protocol: Protocol) -> int | None:
    """Fewest more runs, at today's mean and spread, for either answer."""
    limit = protocol.simplify.forecast_runs
    holds = projection.more_runs(so_far, 1.0 / protocol.alpha, shift=margin, sign=1, limit=limit, protocol=protocol)
    regresses = projection.more_runs(
        so_far, 1.0 / protocol.simplify.regress_alpha, shift=0.0, sign=-1, limit=limit, protocol=protocol
    )
    return min((runs for runs in (holds, regresses) if runs is not None), default=None)


def _outlook(more: int | None, protocol: Protocol) -> str:
    if more is None:
        return f"not even {protocol.simplify.forecast_runs} more would decide; a wider margin would"
    return f"about {more} more would decide"
