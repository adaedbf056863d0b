"""True effects, and how much of a run's noise a candidate shares with its base on the same seed."""

from dataclasses import dataclass

import numpy as np

LEVEL = 1658.0
"""The metric of the head, in sigmas: 0.995 bits per byte at a spread of 6e-4."""


@dataclass(frozen=True, slots=True)
class Edits:
    """Shares of edits by the correlation of both arms' noise on one seed."""

    name: str
    shares: tuple[tuple[float, float], ...]

    def draw(self, rng: np.random.Generator) -> float:
        point = rng.random()
        for share, correlation in self.shares:
            point -= share
            if point < 0:
                return correlation
        return self.shares[-1][1]


@dataclass(frozen=True, slots=True)
class Effects:
    """What a change is truly worth: nothing, or an exponential loss or gain. Pairs are (weight, mean)."""

    null: float
    harms: tuple[tuple[float, float], ...] = ()
    gains: tuple[tuple[float, float], ...] = ()

    def draw(self, rng: np.random.Generator) -> float:
        point = rng.random() - self.null
        if point < 0:
            return 0.0
        for sign, parts in ((-1.0, self.harms), (1.0, self.gains)):
            for weight, mean in parts:
                point -= weight
                if point < 0:
                    return sign * rng.exponential(mean)
        return 0.0


SEPARATE = Edits("0", ((1.0, 0.0),))
MIXED = Edits("mixed", ((0.5, 0.98), (0.2, 0.5), (0.3, 0.0)))
PAIRED = Edits(".98", ((1.0, 0.98),))
EDITS = (SEPARATE, MIXED, PAIRED)

NOTHING = Effects(1.0)
CAMPAIGN = Effects(0.40, harms=((0.30, 5.0), (0.26, 0.67)), gains=((0.04, 3.3),))
"""Of a hundred changes 40 do nothing, 30 do real harm, 26 a little, 4 help."""
