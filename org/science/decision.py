"""What the race answers. Plain values: a reader can retell a decision from one of them without the runs."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What happens to the candidate now."""

    KEEP = "keep"
    """Better than its base (or, for a simplification, not worse by more than the margin)."""
    DISCARD = "discard"
    """Not shown to be better, and no more runs are spent on it."""
    MORE = "more"
    """Open: the decision names the runs that come next."""


class Cause(StrEnum):
    """Why, for programs; `Decision.reason` says it for people."""

    EVIDENCE = "evidence"
    """KEEP: the e-value reached 1/alpha."""
    FUTILE = "futile"
    """DISCARD: z is under the bar of this many runs."""
    NO_EFFECT = "no_effect"
    """DISCARD: bit-identical to the base on every shared seed."""
    INCONCLUSIVE = "inconclusive"
    """DISCARD: the most runs were spent; may be parked and continued, its e-value stays valid."""
    OPEN = "open"
    """MORE: above the bar, not yet enough evidence."""
    NEEDS_RUNS = "needs_runs"
    """MORE: too few base or candidate runs to compute anything; the numbers below are neutral."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One look at a candidate. All values in the metric's unit where they have one; lower metric is better.

    With cause NEEDS_RUNS nothing was measured: gain, se, t, z and sigma are 0, every e is 1.
    """

    verdict: Verdict
    cause: Cause
    reason: str
    add_candidate_runs: int
    """Next candidate runs, on the pool's next slots."""
    add_base_runs: int
    """Next base runs, on the first empty slots; with a full pool, on the oldest run's own seed, replacing it."""
    base_runs: int
    candidate_runs: int
    gain: float
    """mean(base) - mean(candidate), without any margin."""
    se: float
    """Standard error of `gain`."""
    t: float
    """(gain + margin) / se."""
    z: float
    """The normal deviate with the tail of `t`."""
    sigma: float
    """Run-to-run standard deviation used."""
    df: float
    """Degrees of freedom of `sigma`."""
    pairs: int
    """Same-seed pairs."""
    pair_z: float | None
    """The same for pairs; None where pairs say nothing yet."""
    pair_spread: float | None
    """Standard deviation of same-seed differences (floored); None with fewer than two pairs."""
    e_pool: float
    e_pair: float
    e: float
    """Weighted mean of both; KEEP needs 1/alpha."""
    bar: float
    """The futility bar that z (or pair_z) was held against; 0 where none was."""
    shrunk_gain: float
    """Posterior mean of the true gain: the number to report."""
    p_not_positive: float
    """Posterior probability that the true gain is 0 or less."""
