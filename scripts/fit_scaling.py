"""The exponents of trainer/scaling.py, computed from the runs in docs/data/scaling.csv. `python scripts/fit_scaling.py`

Around its lowest point a loss is a quadratic in the logarithms of what is chosen. One quadratic is fitted to all runs:

    100 ln(bpb) = c(depth, ratio, seed) + x' Q x + x' (p + e s)        x = (u, v, b),  s = log2(stretch)

The loss is that of equal FLOPs: Muon's are a share of a step that falls as the batch grows (at depth 4 and a batch of 2048 they
are 42 % of the model's), so a run is charged for them at what tokens are worth, the loss's slope in the logarithm of tokens.
u: log2 of what multiplies all learning rates, v: half of log2(Muon's / AdamW's), b: log2 of what multiplies the batch.
Q is the same everywhere, so that every depth helps to measure it; the lowest point may move with the stretch:
x = -(2 Q)⁻¹ (p + e s), and its slope in s is what the dial needs. Standard errors: of the coefficients from the spread of the
residuals, of what is computed from them by the delta method.
"""

import argparse
import importlib.util
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Value:
    """A number and its standard error."""

    mean: float
    error: float

    def __str__(self) -> str:
        return f"{self.mean:+.2f} ± {self.error:.2f}"


TUNED, PUBLISHED = 1.38 * 524_288, 1.32e9  # tokens; as in trainer/scaling.py
# How the straight line from here to nanochat's depth 12 rises, and what that may be off for having been measured on other
# text with other rows: an octave of batch, half an octave of rates.
OCTAVES = math.log2(PUBLISHED / TUNED)
STRAIGHT = {
    "rate": Value(math.log2(2 / 3) / OCTAVES, 0.5 / OCTAVES),
    "difference": Value(0.0, 0.5 / OCTAVES),
    "batch": Value(math.log2(2**19 / 2048) / OCTAVES, 1 / OCTAVES),
}
NAMES = ("rate", "difference", "batch")  # u, v, b


@dataclass(frozen=True, slots=True)
class Fit:
    """slopes: octaves that each of NAMES moves in an octave of stretch, all at their best. at_once: of the rate when the
    batch stays. with_batch: octaves of rate that an octave of batch asks for. best: of NAMES at stretch 1. noise: percent."""

    runs: int
    noise: float
    slopes: dict[str, Value]
    with_batch: Value
    at_once: Value
    best: dict[str, Value]


def lines(path: Path) -> list[Any]:
    """The runs of the file."""
    spec = importlib.util.spec_from_file_location("measure_scaling", ROOT / "scripts" / "measure_scaling.py")
    assert spec and spec.loader
    measure = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = measure  # dataclasses look their module up
    spec.loader.exec_module(measure)
    return measure.read(path)


def fit(runs: list[Any]) -> Fit:
    """Runs with another weight decay are left out."""
    runs = [run for run in runs if run.decay == 0]
    groups = sorted({(run.depth, run.ratio, run.seed) for run in runs})
    rows = [_terms(run) + [float((run.depth, run.ratio, run.seed) == group) for group in groups] for run in runs]
    worth = tokens_worth(runs)
    design, percent = numpy.array(rows), numpy.array([_percent(run, worth[run.depth]) for run in runs])
    found, _, rank, _ = numpy.linalg.lstsq(design, percent, rcond=None)
    rest = percent - design @ found
    variance = float(rest @ rest) / (len(runs) - int(rank))
    covariance = variance * numpy.linalg.inv(design.T @ design)
    steps = 1e-4 * numpy.eye(len(found))
    jacobian = numpy.array([(_computed(found + step) - _computed(found - step)) / 2e-4 for step in steps]).T
    errors = numpy.sqrt(numpy.diag(jacobian @ covariance @ jacobian.T))
    values = [Value(float(mean), float(error)) for mean, error in zip(_computed(found), errors, strict=True)]
    slopes, best = dict(zip(NAMES, values[:3], strict=True)), dict(zip(NAMES, values[5:], strict=True))
    return Fit(len(runs), math.sqrt(variance), slopes, values[3], values[4], best)


