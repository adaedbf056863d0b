"""Everything that is simulated, as jobs in chunks for several processes. One seed, one result, whatever the processes."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from org.science.protocol import Protocol, preset
from simulate import claims, drift, nulls, power, progress, world

CHUNK = 20
RACES = 200
"""Single races in a chunk, where a campaign is a whole one."""
Results = dict[Hashable, list[Any]]

DEFAULT = Protocol()
EIGHT_LOOKS = replace(DEFAULT, max_runs=8)
HIGH_SCREEN = replace(DEFAULT, screen=replace(DEFAULT.screen, bar=1.5))
IMPATIENT = replace(DEFAULT, futility_bars=(1.6, 1.9, *DEFAULT.futility_bars[2:]), two_pairs_bar=1.3)
"""Higher bars after the first two runs: more tries, a little less power."""
ALPHAS = {"0.005": DEFAULT, "0.002": replace(DEFAULT, alpha=0.002), "0.001": preset("strict")}
SCREENS = {"perfect": (0.0, 0.0), "imperfect": (0.5, 0.1)}
"""(spread of ln(short effect / full effect), share of changes whose short effect says nothing)."""
SHIFTS = (1.0, 3.0)
MORE_FRESH = replace(DEFAULT, certificate=replace(DEFAULT.certificate, runs=8))
MERGES = {
    "no merge is real": (1.0, 1.0, DEFAULT),
    "half are real, Exp(2.5σ)": (0.5, 2.5, DEFAULT),
    "the same, 8 + 8 runs": (0.5, 2.5, MORE_FRESH),
}
EARLIER = {7.0: 0.0, 21.0: 14.0, 67.0: 60.0}
"""Degrees of freedom of sigma, and how many of them are not the pool's own."""
MIDDLE_DF = 21.0
WIDER = {"explore": 1.0, "strict": 1.6}
"""How far the grid of effects is stretched for a preset."""


@dataclass(frozen=True, slots=True)
class Job:
    """One case: `count` calls of `call` with a generator each. Cases of one `stream` draw the same noise."""

    key: Hashable
    call: Callable[..., Any]
    count: int
    stream: int
    chunk: int = CHUNK


def jobs(share: float = 1.0) -> list[Job]:
    """All cases. share: of the usual number of campaigns."""

    def times(count: int) -> int:
        return max(2, round(count * share))

    found = [Job(("naive",), progress.naive, times(1500), 1)]
    for edits in world.EDITS:
        for setting in nulls.BOUND + nulls.BEYOND:
            count = 250 if setting in nulls.BEYOND else 400
            found.append(_null(("null", edits.name, setting.name), edits, setting, DEFAULT, times(count)))
        found.append(_null(("null 8", edits.name), edits, nulls.PUBLISHED, EIGHT_LOOKS, times(400)))
        found += [_race(("power", edits.name, e), edits, e, power.EARLIER_DF, DEFAULT, times(1000)) for e in power.EFFECTS]
        found.append(_progress(("race", edits.name), edits, DEFAULT, times(300)))
        found.append(_screened(("screen", edits.name, "perfect"), edits, "perfect", DEFAULT, times(200)))
    found += list(_other(times))
    return found + list(_kept(times))


def run(found: Sequence[Job], processes: int, seed: int, tell: Callable[[str], None]) -> Results:
    """Results by key, in the order of the campaigns."""
    chunks = [(job, start) for job in found for start in range(0, job.count, job.chunk)]
    results: Results = {}
    with ProcessPoolExecutor(processes) as pool:
        for number, (job, done) in enumerate(pool.map(_run, *zip(*((j, s, seed) for j, s in chunks), strict=True))):
            results.setdefault(job.key, []).extend(done)
            if (number + 1) % max(len(chunks) // 20, 1) == 0:
                tell(f"{100 * (number + 1) // len(chunks)} %")
    return results


def _other(times: Callable[[int], int]) -> Iterator[Job]:
    """Variants that are shown beside the rules in force, drift, and certificates."""
    mixed = world.MIXED
    yield _screened(("screen", mixed.name, "imperfect"), mixed, "imperfect", DEFAULT, times(200))
    for name in SCREENS:
        yield _screened(("screen 1.5", mixed.name, name), mixed, name, HIGH_SCREEN, times(200))
    for alpha, protocol in ALPHAS.items():
        yield _null(("stress", alpha), world.SEPARATE, nulls.UNCAPPED, protocol, times(250))
        yield _progress(("race alpha", alpha), mixed, protocol, times(200))
    for edits in world.EDITS:
        yield _progress(("impatient", edits.name), edits, IMPATIENT, times(300))
        yield _null(("impatient null", edits.name), edits, nulls.PUBLISHED, IMPATIENT, times(250))
        for e in power.EFFECTS:
            yield _race(("impatient power", edits.name, e), edits, e, power.EARLIER_DF, IMPATIENT, times(1000))
    yield _screened(("impatient screen", mixed.name), mixed, "perfect", IMPATIENT, times(200))
    for edits in (world.SEPARATE, mixed):
        for shift in SHIFTS:
            for care in drift.Care:
                call = partial(drift.campaign, edits=edits, care=care, protocol=DEFAULT, shift=shift)
                yield Job(("drift", edits.name, shift, care.name), call, times(200), 5)
    for name, (null_share, gain, protocol) in MERGES.items():
        call = partial(claims.stream, null_share=null_share, mean_gain=gain, protocol=protocol)
        yield Job(("merges", name), call, times(2000), 6, RACES)


def _kept(times: Callable[[int], int]) -> Iterator[Job]:
    """Races on the grid of org.science.rules.Power."""
    table = DEFAULT.power
    for correlation in table.correlations:
        edits = world.Edits(f"{correlation:g}", ((1.0, correlation),))
        for effect in power.grid(correlation, 1.0):
            for df, earlier in EARLIER.items():
                yield _race(("kept", 0.005, correlation, df, effect), edits, effect, earlier, DEFAULT, times(400))
        for name, wider in WIDER.items():
            for effect in power.grid(correlation, wider):
                key = ("kept", preset(name).alpha, correlation, MIDDLE_DF, effect)
                yield _race(key, edits, effect, EARLIER[MIDDLE_DF], preset(name), times(400))


def _null(key: Hashable, edits: world.Edits, setting: nulls.Setting, protocol: Protocol, count: int) -> Job:
    return Job(key, partial(nulls.campaign, edits=edits, setting=setting, protocol=protocol), count, 2)


def _race(key: Hashable, edits: world.Edits, effect: float, earlier: float, protocol: Protocol, count: int) -> Job:
    call = partial(power.race, effect=effect, edits=edits, protocol=protocol, earlier_df=earlier)
    return Job(key, call, count, 3, RACES)


def _progress(key: Hashable, edits: world.Edits, protocol: Protocol, count: int) -> Job:
    return Job(key, partial(progress.race, edits=edits, protocol=protocol), count, 4)


def _screened(key: Hashable, edits: world.Edits, quality: str, protocol: Protocol, count: int) -> Job:
    return Job(key, partial(progress.race, edits=edits, protocol=protocol, screen_quality=SCREENS[quality]), count, 4)


def _run(job: Job, start: int, seed: int) -> tuple[Job, list[Any]]:
    numbers = range(start, min(start + job.chunk, job.count))
    return job, [job.call(np.random.default_rng([seed, job.stream, number])) for number in numbers]
