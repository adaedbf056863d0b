"""The gains that a race keeps half of the time and four times in five: the table of org.science.rules.Power."""

import numpy as np

from org.science.protocol import preset
from simulate import power, study
from simulate.study import Results

CHANCES = (0.5, 0.8)


def gains(results: Results, alpha: float, df: float, chance: float) -> list[float]:
    """By correlation, in sigmas; nan where no effect on the grid is kept that often."""
    wider = {preset(name).alpha: wider for name, wider in study.WIDER.items()}.get(alpha, 1.0)
    found = []
    for correlation in study.DEFAULT.power.correlations:
        curve = [
            (effect, float(np.mean([race.kept for race in results[("kept", alpha, correlation, df, effect)]])))
            for effect in power.grid(correlation, wider)
        ]
        found.append(power.effect_kept(chance, curve) or float("nan"))
    return found


def stretch(results: Results, alpha: float) -> list[float]:
    """What another alpha makes of those gains, by correlation: the mean over both chances, as far as they are known."""
    ratios = np.array([
        np.divide(gains(results, alpha, study.MIDDLE_DF, chance), gains(results, 0.005, study.MIDDLE_DF, chance))
        for chance in CHANCES
    ])  # fmt: skip
    known = np.isfinite(ratios)
    counts = np.maximum(known.sum(axis=0), 1)
    return list(np.where(known.any(axis=0), np.where(known, ratios, 0.0).sum(axis=0) / counts, np.nan))


def section(results: Results) -> str:
    """The table in Markdown, as found now; rules.Power holds the one that is used."""
    correlations = study.DEFAULT.power.correlations
    rows = ["| kept | df | " + " | ".join(f"{c:g}" for c in correlations) + " |", "| --- " * (2 + len(correlations)) + "|"]
    for chance in CHANCES:
        by_df = np.fmin.accumulate([gains(results, 0.005, df, chance) for df in study.EARLIER])
        for df, row in zip(study.EARLIER, by_df, strict=True):
            rows.append(f"| {chance:.0%} | {df:g} | " + " | ".join(f"{gain:.2f}" for gain in row) + " |")
    for name in study.WIDER:
        cells = " | ".join(f"x {factor:.2f}" for factor in stretch(results, preset(name).alpha))
        rows.append(f"| preset {name} | {study.MIDDLE_DF:g} | {cells} |")
    return (
        "## Gains that are kept\nIn sigmas, by the degrees of freedom of sigma and the correlation on one seed; also the "
        "default margin of a simplification (four times in five). Presets multiply them.\n\n" + "\n".join(rows)
    )
