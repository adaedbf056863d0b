"""docs/simulation.md: every table, and the bounds that a change of the rules must keep."""

from collections.abc import Sequence

import numpy as np

from simulate import drift, kept, nulls, numbers, power, study, world
from simulate.claims import MERGES
from simulate.study import Results

FAMILY = 0.05
LEAST_PROGRESS = {"0": 0.62, "mixed": 0.70, ".98": 0.77}
LEAST_SCREENED = 1.3
MOST_FALSE = 0.02
MOST_RUNS = 1.8


def bounds(results: Results) -> list[tuple[str, bool]]:
    """Each bound as a line, and whether it holds."""
    found = []
    for edits in world.EDITS:
        for setting in nulls.BOUND:
            done = results[("null", edits.name, setting.name)]
            any_keep, runs = numbers.any_keep(done), numbers.candidate_runs(done, nulls.TRIES)
            limit = FAMILY + 2 * any_keep.se
            told = f"P(any keep), correlation {edits.name}, {setting.name}: {any_keep.text()} ≤ {limit:.3f}"
            found.append((told, any_keep.value <= limit))
            found.append((f"runs a null try, the same: {runs:.2f} ≤ {MOST_RUNS}", runs <= MOST_RUNS))
        pace = numbers.pace(results, ("race", edits.name))
        found.append(_at_least(f"progress, correlation {edits.name}", pace, LEAST_PROGRESS[edits.name]))
        screened = numbers.pace(results, ("screen", edits.name, "perfect"))
        found.append(_at_least(f"progress with the screen, correlation {edits.name}", screened, LEAST_SCREENED))
        for name, each in (("race", pace), ("screen", screened)):
            told = f"false keeps, {name}, correlation {edits.name}: {each.false_share:.2%} ≤ {MOST_FALSE:.0%}"
            found.append((told, each.false_share <= MOST_FALSE))
    for name in study.MERGES:
        rate = numbers.mean([s.false / max(s.certified, 1) for s in results[("merges", name)]])
        found.append((f"false certificates, {name}: {rate.text(4)} ≤ {FAMILY}", rate.value <= FAMILY + 2 * rate.se))
    return found


def page(results: Results, share: float, seed: int) -> str:
    """The whole page, in Markdown."""
    sections = (_nulls, _power, _progress, _impatient, _stricter, _screens, _drift, _certificates, kept.section)
    made = "" if share == 1.0 else f" --share {share:g}"
    held = bounds(results)
    head = (
        "# What the rules do over whole campaigns\n\n"
        f"Written by `make simulate` (`python -m simulate{made} --seed {seed}`); do not edit. The simulated lab calls "
        "`org.science.race.decide`, as the real one does. Gains are in sigmas, the run-to-run spread; ± is one standard error. "
        '"Correlation" is that of both arms\' noise on the same seed: 0; mixed (half of the edits .98, a fifth .5, the rest 0); '
        ".98.\n\n![Power and progress](img/simulation.svg)\n\n"
        f"## Bounds\n{sum(fine for _, fine in held)} of {len(held)} hold.\n\n"
        + "\n".join(f"- {'holds' if fine else '**fails**'}: {line}" for line, fine in held)
    )
    return head + "\n\n" + "\n\n".join(section(results) for section in sections) + "\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _nulls(results: Results) -> str:
    rows = []
    for setting in nulls.BOUND + nulls.BEYOND:
        for edits in world.EDITS:
            done = results[("null", edits.name, setting.name)]
            rows.append([setting.name, edits.name, *_null_cells(done)])
    eight = [
        [f"{nulls.PUBLISHED.name}, 8 looks", e.name, *_null_cells(results[("null 8", e.name)])] for e in world.EDITS
    ]  # fmt: skip
    return (
        "## Null campaigns: 700 changes that do nothing\n"
        "The first setting is that of the published table (8 looks there): a spread that is known, counted at ten degrees of "
        "freedom. A lab keeps its eight seeds: what it repeats on them is the same noise (bit by bit on a CPU) or partly new "
        "noise, and the truth lies between two rows. Earlier heads ran on those seeds too, so adding up their degrees of "
        "freedom as if they were new breaks the bound; so does counting many pools on fresh seeds in full. `sigma.earlier` "
        f"counts repeated noise once, and at most {study.DEFAULT.earlier_df:g} degrees of freedom. The last three settings "
        "are shown to say where the bound ends.\n\n"
        + table(["campaign", "correlation", "P(any keep)", "candidate runs a try", "with pool runs"], rows + eight)
    )


def _null_cells(done: Sequence[nulls.Null]) -> list[str]:
    runs, pool = numbers.candidate_runs(done, nulls.TRIES), numbers.pool_runs(done, nulls.TRIES)
    return [numbers.any_keep(done).text(), f"{runs:.2f}", f"{runs + pool:.2f}"]


def _power(results: Results) -> str:
    rows = []
    for edits in world.EDITS:
        done = [results[("power", edits.name, effect)] for effect in power.EFFECTS]
        rows.append([edits.name, *(f"{np.mean([r.kept for r in each]):.2f}" for each in done)])
        rows.append(["runs", *(f"{np.mean([r.runs for r in each]):.1f}" for each in done)])
    return (
        f"## Power\nShare of true gains that are kept, and candidate runs they take; sigma from the pool and "
        f"{power.EARLIER_DF:.0f} earlier degrees of freedom.\n\n"
        + table(["correlation", *(f"{effect:g}σ" for effect in power.EFFECTS)], rows)
    )


