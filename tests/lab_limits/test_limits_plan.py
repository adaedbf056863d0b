"""`org plan`: what a night buys; which numbers are measured, which assumed; forecast against fact."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from laboratory import repository
from office_at_night import Night

from org.cli.main import org
from org.config import Price
from org.lab import standup
from org.lab.spend import forecast, history
from org.science import forecast as odds
from org.science.protocol import preset
from org.store.tables import EVENTS, STANDUPS

CORRELATED, INDEPENDENT = ((0.5, 0.98), (0.5, 0.98)), ((0.5, 0.0), (0.5, 0.0))


def gauss(seed: int = 1) -> Callable[[], float]:
    source = random.Random(seed)
    return lambda: source.gauss(0.0, 1.0)


@pytest.mark.parametrize(
    ("mix", "null_runs", "powers"),
    [
        (INDEPENDENT, 1.70, {0.5: 0.00, 1.0: 0.01, 3.0: 0.90}),
        (odds.TYPICAL_MIX, 1.47, {0.3: 0.02, 0.5: 0.16, 1.0: 0.50, 2.0: 0.70, 3.0: 0.96}),
        (CORRELATED, 1.25, {0.3: 0.04, 0.5: 0.33, 1.0: 0.96, 2.0: 1.0}),
    ],
    ids=["independent", "mixed", "correlated"],
)
def test_played_races_agree_with_the_published_table(mix: odds.Mix, null_runs: float, powers: dict[float, float]) -> None:
    eight_looks = replace(preset("default"), max_runs=8)  # as the table was made
    played = {o.effect: o for o in odds.curve(200, mix, eight_looks, gauss(), (0.0, *powers))}
    assert played[0.0].runs == pytest.approx(null_runs, abs=0.15)
    assert played[0.0].kept <= 0.01
    for effect, power in powers.items():
        assert played[effect].kept == pytest.approx(power, abs=0.09), effect


def test_a_bolder_preset_sees_smaller_effects() -> None:
    seen = {
        name: odds.seen_at(0.5, odds.curve(100, odds.TYPICAL_MIX, preset(name), gauss(), (0.0, 0.5, 1.0, 2.0, 4.0)))
        for name in ("explore", "default", "strict")
    }
    assert seen["explore"] < seen["default"] < seen["strict"]  # type: ignore[operator]


def test_the_effect_seen_is_read_between_the_points() -> None:
    curve = [odds.Odds(e, kept, 1.0) for e, kept in ((-1.0, 0.0), (0.0, 0.0), (1.0, 0.4), (2.0, 0.6))]
    assert odds.seen_at(0.5, curve) == pytest.approx(1.5)
    assert odds.seen_at(0.8, curve) is None


def test_a_spread_of_differences_gives_the_correlation() -> None:
    assert odds.correlation(0.2, 1.0) == pytest.approx(0.98)
    assert odds.correlation(3.0, 1.0) == 0.0


def test_a_plan_without_history_assumes_and_says_so(night: Night) -> None:
    made = forecast.plan(night.lab, 10, night.now())
    assert all(not made.figures[name].measured for name in ("run_seconds", "busy", "runs_a_verdict", "sigma"))
    # 2 devices, 95 % busy, a quarter of a timeout of one minute a run
    assert made.runs == pytest.approx(2 * 0.95 * 10 * 3600 / 15)
    assert made.figures["runs_a_verdict"].value == pytest.approx(1.77, abs=0.01)
    assert made.verdicts == pytest.approx(made.runs / made.figures["runs_a_verdict"].number)
    assert [e.power for e in made.effects] == [0.5, 0.8]
    assert made.effects[0].sigmas == pytest.approx(1.05, abs=0.01) and made.effects[1].sigmas == pytest.approx(2.2, abs=0.1)
    assert made.effects[0].gain is None, "no public log knows this task's sigma"
    assert made.device_hours == pytest.approx(19.0)
    juniors = {a.agent: a for a in made.agents}
    assert juniors["ann"].tokens == pytest.approx(history.JUNIOR_TOKENS * made.verdicts / 4)
    assert juniors["dee"].tokens == 0 and juniors["dee"].dollars == 0.0
    assert set(made.unknown_cost) == {"chief", "ann", "bob", "cyd"}


def test_the_same_lab_gets_the_same_plan(night: Night) -> None:
    one, two = (forecast.plan(night.lab, 10, night.now()) for _ in range(2))
    assert replace(one, free_gb=0.0) == replace(two, free_gb=0.0)


def test_with_history_the_labs_own_numbers_count(night: Night) -> None:
    made = [night.change("ann", 0.05 * i, lr=0.3 + 0.1 * i) for i in range(2)]
    night.until(night.settled(*(m.id for m in made)))
    for i in range(4):
        more = [night.change(name, 0.0, lr=0.31 + 0.02 * i, decay=0.01 * k + 0.001 * i) for k, name in enumerate(("ann", "bob"))]
        night.until(night.settled(*(m.id for m in more)))
    night.configure(prices={"big-1": Price(input=10.0, output=10.0)})
    for _ in range(10):
        night.calls("ann", 100_000)
    told = forecast.plan(night.lab, 10, night.now()).figures
    assert told["run_seconds"].value == 36.0 and told["run_seconds"].measured
    assert told["runs_a_verdict"].measured and "10 verdicts" in told["runs_a_verdict"].source
    assert told["sigma"].measured
    ann = history.tokens_a_verdict(night.lab, "ann")
    assert ann.measured and ann.value == pytest.approx(1_000_000 / 10), (
        "ann and bob share a backend: their tokens, their verdicts"
    )
    assert history.dollars_a_token(night.lab, "ann").value == pytest.approx(1e-5)
    assert history.dollars_a_token(night.lab, "cyd").value is None


def test_the_first_limit_and_its_hour_are_named(night: Night) -> None:
    night.limits(device_hours=3.8)
    made = forecast.plan(night.lab, 10, night.now())
    assert made.first_limit is not None and made.first_limit.what == "limits.device_hours"
    assert made.first_limit.hours == pytest.approx(2.0) == made.working_hours
    assert made.runs == pytest.approx(2 * 0.95 * 2 * 3600 / 15), "what comes after the limit is not promised"
    night.limits(device_hours=None)
    night.own_limits("ann", tokens=3_000_000)
    made = forecast.plan(night.lab, 10, night.now())
    assert made.first_limit is not None and made.first_limit.what == "limits.tokens of ann"
    assert made.working_hours == 10, "devices go on without ann"
    assert forecast.plan(night.lab, made.first_limit.hours / 2, night.now()).first_limit is None


def test_dollars_come_from_prices_and_devices(night: Night) -> None:
    night.configure(prices={"big-1": Price(input=10.0, output=10.0)}, device_dollars_per_hour=2.0)
    made = forecast.plan(night.lab, 10, night.now())
    people = {a.agent: a for a in made.agents}
    assert people["ann"].dollars == pytest.approx(people["ann"].tokens * 1e-5)
    assert made.unknown_cost == ("cyd",)
    assert made.dollars == pytest.approx(sum(a.dollars or 0 for a in made.agents) + 19.0 * 2)


def test_a_kept_plan_is_compared_with_what_came(night: Night) -> None:
    forecast.save(night.lab, forecast.plan(night.lab, 10, night.now()), "human", night.now())
    start = night.now()
    made = night.change("ann", 0.1, lr=0.3)
    night.until(night.settled(made.id))
    night.calls("ann", 5000)
    night.later(hours=5)
    told = forecast.compare(night.lab, None, night.now())
    assert told is not None and told.planned_at == start.replace(microsecond=start.microsecond // 1000 * 1000)
    rows = {name: (plan, fact) for name, plan, fact in told.rows}
    plan = EVENTS.select(night.lab.ledger.reader, "WHERE kind = ?", forecast.PLANNED)[0].detail["plan"]
    assert rows["verdicts"] == (pytest.approx(plan["verdicts"] / 2, rel=1e-3), 1)
    assert rows["merges"][1] == 1 and rows["tokens"][1] == 5000 and rows["device_hours"][1] > 0
    night.later(hours=40)
    night.calls("ann", 7000)
    night.until(night.settled(night.change("bob", 0.1, lr=0.4).id))
    later = forecast.compare(night.lab, None, night.now())
    assert later is not None
    facts = {name: fact for name, _, fact in later.rows}
    assert (facts["tokens"], facts["verdicts"], facts["runs"]) == (5000, 1, rows["runs"][1]), "only the hours that were planned"
    assert forecast.compare(night.lab, night.now() - timedelta(hours=1), night.now()) is None


def test_the_standup_shows_forecast_and_fact(night: Night) -> None:
    forecast.save(night.lab, forecast.plan(night.lab, 10, night.now()), "human", night.now())
    night.calls("ann", 5000)
    night.later(hours=1)
    standup.ask(night.lab, night.now())
    night.later(minutes=2)
    standup.step(night.lab, night.now())
    page = Path(STANDUPS.select(night.lab.ledger.reader)[0].path).read_text()
    assert "## Forecast and fact" in page and "| verdicts |" in page and "forecast for 1.0 of 10 h" in page
    assert "Spent since the lab began: 5 k tokens, cost unknown." in page


def test_the_verb_prints_numbers_with_their_sources_and_keeps_the_plan(night: Night) -> None:
    config = str(night.lab.layout.root / "config.yaml")
    done = CliRunner().invoke(org, ["--config", config, "plan", "--hours", "10"])
    assert done.exit_code == 0, done.output
    for words in ("10 h on 2 ×", "assumed: a quarter of task.timeout_min", "seen at 50%", "cost unknown", "Kept:"):
        assert words in done.output, words
    assert EVENTS.count(night.lab.ledger.reader, "WHERE kind = ?", forecast.PLANNED) == 1
    told = json.loads(CliRunner().invoke(org, ["--config", config, "plan", "--hours", "2", "--json"]).output)
    assert told["hours"] == 2 and told["figures"]["run_seconds"]["measured"] is False


def test_before_the_first_start_it_plans_from_the_config_alone_and_leaves_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository", "fit")
    done = CliRunner().invoke(org, ["--config", str(root / "config.yaml"), "plan"])
    assert done.exit_code == 0, done.output
    assert "Not kept: the lab was not started yet" in done.output
    assert not (root / "comms").exists()
