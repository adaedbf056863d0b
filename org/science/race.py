"""The race: candidate runs against the pool of the candidate's own base, looked at after every run.

Guarantees: one run never keeps; a keep needs an e-value of 1/alpha, so looking often costs nothing and a candidate
without any gain is kept with probability alpha at most. The futility bars only ever discard, so they may be heuristics.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from org.model.errors import Refused
from org.science import claim, evidence, pairs, sigma, tails
from org.science.decision import Cause, Decision, Verdict
from org.science.protocol import NO_BAR, Protocol

__all__ = ["Cause", "Decision", "Verdict", "decide", "usual_pair_spread"]


def decide(
    base: Sequence[float | None],
    cand: Sequence[float],
    *,
    past_groups: Sequence[Sequence[float]] = (),
    sigma0: float | None = None,
    df0: float = 0.0,
    half_spread: float | None = None,
    claim_margin: float = 0.0,
    base_is_stale: bool = False,
    protocol: Protocol,
) -> Decision:
    """Keep, discard, or run more. Values are valid full-budget results; lower is better.

    base: one value a seed slot of the pool, None where none was run. cand: the candidate's values on slots 0, 1, …
    without holes; base[i] and cand[i] share a seed. past_groups: pools of earlier heads, for sigma only. sigma0, df0:
    this task's own prior of sigma. half_spread: `usual_pair_spread` of the task. claim_margin: added to the difference
    and to every pair for the claim "not worse by more than the margin" (metric units). base_is_stale: the oldest
    baseline run must be repeated. Raises Refused for a value that is not finite.
    """
    pool = [value for value in base if value is not None]
    _refuse_infinite("base", pool)
    _refuse_infinite("cand", cand)
    size = abs(sigma.mean(pool)) if pool else 0.0
    spread, df = sigma.pooled([pool, *past_groups], sigma0, df0, max(protocol.sigma_floor * size, sigma.LEAST))
    if not cand or len(pool) < protocol.min_base_runs or df <= 0:
        return _needs_runs(len(pool), len(cand), df, protocol)
    usual = half_spread or protocol.half_spread_sigmas * spread
    paired = pairs.compare(base, cand, claim_margin, usual, max(protocol.pair_floor * size, sigma.LEAST), protocol)
    look = _look(pool, cand, paired, spread, df, claim_margin, protocol)
    verdict, cause, reason = _judge(look, paired.identical, protocol)
    if verdict is not Verdict.MORE:
        return replace(look, verdict=verdict, cause=cause, reason=reason)
    top_up = len(pool) < protocol.pool_size or base_is_stale
    return replace(look, reason=reason, add_candidate_runs=1, add_base_runs=int(top_up))


def usual_pair_spread(spreads: Sequence[float], protocol: Protocol) -> float | None:
    """s_h: the median `pair_spread` of the task's earlier experiments; None while there are too few of them."""
    return median(spreads) if len(spreads) >= protocol.half_spread_min_experiments else None


def _look(
    pool: Sequence[float],
    cand: Sequence[float],
    paired: pairs.Pairs,
    spread: float,
    df: float,
    margin: float,
    protocol: Protocol,
) -> Decision:
    """Everything measured, with the verdict still open."""
    f = 1.0 / len(cand) + 1.0 / len(pool)
    gain, se = sigma.mean(pool) - sigma.mean(cand), spread * math.sqrt(f)
    t = (gain + margin) / se
    z = tails.z(t, df, protocol.df_cap)
    e_pool = evidence.e_pool(z, f, protocol.pool_scale)
    e_pair = evidence.e_pair(paired.t, paired.count, protocol.pair_scale)
    reported = claim.shrunk(gain, f, spread, protocol.prior)
    return Decision(
        verdict=Verdict.MORE, cause=Cause.OPEN, reason="", add_candidate_runs=0, add_base_runs=0,
        base_runs=len(pool), candidate_runs=len(cand), gain=gain, se=se, t=t, z=z, sigma=spread, df=df,
        pairs=paired.count, pair_z=paired.z, pair_spread=paired.spread, e_pool=e_pool, e_pair=e_pair,
        e=(1.0 - protocol.pair_weight) * e_pool + protocol.pair_weight * e_pair,
        bar=_bar(len(cand), paired.count, protocol), shrunk_gain=reported.gain, p_not_positive=reported.p_not_positive,
    )  # fmt: skip