def tokens_worth(runs: list[Any]) -> dict[int, float]:
    """Of each depth: the fall of ln(bpb) with ln(tokens) between the recipe's own runs at its two horizons. A depth that was
    trained at one horizon takes over that of the one below."""
    found: dict[int, float] = {}
    for depth in sorted({run.depth for run in runs}):
        plain = [run for run in runs if run.depth == depth and (run.muon, run.adamw, run.batch) == (0, 0, 0)]
        tokens, bpb = (numpy.log([getattr(run, name) for run in plain]) for name in ("tokens", "bpb"))
        horizons = len({run.ratio for run in plain})
        found[depth] = -float(numpy.polyfit(tokens, bpb, 1)[0]) if horizons > 1 else found[depth - 1]
    return found


def _percent(run: Any, worth: float) -> float:
    """100 ln(bpb), as if Muon's FLOPs had been spent on tokens."""
    width = 64 * run.depth
    muon = run.steps * run.depth * 220 * width**3  # 5 iterations of 2 w³ each: 3 for each of 4 squares, 5 for each of 2 halves
    return 100 * (math.log(run.bpb) + worth * math.log1p(muon / run.flops))


def _terms(run: Any) -> list[float]:
    """u², v², b², uv, ub, then u, v, b, then each of the three times the stretch."""
    u, v, b = (run.muon + run.adamw) / 2, (run.muon - run.adamw) / 2, run.batch
    s = math.log2(run.ratio * run.parameters / TUNED)
    return [u * u, v * v, b * b, u * v, u * b, u, v, b, u * s, v * s, b * s]


def _computed(found: numpy.ndarray) -> numpy.ndarray:
    """slopes (3), with_batch, at_once, best (3)."""
    uu, vv, bb, uv, ub = found[:5]
    hessian = numpy.array([[2 * uu, uv, ub], [uv, 2 * vv, 0], [ub, 0, 2 * bb]])
    slopes, best = (-numpy.linalg.solve(hessian, found[i : i + 3]) for i in (8, 5))
    rates = numpy.linalg.inv(hessian[:2, :2])
    return numpy.array([*slopes, -(rates @ [ub, 0])[0], -(rates @ found[8:10])[0], *best])


def joined(name: str, measured: Value) -> Value:
    """Two estimates of one slope, ours and the straight line to the published end, each weighted by what it is sure of."""
    straight = STRAIGHT[name]
    weights = numpy.array([measured.error**-2, straight.error**-2])
    mean = float(weights @ [measured.mean, straight.mean] / weights.sum())
    return Value(mean, float(weights.sum() ** -0.5))


def constant(value: Value) -> float:
    """As it stands in scaling.py: two digits, and 0 where it is not two standard errors from it."""
    return round(value.mean, 2) if abs(value.mean) > 2 * value.error else 0.0


def decays(runs: list[Any]) -> list[str]:
    """What another weight decay did, against the same run without."""
    plain = {(r.depth, r.ratio, r.seed): r.bpb for r in runs if (r.muon, r.adamw, r.batch, r.decay) == (0, 0, 0, 0)}
    return [
        f"depth {r.depth}, weight decay * {2**r.decay:.3g}: {100 * math.log(r.bpb / plain[r.depth, r.ratio, r.seed]):+.2f} %"
        for r in runs
        if r.decay
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="?", default=ROOT / "docs" / "data" / "scaling.csv")
    runs = lines(parser.parse_args().runs)
    found = fit(runs)
    print(f"{found.runs} runs; what the quadratic leaves over: {found.noise:.2f} %")
    print("octaves in an octave of stretch: measured; the straight line to the published end; z; both; the constant")
    for name, measured in found.slopes.items():
        straight, both = STRAIGHT[name], joined(name, measured)
        z = (measured.mean - straight.mean) / math.hypot(measured.error, straight.error)
        print(f"  {name:<12} {measured}; {straight}; {z:+.1f}; {both}; {constant(both):.2f}")
    print(f"rates, in an octave of batch: {found.with_batch}; in an octave of stretch at one batch: {found.at_once}")
    print("best at stretch 1, octaves from the recipe: " + ", ".join(f"{name} {value}" for name, value in found.best.items()))
    print("\n".join(decays(runs)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
