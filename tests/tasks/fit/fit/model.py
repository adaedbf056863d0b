"""What agents may edit: the features that the regression sees."""

import numpy as np


def features(x: np.ndarray, degree: int) -> np.ndarray:
    """x: (N,) in [-1, 1]. Returns (N, degree + 1)."""
    return np.stack([x**power for power in range(degree + 1)], axis=1)
