"""Before a promotion: device-hours and dollars that it may take, and what they buy: the gains that would be seen there."""

import math
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from org.lab import pools, settings
from org.lab.lab import Lab
from org.lab.rungs import ladder
from org.lab.spend import history
from org.lab.spend.history import Figure
from org.model.run import State
from org.science import forecast, sigma, tails
from org.science.forecast import Odds
from org.science.ladder import Rung
from org.store.tables import POOLS, RUNS

SEED = 11  # of the played races: the same promotion gets the same forecast
PLAYED = 60  # races
GAINS = tuple(effect for effect in forecast.EFFECTS if effect >= 0)

Evidence = tuple[float | None, float | None, float | None, float]
"""Gains seen half of the time and four times in five, the chance of the one that is expected, runs that it takes."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """base_runs: that the pool lacks. runs: of the change, as expected at its gain; most_runs: at most. hours on the clock,
    as expected; dollars None: devices have no price. seen_half, seen_most: gains seen half of the time and four times in
    five; None: beyond what was played. gain: expected there, as on the first rung; chance: that it holds."""

    rung: int
    devices: int
    base_runs: int
    runs: float
    most_runs: int
    run_seconds: Figure
    device_hours: float
    most_device_hours: float
    hours: float
    dollars: float | None
    most_dollars: float | None
    sigma: Figure
    seen_half: float | None
    seen_most: float | None
    gain: float | None
    chance: float | None


def of(lab: Lab, con: sqlite3.Connection, rung: int, base: str, gain: float | None) -> Forecast:
    """What a change with that (shrunk) gain takes at a rung, against the tree base. Reads only."""
    at, target = settings.of_rung(lab, rung), ladder.role(lab, rung) is Rung.TARGET
    lacking, seconds = _lacking(lab, con, rung, base), run_seconds(lab, rung)
    spread, df = sigma_at(lab, con, rung)
    asked = lab.config.task.ladder[rung].runs
    most = asked or (lab.protocol.max_runs if target else lab.protocol.ladder.mid_runs)
    half, mostly, chance, runs = (_race if target else _look)(lab, at.pool_size, most, spread.value, df, gain)
    each, price = seconds.number / 3600 * at.gang, lab.config.device_dollars_per_hour
    usual, largest = (lacking + runs) * each, (lacking + most) * each
    side_by_side = max(len(lab.devices) // at.gang, 1)
    hours = (lacking + runs) * seconds.number / 3600 / min(side_by_side, max(lacking + runs, 1))
    return Forecast(
        rung, at.gang, lacking, runs, most, seconds, usual, largest, hours, None if price is None else usual * price,
        None if price is None else largest * price, spread, half, mostly, gain, chance,
    )  # fmt: skip


def run_seconds(lab: Lab, rung: int) -> Figure:
    """Seconds of one run at a rung: measured, else from its budget, else from the first rung's runs."""
    at, con = settings.of_rung(lab, rung), lab.ledger.reader
    ended = RUNS.select(
        con, "WHERE state = ? AND rung = ? AND budget = ? AND total_seconds IS NOT NULL ORDER BY finished_at DESC LIMIT ?",
        State.SUCCEEDED.value, rung, at.budget, history.RECENT,
    )  # fmt: skip
    if ended:
        return history.measured(median(run.total_seconds or 0.0 for run in ended), f"{len(ended)} runs there")
    if at.budget.endswith("s"):
        return history.assumed(float(at.budget[:-1]), "the rung's time budget; start and scoring come on top")
    small, first = history.run_seconds(lab), settings.of_race(lab)
    if at.budget.endswith("flop") and first.budget.endswith("flop"):
        times = _amount(at.budget) / _amount(first.budget) / at.gang
        return history.assumed(small.number * times, f"{times:.3g} times a run of the first rung, as its FLOPs are")
    return history.assumed(small.number * _ratio(lab, rung), f"{_ratio(lab, rung):g} times a run of the first rung, as is usual")


def sigma_at(lab: Lab, con: sqlite3.Connection, rung: int) -> tuple[Figure, float]:
    """The run-to-run spread at a rung, of its pools, else the first rung's; and the degrees of freedom that a new pool
    there would find."""
    at = settings.of_rung(lab, rung)
    for pool in POOLS.select(con, "WHERE rung = ? AND budget = ? ORDER BY id DESC", rung, at.budget):
        if pools.is_current(lab, con, pool):
            mine = [v for v in pools.values(lab, con, pool.id) if v is not None]
            spread, df = sigma.pooled([mine], *pools.spread_before(lab, con, pool))
            if df:
                return history.measured(spread, f"pools there ({df:.0f} degrees of freedom)"), min(df, lab.protocol.earlier_df)
    first = history.sigma(lab)
    return history.assumed(first.value, f"as on the first rung ({first.source})"), 0.0


def _lacking(lab: Lab, con: sqlite3.Connection, rung: int, base: str) -> int:
    """Runs of the base that its pool on that rung has no value of."""
    at = settings.of_rung(lab, rung)
    known = POOLS.select(con, "WHERE tree = ? AND rung = ? AND budget = ?", base, rung, at.budget)
    have = [pools.values(lab, con, p.id) for p in known if pools.is_current(lab, con, p)]
    return at.pool_size - max((sum(v is not None for v in values) for values in have), default=0)


def _look(
    lab: Lab, base_runs: int, runs: int, spread: float | None, earlier_df: float, gain: float | None
) -> Evidence:  # fmt: skip
    """One comparison with the middle rung's bar. z of each run counts the pool's luck once a run; their mean has it once."""
    if not spread:
        return None, None, None, float(runs)
    bar = tails.t_of(lab.protocol.ladder.mid_z, base_runs - 1 + earlier_df, lab.protocol.df_cap)
    centre, width = bar * spread * math.sqrt(1.0 + 1.0 / base_runs), spread * math.sqrt(1.0 / runs + 1.0 / base_runs)
    chance = None if gain is None else tails.normal_cdf((gain - centre) / width)
    return centre, centre + width * tails.normal_quantile(0.8), chance, float(runs)


def _race(
    lab: Lab, base_runs: int, runs: int, spread: float | None, earlier_df: float, gain: float | None
) -> Evidence:  # fmt: skip
    """A race there with a pool of that size, played at the gain and at others."""
    if not spread:
        return None, None, None, float(runs)
    mix, _ = history.mix(lab)
    protocol, source = replace(lab.protocol, pool_size=base_runs, max_runs=runs), random.Random(SEED)

    def play(effects: Sequence[float]) -> list[Odds]:
        return forecast.curve(PLAYED, mix, protocol, lambda: source.gauss(0.0, 1.0), effects, earlier_df)

    odds = play(GAINS)
    seen = [forecast.seen_at(chance, odds) for chance in (0.5, 0.8)]
    half, most = (None if sigmas is None else sigmas * spread for sigmas in seen)
    if gain is None:
        return half, most, None, float(runs)
    own = play((gain / spread,))[0]
    return half, most, own.kept, own.runs


def _ratio(lab: Lab, rung: int) -> float:
    small, mid, target = lab.protocol.ladder.costs
    return (target if ladder.role(lab, rung) is Rung.TARGET else mid) / small


def _amount(budget: str) -> float:
    return float(budget.removesuffix("flop"))