def _judge(look: Decision, identical: bool, protocol: Protocol) -> tuple[Verdict, Cause, str]:
    """Verdict, cause and a sentence with the numbers."""
    needed, runs = 1.0 / protocol.alpha, _runs(look.candidate_runs)
    # An inert edit shows on its first pair: bit-equal full runs do not happen by chance unless the task rounds its
    # metric coarsely (use pair_weight 0 there), and a discard is never a false keep.
    if identical:
        return Verdict.DISCARD, Cause.NO_EFFECT, f"no effect: bit-identical to the base on its seeds in {runs}"
    name, best = _best(look)
    if best < look.bar:
        under = f"{name} {_text(best, look.bar, 2)} is under the bar {look.bar:g} after {runs}"
        return Verdict.DISCARD, Cause.FUTILE, under
    evidence_so_far = f"e {_text(look.e, needed, 1)}"
    if look.candidate_runs >= 2 and look.e >= needed:
        kept = f"{evidence_so_far} reaches {needed:g} after {runs}: gain {look.gain:.3g} ± {look.se:.2g}"
        return Verdict.KEEP, Cause.EVIDENCE, kept
    if look.candidate_runs >= protocol.max_runs:
        spent = f"inconclusive: {evidence_so_far} is still under {needed:g} after {runs}, the most that are spent"
        return Verdict.DISCARD, Cause.INCONCLUSIVE, spent
    passed = f"passes the bar {look.bar:g}" if look.bar > NO_BAR else "was asked to go on"
    above = f"{name} {best:.2f} {passed} after {runs}"
    if look.candidate_runs == 1:
        return Verdict.MORE, Cause.OPEN, f"{above}, and one run never keeps"
    return Verdict.MORE, Cause.OPEN, f"{above}, but {evidence_so_far} is under {needed:g}"


def _best(look: Decision) -> tuple[str, float]:
    """The larger of both deviates and what it is called."""
    if look.pair_z is not None and look.pair_z > look.z:
        return "pair z", look.pair_z
    return "z", look.z


def _bar(candidate_runs: int, pair_count: int, protocol: Protocol) -> float:
    if candidate_runs == pair_count == 2:
        return protocol.two_pairs_bar
    return protocol.futility_bars[min(candidate_runs, len(protocol.futility_bars)) - 1]


def _needs_runs(base_runs: int, candidate_runs: int, df: float, protocol: Protocol) -> Decision:
    """The answer while there is nothing to divide by: which runs are missing."""
    missing = max(protocol.min_base_runs - base_runs, 0 if df > 0 else 1)
    reason = f"the base has {_runs(base_runs)} and the candidate {candidate_runs}; "
    if missing:
        reason += f"the noise is not known before the base has {base_runs + missing}"
    else:
        reason += "its first is due"
    return Decision(
        verdict=Verdict.MORE, cause=Cause.NEEDS_RUNS, reason=reason, add_candidate_runs=int(not candidate_runs),
        add_base_runs=missing, base_runs=base_runs, candidate_runs=candidate_runs, gain=0.0, se=0.0, t=0.0, z=0.0,
        sigma=0.0, df=df, pairs=0, pair_z=None, pair_spread=None, e_pool=1.0, e_pair=1.0, e=1.0, bar=0.0,
        shrunk_gain=0.0, p_not_positive=1.0 - math.fsum(weight for weight, _ in protocol.prior.gains),
    )  # fmt: skip


def _refuse_infinite(arm: str, values: Sequence[float]) -> None:
    for index, value in enumerate(values):
        if not math.isfinite(value):
            raise Refused(f"{arm}: value {index} is {value}; run it once more, then discard the candidate as crashed")


def _text(value: float, threshold: float, digits: int) -> str:
    """The value rounded, except that one under the threshold never prints as the threshold."""
    text = f"{value:.{digits}f}"
    if value < threshold <= float(text):
        factor = 10.0**digits
        text = f"{math.floor(value * factor) / factor:.{digits}f}"
    return text


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"
