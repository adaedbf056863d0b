"""Every intermediate of a race decision, so that a person can check it by hand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from org.science import outlook, race, sigma, tails
from org.science.decision import Cause, Decision
from org.science.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Step:
    """One quantity: its symbol, how it comes about with the numbers put in, and its value."""

    symbol: str
    formula: str
    value: float


@dataclass(frozen=True, slots=True)
class PairRow:
    """One seed slot that both arms ran. gain: base - candidate (without any margin); positive is better."""

    slot: int
    base: float
    candidate: float
    gain: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, its steps in the order of the rule, the pairs, and what would change it."""

    decision: Decision
    steps: tuple[Step, ...]
    pairs: tuple[PairRow, ...]
    needed: float
    """e that a keep needs."""
    outlook: outlook.Outlook


def explain(
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
) -> Explanation:
    """What `race.decide` computes on the same arguments, step by step. Raises what it raises."""

    def decide(values: Sequence[float], under: Protocol) -> Decision:
        return race.decide(
            base, values, past_groups=past_groups, sigma0=sigma0, df0=df0, half_spread=half_spread,
            claim_margin=claim_margin, base_is_stale=base_is_stale, protocol=under,
        )  # fmt: skip

    decision = decide(cand, protocol)
    rows = tuple(
        PairRow(i, b, c, b - c) for i, (b, c) in enumerate(zip(base, cand, strict=False)) if b is not None
    )  # fmt: skip
    steps: list[Step] = []
    if decision.cause is not Cause.NEEDS_RUNS:
        pool = [value for value in base if value is not None]
        steps += _noise([pool, *past_groups], sigma0, df0, decision)
        steps += _pool(pool, cand, claim_margin, decision, protocol)
        steps += _pair([row.gain + claim_margin for row in rows], len(cand), half_spread, decision, protocol)
        steps.append(_evidence(decision, protocol))
    ahead = outlook.of(base, cand, claim_margin, decide, protocol)
    return Explanation(decision, tuple(steps), rows, 1.0 / protocol.alpha, ahead)


def _noise(groups: Sequence[Sequence[float]], sigma0: float | None, df0: float, decision: Decision) -> list[Step]:
    """sigma and its degrees of freedom."""
    sums = [sigma.squares(group) for group in groups]
    sizes = [len(group) for group in groups if len(group) > 1]
    prior = df0 * sigma0**2 if sigma0 is not None else 0.0
    squares = math.fsum([*sums, prior])
    shown = f"sum over {len(sizes)} pools of their squared deviations" + (
        f" + {df0:.4g}·{sigma0:.4g}², of earlier heads" if prior else ""
    )
    counted = " + ".join(f"({size} - 1)" for size in sizes) + (f" + {df0:.4g}" if prior else "")
    raw = math.sqrt(squares / decision.df)
    floored = ", its floor" if decision.sigma > raw * (1 + 1e-12) else ""
    return [
        Step("S", shown, squares),
        Step("df", counted, decision.df),
        Step("sigma", f"√({squares:.5g} / {decision.df:.4g}){floored}", decision.sigma),
    ]


def _pool(pool: Sequence[float], cand: Sequence[float], margin: float, decision: Decision, protocol: Protocol) -> list[Step]:
    """From both means to e_pool."""
    n, j = len(pool), len(cand)
    f = 1.0 / j + 1.0 / n
    w = 1.0 + protocol.pool_scale**2 / f
    added = f" + margin {margin:.4g}" if margin else ""
    z, share = decision.z, (w - 1.0) / w
    return [
        Step("mean(base)", f"of {n} runs", sigma.mean(pool)),
        Step("mean(cand)", f"of {j} runs", sigma.mean(cand)),
        Step("D", "mean(base) - mean(cand)", decision.gain),
        Step("f", f"1/{j} + 1/{n}", f),
        Step("se", f"{decision.sigma:.4g}·√{f:.4g}", decision.se),
        Step("t", f"({decision.gain:.4g}{added}) / {decision.se:.4g}", decision.t),
        Step("P(T ≤ t)", f"Student's t, df {min(decision.df, protocol.df_cap):g}",
             tails.student_cdf(decision.t, min(decision.df, protocol.df_cap))),
        Step("z", "the normal deviate of that tail", z),
        Step("w", f"1 + {protocol.pool_scale:g}² / {f:.4g}", w),
        Step("e_pool", f"2/√{w:.4g} · exp({z:.4g}²·{share:.4g}/2) · Φ({z:.4g}·√{share:.4g})", decision.e_pool),
    ]  # fmt: skip


def _pair(gains: Sequence[float], runs: int, half_spread: float | None, decision: Decision, protocol: Protocol) -> list[Step]:
    """From same-seed differences (with the margin) to e_pair; one pair speaks for futility only."""
    if protocol.pair_weight == 0.0 or not gains or decision.cause is Cause.NO_EFFECT:
        return []
    m = len(gains)
    found = [Step("m", "seeds that both arms ran", m), Step("mean(d)", f"of {m} differences", sigma.mean(gains))]
    if m == 1:
        usual = half_spread or protocol.half_spread_sigmas * decision.sigma
        how = "median s_d of earlier experiments" if half_spread else f"{protocol.half_spread_sigmas:g}·sigma"
        if runs == 1 and decision.pair_z is not None:
            found += [Step("s_h", how, usual), Step("pair z", f"{gains[0]:.4g} / {usual:.4g}", decision.pair_z)]
        return [*found, Step("e_pair", "1 with fewer than two pairs", decision.e_pair)]
    assert decision.pair_spread is not None
    a = 1.0 + m * protocol.pair_scale**2
    t_d = sigma.mean(gains) / decision.pair_spread * math.sqrt(m)
    found += [
        Step("s_d", f"standard deviation of {m} differences", decision.pair_spread),
        Step("t_d", f"{sigma.mean(gains):.4g} / ({decision.pair_spread:.4g}/√{m})", t_d),
        Step("nu", f"{m} - 1", m - 1),
        Step("a", f"1 + {m}·{protocol.pair_scale:g}²", a),
    ]
    if decision.pair_z is not None:
        found.append(Step("pair z", f"the normal deviate of t_d with {m - 1} df", decision.pair_z))
    formula = "2/√a · [(1 + t_d²/nu)/(1 + t_d²/(nu·a))]^((nu+1)/2) · P(T_(nu+1) ≤ t_d·√((a-1)/a)·√((nu+1)/(nu + t_d²/a)))"
    return [*found, Step("e_pair", formula, decision.e_pair)]


def _evidence(decision: Decision, protocol: Protocol) -> Step:
    share = protocol.pair_weight
    return Step("e", f"{1 - share:g}·{decision.e_pool:.5g} + {share:g}·{decision.e_pair:.5g}", decision.e)
