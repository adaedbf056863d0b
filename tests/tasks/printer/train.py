"""A task that knows nothing of the lab: one file that trains and prints its score. `python train.py SEED`."""

import random
import sys

WIDTH = 8
LEARNING_RATE = 0.05
STEPS = 300


def features(x: float) -> list[float]:
    """Powers of x."""
    return [x**n for n in range(WIDTH)]


def target(x: float) -> float:
    return 1.0 if x > 0.2 else -0.5 * x


def predict(weights: list[float], x: float) -> float:
    return sum(w * f for w, f in zip(weights, features(x), strict=True))


def step(weights: list[float], x: float, y: float) -> None:
    """One step of gradient descent, in place."""
    error = predict(weights, x) - y
    for n, f in enumerate(features(x)):
        weights[n] -= LEARNING_RATE * error * f


def train(rng: random.Random) -> list[float]:
    weights = [0.1 * rng.gauss(0, 1) for _ in range(WIDTH)]
    for number in range(1, STEPS + 1):
        x = rng.uniform(-1, 1)
        step(weights, x, target(x) + 0.1 * rng.gauss(0, 1))
        if number % 100 == 0:
            print(f"step {number:05d}/{STEPS}")
    return weights


def score(weights: list[float]) -> float:
    """Mean squared error on a fixed grid."""
    grid = [-1 + n / 100 for n in range(201)]
    return sum((predict(weights, x) - target(x)) ** 2 for x in grid) / len(grid)


def main() -> None:
    seed = int(sys.argv[1])
    value = score(train(random.Random(seed)))
    print("---")
    print(f"val_bpb:          {0.9 + value:.6f}")
    print(f"num_steps:        {STEPS}")


if __name__ == "__main__":
    main()
