"""Scales, ticks and limits of a plot. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from low to high onto positions from start to end; either may run backwards."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def cells(self, values: Iterable[float]) -> list[int]:
        """The whole-numbered position of each; of one that lies outside, the end that is nearer. For thousands of them."""
        low, high = min(self.low, self.high), max(self.low, self.high)
        size = (self.end - self.start) / (self.high - self.low)
        return [round(self.start + ((low if v < low else high if v > high else v) - self.low) * size) for v in values]

    def inside(self, value: float) -> float:
        """The position of a value, or of the end that lies nearer to it."""
        return self(min(max(value, min(self.low, self.high)), max(self.low, self.high)))


def ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round values between low and high: multiples of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / max(count, 1)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * size for factor in (1.0, 2.0, 5.0, 10.0) if factor * size >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def label(value: float, marks: Sequence[float]) -> str:
    """The value with as many decimals as tell these ticks apart."""
    gaps = [b - a for a, b in pairwise(marks) if b > a]
    places = max(0, -math.floor(math.log10(min(gaps)) + 1e-9)) if gaps else 4
    return f"{value:.{min(places, 8)}f}"


def limits(values: Sequence[float], must: Sequence[float], margin: float, higher_is_better: bool) -> tuple[float, float]:
    """The part of an axis worth looking at: everything in `must`, and of `values` all but the worst tenth. What is left out
    is drawn at the bad edge. margin: in the values' unit, added at both ends."""
    ranked = sorted(values, reverse=higher_is_better)
    shown = [*ranked[: max(1, math.ceil(len(ranked) * 0.9))], *must] if ranked else [*must]
    if not shown:
        return 0.0, 1.0
    low, high = min(shown), max(shown)
    more = max((high - low) * 0.06, margin, abs(low) * 1e-4, 1e-9)
    return low - more, high + more


def shortened(text: str, most: int) -> str:
    """At most so many characters, the last one an ellipsis when some are missing."""
    return text if len(text) <= most else text[: max(most - 1, 0)].rstrip() + "…"


def counted(count: int, noun: str) -> str:
    """0 runs, 1 run, 2 runs."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
