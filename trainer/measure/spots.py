"""Some steps of a run are counted while they are made, at moments that nobody can know before: one in each part of the
budget, drawn from the operating system and from no generator that a run uses. So a step may not cost more on its way than
it did when it was counted. Where something is compiled, which a counter would have done anew and to other bits, steps are
made again for it once the run is over, as they would be at such moments.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from trainer.measure import flops

PARTS = 6


def compiles() -> bool:
    """Whether anything in this process may be compiled by torch."""
    return "torch._dynamo" in sys.modules


class Spots:
    """The moments that are still to come, and the FLOPs that this process computed in the steps that were looked at."""

    def __init__(self, moments: Sequence[float], compiles: Callable[[], bool] = compiles) -> None:
        self._moments, self._compiles = sorted(moments), compiles
        self.counted: dict[int, int] = {}  # by the number of the step, from 0

    @contextmanager
    def watch(self, step: int, progress: float) -> Iterator[None]:
        """Around a step: count it if it is the first since one of the moments. progress: spent share of the budget."""
        passed = sum(moment <= progress for moment in self._moments)
        if not passed or self._compiles():
            yield
            return
        del self._moments[:passed]
        with flops.Counter() as counter:
            yield
        self.counted[step] = int(counter.total)


def moments() -> list[float]:
    """One in each of PARTS equal parts of the budget, as spent shares of it."""
    draws = (int.from_bytes(os.urandom(6), "little") / 2**48 for _ in range(PARTS))
    return [(part + draw) / PARTS for part, draw in enumerate(draws)]


def dearest(everyones: Sequence[Mapping[int, int]]) -> tuple[int, int]:
    """The step that cost most, from 0, and its FLOPs summed over the ranks; (0, 0) where none was looked at."""
    sums = {step: sum(counted.get(step, 0) for counted in everyones) for step in everyones[0]}
    return max(sums.items(), key=lambda item: item[1], default=(0, 0))
