"""What would change a verdict: the value that the next run would need, runs to go, and how far a candidate missed.

Every answer is found by asking `race.decide` itself about runs that were not made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from org.science import projection, sigma
from org.science.decision import Cause, Decision, Verdict
from org.science.protocol import Protocol

_BISECTIONS = 50
_STEPS = 160
_REACH_SIGMAS = 12.0

Decide = Callable[[Sequence[float], Protocol], Decision]
"""The race on these candidate values, with everything else fixed."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """In the metric's unit; None where nothing of the kind would do. All are about the default course of the race:
    the base as it is now, and one more candidate run."""

    next_to_keep: float | None
    """The highest (worst) value of the next run with which the candidate would be kept."""
    next_to_go_on: float | None
    """The highest value of the next run with which it would not be discarded."""
    runs_to_keep: int | None
    """Runs until it is kept, if they go on at the mean so far."""
    missed_by: float | None
    """Discarded: how much better every run would have had to be for the race to go on."""
    sentences: tuple[str, ...]


def of(base: Sequence[float | None], cand: Sequence[float], margin: float, decide: Decide, protocol: Protocol) -> Outlook:
    """The outlook of a race on these runs. decide: see `Decide`; it must hold base and margin fixed."""
    decision = decide(cand, protocol)
    if decision.cause is Cause.NEEDS_RUNS:
        return Outlook(None, None, None, None, (decision.reason,))
    open_ended = replace(protocol, max_runs=max(protocol.max_runs, len(cand) + 1))
    spread = max(decision.sigma, decision.pair_spread or 0.0)
    centre = sigma.mean([v for v in base if v is not None]) + margin

    def verdict_with(value: float) -> Verdict:
        return decide([*cand, value], open_ended).verdict

    to_keep = _highest(lambda value: verdict_with(value) is Verdict.KEEP, centre, spread)
    to_go_on = _highest(lambda value: verdict_with(value) is not Verdict.DISCARD, centre, spread)
    so_far = projection.standing(base, cand, decision, protocol)
    runs = projection.more_runs(
        so_far, 1.0 / protocol.alpha, shift=margin, sign=1, limit=protocol.simplify.forecast_runs, protocol=protocol
    )
    missed = None
    if decision.cause in (Cause.FUTILE, Cause.INCONCLUSIVE):
        missed = _least_shift(cand, lambda values: decide(values, protocol).verdict, spread)
    return Outlook(to_keep, to_go_on, runs, missed, _sentences(decision, to_keep, to_go_on, runs, missed, protocol))


def _highest(holds: Callable[[float], bool], centre: float, spread: float) -> float | None:
    """The highest value for which it holds, to a billionth of the reach. Scanned from above, because a value far below
    the others widens the pairs' spread and may fail where a higher one does not."""
    step = 2.0 * _REACH_SIGMAS * spread / _STEPS
    above = centre + _REACH_SIGMAS * spread
    for i in range(1, _STEPS + 1):
        value = centre + _REACH_SIGMAS * spread - i * step
        if holds(value):
            return _bisect(holds, value, above)
        above = value
    return None


def _least_shift(cand: Sequence[float], verdict: Callable[[Sequence[float]], Verdict], spread: float) -> float | None:
    """How much every value must fall for another verdict than discard."""

    def stays(shift: float) -> bool:
        return verdict([value - shift for value in cand]) is Verdict.DISCARD

    far = 2.0 * _REACH_SIGMAS * spread
    return None if stays(far) else _bisect(lambda shift: not stays(shift), far, 0.0)


def _bisect(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    """The edge between a point where it holds and one where it does not, from the side where it holds."""
    for _ in range(_BISECTIONS):
        middle = 0.5 * (inside + outside)
        if middle in (inside, outside):
            break
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside


def _sentences(
    decision: Decision, to_keep: float | None, to_go_on: float | None, runs: int | None, missed: float | None, protocol: Protocol
) -> tuple[str, ...]:
    """What a person is told."""
    if decision.verdict is Verdict.KEEP:
        return (f"kept: e {decision.e:.4g} is {decision.e * protocol.alpha:.2g} times what was needed",)
    told = []
    if decision.cause is Cause.NO_EFFECT:
        return ("an edit that changes the result at all would be raced on",)
    if missed is not None and decision.cause is Cause.FUTILE:
        told.append(f"every run better by {missed:.3g} would have kept the race open")
    if missed is not None and decision.cause is Cause.INCONCLUSIVE:
        told.append(f"every run better by {missed:.3g} would have been a keep")
    if to_keep is not None:
        told.append(f"a next run of {to_keep:.6g} or lower would be a keep")
    elif decision.verdict is Verdict.MORE:
        told.append("no value of the next run alone would be a keep")
    if to_go_on is not None and decision.verdict is Verdict.MORE:
        told.append(f"a next run over {to_go_on:.6g} would be a discard")
    if runs is None:
        told.append(f"at this mean not even {protocol.simplify.forecast_runs} more runs would be a keep")
    else:
        told.append(f"at this mean {runs} more runs would be a keep")
    return tuple(told)