def _progress(results: Results) -> str:
    rows = [["one run, keep if lower", "–", *_pace_cells(numbers.pace(results, ("naive",)))]]
    for edits in world.EDITS:
        rows.append(["race", edits.name, *_pace_cells(numbers.pace(results, ("race", edits.name)))])
    for edits in world.EDITS:
        cells = _pace_cells(numbers.pace(results, ("screen", edits.name, "perfect")))
        rows.append(["screen, then race", edits.name, *cells])
    return (
        "## True progress per run\nOf a hundred changes 40 do nothing, 30 do harm Exp(5σ), 26 harm Exp(.67σ), 4 help "
        "Exp(3.3σ). 700 full runs in all, pools included; progress is what the last head is truly worth, per run, with the "
        "naive rule at 1.\n\n" + table(["rule", "correlation", *_PACE], rows)
    )


def _impatient(results: Results) -> str:
    rows = []
    for edits in world.EDITS:
        pace = numbers.pace(results, ("impatient", edits.name))
        null = results[("impatient null", edits.name)]
        kept = [f"{np.mean([r.kept for r in results[('impatient power', edits.name, e)]]):.2f}" for e in power.EFFECTS]
        rows.append([edits.name, pace.ratio.text(2), f"{pace.false_share:.1%}", *_null_cells(null)[:2], *kept])
    screened = numbers.pace(results, ("impatient screen", world.MIXED.name))
    return (
        f"## A more impatient race\nBars {study.IMPATIENT.futility_bars[0]:g} and {study.IMPATIENT.futility_bars[1]:g} after the "
        f"first two runs ({study.IMPATIENT.two_pairs_bar:g} where both have a partner) instead of 1, 1.6 and .8: not in force, "
        f"for it sees a little less at correlation 0. With the screen, mixed edits: {screened.ratio.text(2)}. Null campaigns on "
        "fresh seeds every 50 tries.\n\n"
        + table(
            ["correlation", "progress", "of keeps false", "P(any keep)", "runs a null try", *(f"{e:g}σ" for e in power.EFFECTS)],
            rows,
        )
    )


def _stricter(results: Results) -> str:
    rows = []
    for alpha in study.ALPHAS:
        hardest = numbers.any_keep(results[("stress", alpha)])
        ratio = numbers.pace(results, ("race alpha", alpha)).ratio
        rows.append([alpha, hardest.text(), ratio.text(2)])
    return (
        "## What a smaller alpha buys\nNull campaigns on fresh seeds with the df of all pools at correlation 0 (the hardest "
        "setting), against progress on mixed edits without a screen.\n\n"
        + table(["alpha", "P(any keep)", "progress, naive = 1"], rows)
    )


def _screens(results: Results) -> str:
    mixed = world.MIXED.name
    cases = [("z ≥ .5, then 1", "screen", "perfect"), ("z ≥ .5, then 1", "screen", "imperfect")]
    cases += [("z ≥ .5, then 1.5", "screen 1.5", name) for name in study.SCREENS]
    rows = []
    for bar, key, quality in cases:
        done = results[(key, mixed, quality)]
        off = numbers.share([d.screen_off for d in done])
        known = [d.correlation for d in done if d.correlation is not None]
        middle = f"{np.median(known):.2f}" if known else "–"
        rows.append([bar, quality, *_pace_cells(numbers.pace(results, (key, mixed, quality))), f"{off.value:.2f}", middle])
    return (
        "## Screens\nMixed edits. A perfect screen's short run has the full effect; an imperfect one scatters it by a factor "
        "e^(.5·N) and says nothing about one change in ten. The last columns: campaigns that switched it off, and the "
        "median correlation that they measured themselves.\n\n"
        + table(["bar", "screen", *_PACE, "switched off", "correlation"], rows)
    )


def _drift(results: Results) -> str:
    rows = []
    for edits in (world.SEPARATE, world.MIXED):
        for shift in study.SHIFTS:
            for care in drift.Care:
                done = results[("drift", edits.name, shift, care.name)]
                seen = [d.delay for d in done if d.delay is not None]
                told = [f"{len(seen) / len(done):.2f}", f"{np.mean(seen):.0f}"] if seen else ["–", "–"]
                false = f"{np.mean([d.false_alarms for d in done]):.2f}" if care is drift.Care.SENTINELS else "–"
                standing = numbers.share([d.standing > 0 for d in done])
                rows.append([f"{shift:g}σ", edits.name, care.value, standing.text(), *told, false])
    return (
        "## Drift\n200 null changes on a device, none of whose runs repeat, that becomes better at a random moment.\n\n"
        + table(["shift", "correlation", "the lab", "P(a false keep stands)", "alarms", "tries to it", "false alarms"], rows)
    )


def _certificates(results: Results) -> str:
    rows = []
    for name in study.MERGES:
        done = results[("merges", name)]
        rate = numbers.mean([s.false / max(s.certified, 1) for s in done])
        real = sum(s.true_merges for s in done)
        found = sum(s.certified - s.false for s in done) / real if real else float("nan")
        rows.append([name, rate.text(4), f"{found:.2f}" if real else "–"])
    return f"## Certificates\n{MERGES} merges in a row, 4 + 4 fresh runs each unless said, e-LOND at 5 %.\n\n" + table(
        ["merges", "share of certificates that are false", "share of real gains certified"], rows
    )


_PACE = ["progress", "tries", "keeps", "of them false", "campaigns with one"]


def _pace_cells(pace: numbers.Pace) -> list[str]:
    return [
        pace.ratio.text(2), f"{pace.tries:.0f}", f"{pace.keeps:.1f}", f"{pace.false_share:.1%}", f"{pace.any_false:.2f}",
    ]  # fmt: skip


def _at_least(name: str, pace: numbers.Pace, least: float) -> tuple[str, bool]:
    return f"{name}: {pace.ratio.text(2)} ≥ {least:g}", pace.ratio.value + 2 * pace.ratio.se >= least
