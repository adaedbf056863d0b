"""What a brief allows to be tried: per recipe key a range or choices. Nearby values count as the same try."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from org.agents.offline.recipe import Value
from org.model.errors import ConfigError

RESOLUTION = 1 / 40
"""Two values of a range closer than this part of it are one try: no run tells them apart."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from low to high, both included. log: steps multiply. whole: integers only."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    values: tuple[Value, ...]


Dimension: TypeAlias = Range | Choices
Space: TypeAlias = Mapping[str, Dimension]


def parse(space: Mapping[str, Any], program: str) -> dict[str, Dimension]:
    """A brief's `space` as dimensions. ConfigError names program, key and what is wrong."""
    return {key: _dimension(value, f"program {program}: space.{key}") for key, value in space.items()}


def position(dimension: Range, value: float) -> float:
    """Where a number lies in a range: 0 at low, 1 at high, outside of both beyond."""
    if dimension.log:
        if value <= 0:
            return -math.inf
        return math.log(value / dimension.low) / math.log(dimension.high / dimension.low)
    return (value - dimension.low) / (dimension.high - dimension.low)


def same(dimension: Dimension | None, one: Value, other: Value) -> bool:
    """Whether two values are one try; outside of any dimension, whether they are equal."""
    if one == other:
        return isinstance(one, bool) == isinstance(other, bool)
    if not isinstance(dimension, Range) or isinstance(one, str) or isinstance(other, str):
        return False
    return abs(position(dimension, one) - position(dimension, other)) < RESOLUTION


def holds(dimension: Dimension, value: Value) -> bool:
    """Whether the dimension allows this value."""
    if isinstance(dimension, Choices):
        return any(same(dimension, value, choice) for choice in dimension.values)
    if isinstance(value, str | bool):
        return False
    return dimension.low <= value <= dimension.high and (not dimension.whole or value == int(value))


def rounded(dimension: Range, value: float) -> int | float:
    """The number near value that a person would write: as few digits as the resolution allows."""
    if dimension.whole:
        return round(value)
    for digits in range(1, 15):
        short = float(f"{value:.{digits}g}")
        near = abs(position(dimension, short) - position(dimension, value)) < RESOLUTION / 4
        if near and dimension.low <= short <= dimension.high:
            return short
    return value


def grid(dimension: Dimension) -> list[Value]:
    """Every value that is worth a try, in order; finite for ranges too."""
    if isinstance(dimension, Choices):
        return list(dimension.values)
    if dimension.whole and dimension.high - dimension.low <= 1 / RESOLUTION:
        return list(range(round(dimension.low), round(dimension.high) + 1))
    steps = round(1 / RESOLUTION)
    return list(dict.fromkeys(rounded(dimension, _at(dimension, step / steps)) for step in range(steps + 1)))


def _at(dimension: Range, place: float) -> float:
    if dimension.log:
        value = dimension.low * math.exp(place * math.log(dimension.high / dimension.low))
    else:
        value = dimension.low + place * (dimension.high - dimension.low)
    return min(max(value, dimension.low), dimension.high)


def _dimension(value: object, where: str) -> Dimension:
    if isinstance(value, Mapping):
        return _range(value, where)
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return Choices(tuple(value))
    raise ConfigError(f"{where}: {value!r}; write {{low: …, high: …}} or a list of choices")


def _range(value: Mapping[str, Any], where: str) -> Range:
    unknown = set(value) - {"low", "high", "log", "int"}
    if unknown:
        raise ConfigError(f"{where}: unknown {', '.join(sorted(unknown))}; a range has low, high, log, int")
    low, high = value.get("low"), value.get("high")
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in (low, high))
    if low is None or high is None or not numbers or low >= high:
        raise ConfigError(f"{where}: low {low!r}, high {high!r}; two numbers, low below high")
    log, whole = bool(value.get("log")), bool(value.get("int"))
    if log and low <= 0:
        raise ConfigError(f"{where}: low {low!r} with log: true; a logarithmic range starts above 0")
    if whole and not (float(low).is_integer() and float(high).is_integer()):
        raise ConfigError(f"{where}: low {low!r}, high {high!r} with int: true; write whole numbers")
    return Range(low, high, log, whole)
