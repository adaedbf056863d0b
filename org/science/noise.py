"""Where run-to-run noise comes from: data order, initialization, device, and what is left.

An A/A design runs one tree over crossed levels of these. Mean squares of a balanced design give the components; their
intervals are Williams and Tukey's. Sources: Searle, Casella & McCulloch 1992, "Variance Components", 3.6 and 4.4.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from org.model.errors import Refused
from org.science import sigma, tails
from org.science.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of the design, by the index of each level."""

    data_order: int
    init: int
    device: int


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the noise, as a standard deviation in the metric's unit, with an interval."""

    name: str
    sd: float
    low: float
    high: float
    df: int
    share: float
    """Of the total variance."""


@dataclass(frozen=True, slots=True)
class Split:
    """The whole of it. `rest` holds the interaction of both seeds and, where a device does not repeat itself bit by
    bit, its own noise; `total` is the standard deviation of a run with everything drawn anew."""

    total: float
    components: tuple[Component, ...]
    """data order, init, device (only with several), rest."""
    runs: int
    coverage: float


_FACTORS: tuple[tuple[str, Callable[[Cell], Hashable]], ...] = (
    ("data order", lambda cell: cell.data_order),
    ("init", lambda cell: cell.init),
    ("device", lambda cell: cell.device),
)


def design(devices: int, protocol: Protocol) -> tuple[Cell, ...]:
    """The smallest design in which every pair of factors is balanced: each level of one meets each of the other equally
    often. A Latin square of L x L runs where L is a multiple of the devices, else devices x L runs; L is the number of
    data orders and of initializations.
    """
    least = protocol.noise.min_levels
    square = math.ceil(least / devices) * devices  # the smallest multiple of the devices that has enough levels
    fitting = [n for n in range(least, square + 1) if n % devices == 0 or devices % n == 0]
    levels = min(fitting, key=lambda n: n * max(n, devices))
    if levels % devices == 0:
        return tuple(Cell(i, j, (i + j) % devices) for i in range(levels) for j in range(levels))
    return tuple(Cell(i, (i + k) % levels, k) for k in range(devices) for i in range(levels))


def split(cells: Sequence[Cell], values: Sequence[float], protocol: Protocol) -> Split:
    """Variance components of one tree's runs. Raises Refused where the design is not balanced or leaves no residual."""
    factors = [(name, level) for name, level in _FACTORS if len({level(cell) for cell in cells}) > 1]
    _require_balance(cells, factors)
    table = [(name, *_between(cells, values, level)) for name, level in factors]
    rest_df = len(values) - 1 - sum(df for _, _, df in table)
    if rest_df < 1:
        raise Refused(f"{len(values)} runs leave nothing to compare {len(factors)} sources with; run the proposed design")
    rest = max(sigma.squares(values) - math.fsum(squares for _, squares, _ in table), 0.0) / rest_df
    found = [_component(name, squares / df, df, rest, rest_df, len(values), protocol) for name, squares, df in table]
    found.append(_residual(rest, rest_df, protocol))
    total = math.fsum(component.sd**2 for component in found)
    shared = tuple(_with_share(component, total) for component in found)
    return Split(math.sqrt(total), shared, len(values), protocol.noise.coverage)


def _between(cells: Sequence[Cell], values: Sequence[float], level: Callable[[Cell], Hashable]) -> tuple[float, int]:
    """Sum of squares between the levels of one factor, and its degrees of freedom."""
    groups: dict[Hashable, list[float]] = {}
    for cell, value in zip(cells, values, strict=True):
        groups.setdefault(level(cell), []).append(value)
    centre = sigma.mean(values)
    return math.fsum(len(g) * (sigma.mean(g) - centre) ** 2 for g in groups.values()), len(groups) - 1


def _component(name: str, mean_square: float, df: int, rest: float, rest_df: int, runs: int, protocol: Protocol) -> Component:
    """(MS - MS_rest) / (runs a level), floored at 0, with Williams and Tukey's interval."""
    per_level = runs / (df + 1)
    tail = (1.0 - protocol.noise.coverage) / 2.0

    def bound(p: float) -> float:
        excess = mean_square - rest * tails.f_quantile(p, df, rest_df)
        return math.sqrt(max(df * excess / (per_level * tails.chi_square_quantile(p, df)), 0.0))

    return Component(name, math.sqrt(max(mean_square - rest, 0.0) / per_level), bound(1.0 - tail), bound(tail), df, 0.0)


def _residual(rest: float, df: int, protocol: Protocol) -> Component:
    tail = (1.0 - protocol.noise.coverage) / 2.0
    low, high = (math.sqrt(df * rest / tails.chi_square_quantile(p, df)) for p in (1.0 - tail, tail))
    return Component("rest", math.sqrt(rest), low, high, df, 0.0)


def _with_share(component: Component, total: float) -> Component:
    share = component.sd**2 / total if total > 0 else 0.0
    return Component(component.name, component.sd, component.low, component.high, component.df, share)


def _require_balance(cells: Sequence[Cell], factors: Sequence[tuple[str, Callable[[Cell], Hashable]]]) -> None:
    """Every pair of factors must be crossed equally often; then their sums of squares do not overlap."""
    for index, (name, level) in enumerate(factors):
        if len(set(Counter(level(cell) for cell in cells).values())) > 1:
            raise Refused(f"the levels of {name} were not run equally often; run the proposed design")
        for other, second in factors[index + 1 :]:
            met = Counter((level(cell), second(cell)) for cell in cells)
            expected = len({level(cell) for cell in cells}) * len({second(cell) for cell in cells})
            if len(met) != expected or len(set(met.values())) > 1:
                raise Refused(f"{name} and {other} were not crossed equally often; run the proposed design")
