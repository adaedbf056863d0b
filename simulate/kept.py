"""The gains that a race keeps half of the time and four times in five: the table of org.science.rules.Power."""

import numpy as np

from simulate import power, study
from simulate.study import Results

CHANCES = (0.5, 0.8)


def gains(results: Results, alpha: float, df: float, chance: float) -> list[float]:
    """By correlation, in sigmas."""
    found = []
    for correlation in study.DEFAULT.power.correlations:
        curve = [
            (effect, float(np.mean([race.kept for race in results[("kept", alpha, correlation, df, effect)]])))
            for effect in power.grid(correlation)
        ]
        found.append(power.effect_kept(chance, curve) or float("nan"))
    return found


def factor(results: Results, alpha: float) -> float:
    """What another alpha makes of those gains, on average."""
    ratios = [
        np.divide(gains(results, alpha, study.MIDDLE_DF, chance), gains(results, 0.005, study.MIDDLE_DF, chance))
        for chance in CHANCES
    ]
    known = np.concatenate(ratios)[np.isfinite(np.concatenate(ratios))]
    return float(np.mean(known)) if len(known) else float("nan")


def section(results: Results) -> str:
    """The table in Markdown, as found now; rules.Power holds the one that is used."""
    rows = [
        "| kept | df | " + " | ".join(f"{c:g}" for c in study.DEFAULT.power.correlations) + " |",
        "| --- " * (2 + len(study.DEFAULT.power.correlations)) + "|",
    ]
    for chance in CHANCES:
        by_df = np.fmin.accumulate([gains(results, 0.005, df, chance) for df in study.EARLIER])
        for df, row in zip(study.EARLIER, by_df, strict=True):
            rows.append(f"| {chance:.0%} | {df:g} | " + " | ".join(f"{gain:.2f}" for gain in row) + " |")
    factors = ", ".join(f"{factor(results, alpha):.2f} at alpha {alpha:g}" for alpha in (0.05, 0.001))
    return (
        "## Gains that are kept\nIn sigmas, by the degrees of freedom of sigma and the correlation on one seed; also the "
        f"default margin of a simplification (four times in five). Other alphas, on average: {factors}.\n\n" + "\n".join(rows)
    )
