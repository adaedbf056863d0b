"""Every constant of a verdict as one frozen value. Each default was found by simulation or measured on public logs."""

from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from org.model.errors import ConfigError
from org.science import rules

FUTILITY_BARS = (1.0, 1.6, 2.0, 2.3, 2.5, 2.6, 2.9, 2.9, 2.9, 2.9)
NO_BAR = -1e9
"""A futility bar that nothing is under: for runs that were asked for."""
_ALPHAS = {"explore": 0.05, "default": 0.005, "strict": 0.001}


@dataclass(frozen=True, slots=True)
class Prior:
    """What true effects look like before a run: a point at zero and one-sided exponentials.

    Each pair is (weight, mean in units of sigma). The weights and `null` sum to 1.
    """

    null: float = 0.48
    harms: tuple[tuple[float, float], ...] = ((0.25, 5.0), (0.24, 0.7))
    gains: tuple[tuple[float, float], ...] = ((0.03, 2.5),)


@dataclass(frozen=True, slots=True)
class Protocol:
    """Every number of `race.decide`, and one value a topic for what surrounds it. A lab overrides with `replace`."""

    alpha: float = 0.005
    """A candidate is kept when its evidence reaches 1/alpha."""
    pool_scale: float = 2.5
    """K: the typical gain, in sigmas, for which the pool evidence is tuned."""
    pair_scale: float = 1.0
    """kappa, likewise for pairs, in standard deviations of a difference. Larger breaks the error bound."""
    pair_weight: float = 0.5
    """Share of the evidence taken from same-seed pairs. 0 = pool only: slots then mean nothing and pairs are unused."""
    futility_bars: tuple[float, ...] = FUTILITY_BARS
    """The z a candidate must reach after 1, 2, … runs to go on; the last one holds for all later runs."""
    two_pairs_bar: float = 0.8
    """The bar after two runs when both have a partner."""
    min_base_runs: int = 2
    """No verdict before the base has this many runs."""
    pool_size: int = 8
    """Seed slots of a pool; more candidate runs than this have no partner."""
    max_runs: int = 10
    """A candidate still open after this many runs is inconclusive."""
    stale_after_runs: int = 40
    """A baseline run is repeated when this many runs came after it …"""
    stale_after_hours: float = 12.0
    """… or when it is this old."""
    half_spread_sigmas: float = 0.35
    """Spread of a same-seed difference, in sigmas, as long as the task has too few experiments to know its own."""
    half_spread_min_experiments: int = 5
    """Experiments with measured pairs from which on their median spread is used."""
    sigma_floor: float = 1e-4
    """Least sigma, as a share of the base's mean."""
    pair_floor: float = 1e-6
    """Least spread of same-seed differences, as a share of the base's mean."""
    earlier_df: float = 10.0
    """Degrees of freedom that pools of earlier heads add at most, see `sigma.earlier`."""
    df_cap: float = 200.0
    """Degrees of freedom above which Student's t is taken as it is here."""
    prior: Prior = Prior()
    """For the reported (shrunk) gain only; no verdict depends on it."""
    screen: rules.Screen = field(default_factory=rules.Screen)
    simplify: rules.Simplify = field(default_factory=rules.Simplify)
    power: rules.Power = field(default_factory=rules.Power)
    drift: rules.Drift = field(default_factory=rules.Drift)
    curve: rules.Curve = field(default_factory=rules.Curve)
    label: rules.Label = field(default_factory=rules.Label)
    stack: rules.Stack = field(default_factory=rules.Stack)
    ablation: rules.Ablation = field(default_factory=rules.Ablation)
    ladder: rules.Ladder = field(default_factory=rules.Ladder)
    certificate: rules.Certificate = field(default_factory=rules.Certificate)
    recheck: rules.Recheck = field(default_factory=rules.Recheck)
    validity: rules.Validity = field(default_factory=rules.Validity)
    noise: rules.Noise = field(default_factory=rules.Noise)


def preset(name: str) -> Protocol:
    """The protocol called explore (3-8 % false keeps), default, or strict. Raises ConfigError for another name."""
    if name not in _ALPHAS:
        near = get_close_matches(name, _ALPHAS, n=1, cutoff=0.0)[0]
        raise ConfigError(f"protocol.preset: {name!r} is unknown; did you mean {near!r}? (known: {', '.join(_ALPHAS)})")
    return replace(Protocol(), alpha=_ALPHAS[name])


def is_stale(runs_since: int, hours_since: float, protocol: Protocol) -> bool:
    """Whether a baseline run with that many runs, or hours, after it must be repeated on its seed."""
    return runs_since > protocol.stale_after_runs or hours_since > protocol.stale_after_hours
