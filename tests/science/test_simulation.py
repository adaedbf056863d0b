"""The simulation at a hundredth of its size: it runs, repeats itself, and its page says what was found."""

import numpy as np
import pytest

from org.science import race
from org.science.protocol import Protocol
from simulate import lab, nulls, plot, power, progress, report, study, world

P = Protocol()


@pytest.fixture(scope="module")
def results():
    """Every case of a study, with one real campaign of its kind in place of its own hundreds."""
    once = {}
    for job in study.jobs():
        kind = getattr(job.call, "func", job.call)
        if kind not in once:
            once[kind] = job.call(np.random.default_rng(1))
    return {job.key: [once[getattr(job.call, "func", job.call)]] * 4 for job in study.jobs()}


def test_processes_do_not_change_a_result():
    few = [job for job in study.jobs(0.02) if job.key[0] == "power"][:3]
    here, there = (study.run(few, processes, 1, lambda line: None) for processes in (1, 2))
    assert here == there and [len(done) for done in here.values()] == [20, 20, 20]


def test_every_section_has_its_numbers(results):
    page = report.page(results, 0.002, 1)
    for title in (
        "Bounds",
        "Null campaigns",
        "Power",
        "True progress",
        "Screens",
        "Drift",
        "Certificates",
        "Gains that are kept",
    ):
        assert f"## {title}" in page
    assert len(report.bounds(results)) == sum(f"s: {line}" in page for line, _ in report.bounds(results)) + page.count(
        "**fails**"
    )


def test_the_picture_is_small_and_whole(results):
    svg = plot.picture(results)
    assert svg.startswith("<svg") and svg.endswith("</svg>\n") and len(svg) < 80_000


def test_one_seed_gives_one_result():
    here, there = (nulls.campaign(np.random.default_rng(3), world.MIXED, nulls.RENEWED, P, 60) for _ in range(2))
    assert here == there


def test_a_race_is_decided_by_the_lab_s_own_function(monkeypatch):
    asked = []
    real = race.decide
    monkeypatch.setattr(race, "decide", lambda *a, **k: asked.append(1) or real(*a, **k))
    ended = power.race(np.random.default_rng(1), 3.0, world.SEPARATE, P)
    assert len(asked) == ended.runs


def test_a_merge_moves_the_level_and_keeps_what_was_run():
    head = lab.Head(np.random.default_rng(1), P)
    head.renew()
    before = head.level
    assert head.move(2.0, [0.1, 0.2, 0.3], 0.98) == 5
    assert head.level == before - 2.0 and head.noise[:3] == [0.1, 0.2, 0.3] and len(head.noise) == 8
    assert head.move(0.0, [0.0] * 10, 0.98) == 3


def test_the_race_keeps_what_is_true_where_the_naive_rule_does_not():
    raced = [progress.race(np.random.default_rng([2, i]), world.MIXED, P) for i in range(3)]
    naive = [progress.naive(np.random.default_rng([1, i])) for i in range(3)]
    assert sum(p.false_keeps for p in raced) <= 1 < sum(p.false_keeps for p in naive) / 20
    assert sum(p.gain for p in raced) > 0.4 * sum(p.gain for p in naive)


def test_a_bound_that_breaks_is_named(results):
    broken = dict(results)
    key = ("null", "0", nulls.SAME_SEEDS.name)
    broken[key] = [nulls.Null(5, 3000, 0)] * 400
    lines = [line for line, fine in report.bounds(broken) if not fine]
    assert any(line.startswith("P(any keep), correlation 0, eight seeds throughout, runs repeat") for line in lines)
    assert any("runs a null try" in line and "4.29" in line for line in lines)
