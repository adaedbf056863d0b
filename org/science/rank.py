"""Weighted rank correlation: how well one kind of run orders ideas as another does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def correlation(xs: Sequence[float], ys: Sequence[float], weights: Sequence[float] | None = None) -> float | None:
    """Spearman's rho of pairs (x, y), ties at their middle rank. None for fewer than three pairs or a constant side.

    weights: how many ideas a pair stands for (one over the chance that it was observed), so that a sample thinned on
    x gives the correlation of all ideas.
    """
    import numpy as np  # as in tails.py: most verbs need none of it

    if len(xs) < 3:
        return None
    share = np.ones(len(xs)) if weights is None else np.asarray(weights, dtype=float)
    share = share / share.sum()
    a, b = _middle_ranks(np.asarray(xs, dtype=float), share), _middle_ranks(np.asarray(ys, dtype=float), share)
    a, b = a - float(share @ a), b - float(share @ b)
    scale = float(share @ (a * a)) * float(share @ (b * b))
    return float(share @ (a * b)) / scale**0.5 if scale > 0 else None


def _middle_ranks(values: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each value the weight of smaller ones plus half that of equal ones."""
    below = (values[None, :] < values[:, None]) @ share
    equal = (values[None, :] == values[:, None]) @ share
    ranks: NDArray[np.float64] = below + 0.5 * equal
    return ranks
