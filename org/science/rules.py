"""The constants of everything around the race, one frozen value a topic; `Protocol` holds one of each.

Each default was found by simulation or measured on public logs. z is a standard normal deviate, a share lies in 0 … 1.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Screen:
    """A short run that may only discard; its values never enter a verdict."""

    min_full_seconds: float = 180.0
    """A full run shorter than this is not worth a screen."""
    budget_share: float = 0.25
    """Budget of a screening run, as a share of a full run's."""
    pool_size: int = 4
    """Baseline runs at the screen's budget."""
    first_ideas: int = 40
    """Ideas judged against the lower bar, while little is known of the screen …"""
    first_bar: float = 0.5
    """… which is this z."""
    bar: float = 1.0
    """The z that later ideas must reach, as long as the screen predicts full runs."""
    good_correlation: float = 0.7
    """Rank correlation of screen and full run, corrected for their noise, from which on the higher bar holds."""
    off_correlation: float = 0.4
    """The screen is switched off when the correlation is surely under this."""
    ceiling: float = 0.6
    """Rank correlation that a perfect screen shows when either side is one noisy run: what is measured is divided by it."""
    sure_z: float = 1.28
    """Standard errors (of Fisher's transform) that "surely" takes: 90 %, one side."""
    min_pairs: int = 12
    """Ideas with both runs before their correlation is believed."""
    bypass_share: float = 0.05
    """Share of failed screens that are run in full anyway, to keep that correlation honest."""


@dataclass(frozen=True, slots=True)
class Simplify:
    """The claim "not worse by more than a margin"."""

    power: float = 0.8
    """A neutral change passes at the default margin with this probability."""
    regress_alpha: float = 0.05
    """A regression is told when the evidence for it reaches one over this."""
    forecast_runs: int = 64
    """More runs than this are not forecast; "no number of runs would decide"."""


@dataclass(frozen=True, slots=True)
class Power:
    """Gains that a race keeps, in sigmas, found by `make simulate`: one row for each df, one column a correlation."""

    correlations: tuple[float, ...] = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
    """Of both arms' noise on one seed."""
    dfs: tuple[float, ...] = (7.0, 21.0, 67.0)
    """Degrees of freedom of sigma, the pool's own included."""
    half: tuple[tuple[float, ...], ...] = (
        (2.96, 2.36, 1.64, 1.20, 0.90, 0.55),
        (2.14, 2.03, 1.60, 1.19, 0.90, 0.55),
        (1.91, 1.82, 1.54, 1.19, 0.90, 0.55),
    )
    """Kept half of the time."""
    most: tuple[tuple[float, ...], ...] = (
        (3.77, 2.99, 2.09, 1.56, 1.18, 0.78),
        (2.73, 2.44, 1.94, 1.53, 1.17, 0.76),
        (2.50, 2.27, 1.87, 1.48, 1.17, 0.76),
    )
    """Kept four times in five."""
    alphas: tuple[float, ...] = (0.05, 0.005, 0.001)
    stretch: tuple[tuple[float, ...], ...] = (
        (0.86, 0.84, 0.86, 0.87, 0.88, 0.90),
        (1.00, 1.00, 1.00, 1.00, 1.00, 1.00),
        (1.16, 1.21, 1.40, 1.59, 1.81, 1.90),
    )
    """What another alpha makes of these gains: one row for each, one column a correlation."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Sentinel runs of the baseline."""

    every_tries: int = 20
    """Tries between two sentinels."""
    z_limit: float = 3.0
    """One sentinel further from the pool than this is an alarm."""
    cusum_slack: float = 0.5
    """k: the shift, in standard errors of a sentinel, that the sum forgives each time."""
    cusum_limit: float = 4.0
    """h: the sum over this is an alarm."""
    pool_runs: int = 8
    """Runs that measure the pool anew after an alarm."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The baseline's loss over compute."""

    ratios: tuple[tuple[float, int], ...] = ((0.7, 2), (1.0, 4), (1.4, 2))
    """(share of the budget, runs with its full schedule) of a curve."""
    asymptote_share: float = 0.6
    """E0 as a share of the loss at 1×."""
    lowest_ratio: float = 0.7
    highest_ratio: float = 1.5
    """Ratios of compute that the curve predicts; outside them the baseline is rerun at the candidate's."""
    same_log_ratio: float = 0.003
    """|ln r| up to which compute is the same and no curve is needed."""
    model_error: float = 1.5e-4
    """Standard error of the curve's form, as a share of the baseline …"""
    model_error_from: float = 0.02
    """… from this |r - 1| on."""


@dataclass(frozen=True, slots=True)
class Label:
    """What explains a gain."""

    z: float = 1.64
    """A matched gain counts when it is this many standard errors over zero (95 %, one side)."""
    more_tokens: float = 0.01
    """Share of tokens by which a faster program sees more."""
    equal_parameters: float = 0.001
    """Parameter counts within this share are equal."""
    more_parameters: float = 0.02
    """Share of parameters from which a model counts as bigger."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Accepted changes measured together."""

    largest: int = 4
    """More changes than this go through the serial merge queue instead."""
    runs: int = 4
    """Runs of the stack."""
    shortfall_z: float = 2.0
    """The stack falls short of the sum of its gains when it does so by this much."""
    leave_one_out_runs: int = 2
    """Runs of each stack with one change left out."""
    rounds: int = 3
    """Changes that may be dropped one after the other."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """A change without one of its parts."""

    runs: int = 2
    """Runs of each arm before the first look."""
    most_runs: int = 4
    """Runs of each arm at most."""
    tail: float = 0.05
    """Chance that a limit of a part's effect is on the wrong side of it."""
    negligible: float = 0.25
    """A part does nothing when its effect is below this share of the whole gain."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Promotion to larger depths."""

    costs: tuple[float, ...] = (1.0, 8.0, 64.0)
    """Relative device time of one run on each rung."""
    small_runs: int = 2
    small_z: float = 2.5
    """Mean z of that many small runs that promotes to the middle rung."""
    mid_runs: int = 1
    mid_z: float = 2.0
    """Mean z of that many middle runs that promotes to the target."""
    bundle_from: int = 8
    """Changes confirmed small from which on they are promoted as one bundle."""
    gate_correlation: float = 0.5
    gate_pairs: int = 15
    """After that many (small, target) pairs a rank correlation below this ends the rung's say."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Fresh runs for what is reported."""

    runs: int = 4
    """Fresh runs of the new head and of the old one."""
    headline_runs: int = 8
    """Fresh runs of the last head and of the root."""
    rate: float = 0.05
    """Expected share of false certificates, over the life of the lab."""
    exponent: float = 1.6
    """How quickly later merges get less of that rate: t to the minus this."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """A candidate whose base is no longer the head."""

    runs: int = 4
    """Runs of the rebased commit, which become the new head's pool."""
    z: float = 1.0
    """It is merged from this z against the head's pool."""


@dataclass(frozen=True, slots=True)
class Validity:
    """When a run does not count and is run again."""

    step_share: float = 0.01
    """Steps of the same code may differ from the pool's median by this share."""
    time_share: float = 0.005
    """A time budget is kept within this share."""
    reruns: int = 2
    """Reruns with the same seed after a device fault, at most, an arm."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The A/A design that splits the run-to-run spread."""

    min_levels: int = 3
    """Data orders, and initializations, at least."""
    coverage: float = 0.9
    """Coverage of the reported intervals."""
