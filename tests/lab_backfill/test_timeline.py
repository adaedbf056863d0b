"""The timeline in the ledger: one row a cause, no hole, no overlap, whatever is killed in between."""

from dataclasses import replace
from datetime import timedelta

import pytest
from watched import DEVICES, JUNIORS, Watched

from org.lab.devices import page as timeline_page
from org.lab.devices.reading import DeviceTime, of_all, read
from org.model.agent import State
from org.model.idle import Cause

HOUR = 3600.0


def holes(time: DeviceTime) -> list[tuple[str, float]]:
    """Where two stretches of a device do not meet, with the seconds: positive a hole, negative an overlap."""
    pairs = zip(time.stretches, time.stretches[1:], strict=False)
    gaps = [(f"{a.purpose or a.cause} → {b.purpose or b.cause}", (b.begin - a.end).total_seconds()) for a, b in pairs]
    return [gap for gap in gaps if abs(gap[1]) > 0.01]


def test_a_cause_is_one_row_however_often_it_is_looked_at(watched: Watched) -> None:
    for _ in range(20):
        watched.look(seconds=0.5)
    assert len(watched.rows()) == 1 and watched.rows()[0].until is None
    watched.ask("pause")
    assert watched.look(seconds=0.5) == list(DEVICES)
    first, second = watched.rows()
    assert first.until == second.since and watched.look(seconds=0.5) == []


def test_a_changed_detail_is_no_new_row_but_another_holder_is(watched: Watched) -> None:
    watched.look()
    watched.becomes("dee", State.STOPPED)
    watched.look(seconds=1)
    assert watched.causes() == ["nothing proposed"]
    for stranger in ("process 1, 9 MiB", "process 2, 9 MiB"):
        watched.strangers = {"cpu:0": stranger}
        watched.look(seconds=1)
    assert watched.causes() == ["nothing proposed", "somebody else's", "somebody else's"]


def test_while_a_run_has_the_device_there_is_no_row(watched: Watched) -> None:
    watched.look()
    run = watched.run_on("cpu:0")
    started = watched.now()
    watched.look(seconds=0.5)
    assert watched.rows()[-1].until is not None and abs(watched.rows()[-1].until - started) < timedelta(milliseconds=2)
    watched.look(minutes=30)
    watched.ended(run, 1800.0)
    watched.look()
    watched.look(minutes=30)
    time = watched.time()
    assert [(s.purpose or s.cause.value) for s in time.stretches if s.cause or s.purpose] == ["race", "nothing proposed"]
    assert time.busy_share == pytest.approx(0.5, abs=0.01) and holes(time) == []
    assert time.stretches[0].subject == run.id


def test_a_gang_is_on_each_of_its_devices(watched: Watched) -> None:
    watched.look()
    watched.run_on("cpu:0-1", watched.queue(gang=2))
    watched.look(minutes=1)
    assert [watched.time(device).busy_share for device in DEVICES] == [1.0, 1.0]


def test_a_killed_supervisor_was_down_from_its_last_tick_to_the_next_start(watched: Watched) -> None:
    watched.look()
    watched.look(minutes=10)
    watched.return_(minutes=20)
    assert watched.causes() == ["nothing proposed", "supervisor down", "nothing proposed"]
    assert watched.time().idle_seconds == {Cause.DOWN: pytest.approx(1200, abs=1), Cause.NOTHING: pytest.approx(600, abs=1)}


def test_a_slow_tick_is_no_absence(watched: Watched) -> None:
    watched.look()
    watched.return_(seconds=15)
    assert watched.causes() == ["nothing proposed"]


def test_a_run_that_goes_on_without_the_supervisor_keeps_its_device_busy(watched: Watched) -> None:
    watched.look()
    watched.run_on("cpu:0")
    watched.look(seconds=0.5)
    watched.return_(minutes=20)
    assert watched.time().busy_share == pytest.approx(1.0, abs=0.01) and watched.causes() == ["nothing proposed"]


def test_a_run_that_ended_without_the_supervisor_was_busy_to_its_own_end(watched: Watched) -> None:
    watched.look()
    run = watched.run_on("cpu:0")
    watched.look(seconds=0.5)
    watched.later(minutes=60)
    watched.ended(run, 1200.0)
    watched.return_()
    time = watched.time()
    assert time.busy_seconds == pytest.approx(1200, abs=1) and time.idle_seconds[Cause.DOWN] == pytest.approx(2400, abs=1)
    assert holes(time) == []


def test_after_a_stop_nobody_wanted_the_devices(watched: Watched) -> None:
    watched.look()
    watched.look(minutes=10)
    watched.ask("stop")
    watched.look(seconds=0.5)
    watched.later(hours=10)
    with watched.lab.ledger.transaction() as tx:
        tx.execute("DELETE FROM meta WHERE key = 'stopping'")
    watched.return_()
    assert watched.causes() == ["nothing proposed", "stopping", "stopped", "nothing proposed"]
    assert Cause.STOPPED not in watched.time().idle_seconds and sum(watched.time().idle_seconds.values()) < 700


def test_a_kill_between_the_row_of_a_run_and_the_timeline_hides_nothing(watched: Watched) -> None:
    watched.look()
    watched.later(minutes=5)
    watched.ticked_at = watched.now()
    watched.run_on("cpu:0")  # and the supervisor is killed before it looks at the timeline
    started = watched.now()
    watched.return_(minutes=30)
    assert watched.rows()[0].until is not None and abs(watched.rows()[0].until - started) < timedelta(milliseconds=2)
    assert holes(watched.time()) == [] and len(watched.rows()) == 1


def test_a_supervisor_killed_again_and_again_before_it_notes_its_tick_makes_no_overlap(watched: Watched) -> None:
    watched.look()
    ticked = watched.ticked_at
    for _ in range(3):
        watched.ticked_at = ticked  # the timeline was written, the tick was not
        watched.return_(minutes=5)
    assert holes(watched.time()) == []
    assert watched.time().idle_seconds[Cause.DOWN] == pytest.approx(900, abs=2)


def test_a_device_that_left_the_lab_is_closed(watched: Watched) -> None:
    watched.look()
    watched.office.lab = watched.lab = replace(watched.lab, devices=watched.lab.devices[:1])
    watched.look(minutes=1)
    assert watched.rows("cpu:1")[-1].until is not None and watched.rows("cpu:0")[-1].until is None


def test_what_nobody_has_followed_since_is_not_believed(watched: Watched) -> None:
    """`org devices` while the office is empty: the open interval ends with the last tick."""
    watched.look()
    watched.look(minutes=10)
    watched.later(hours=1)
    time = watched.time()
    assert [s.cause for s in time.stretches] == [Cause.NOTHING, Cause.DOWN]
    assert time.stretches[0].seconds == pytest.approx(600, abs=1)


def test_a_night_with_rate_limits_and_a_kill_has_no_hole(watched: Watched) -> None:
    """Ten hours by the minute: agents leave and come back, the supervisor is killed once, devices run what is offered."""
    watched.becomes("dee", State.STOPPED)
    watched.look()
    for minute in range(600):
        if minute in (60, 300):
            watched.limited("ann", "bob", "cyd", minutes=120)
        if minute in (180, 420):
            for name in JUNIORS[:3]:
                watched.becomes(name, State.WORKING)
        if minute == 200:
            watched.return_(minutes=45)
        if not minute % 7:
            started = watched.fill()
            watched.look()
            watched.look(minutes=3)
            for run in started:
                watched.ended(run, 180.0)
            watched.look()
        watched.look(minutes=1)
    times = read(watched.lab.ledger.reader, DEVICES, watched.began, watched.now())
    for time in times:
        assert holes(time) == [], time.device
        known = time.busy_seconds + sum(time.idle_seconds.values())
        assert known == pytest.approx((watched.now() - watched.began).total_seconds(), abs=2)
        assert time.idle_seconds[Cause.DOWN] == pytest.approx(45 * 60, abs=240)
        assert time.idle_seconds[Cause.RATE_LIMIT] > HOUR
    rows = len(watched.rows("cpu:0")) + len(watched.rows("cpu:1"))
    assert rows < 400, "a row for a change, not for a tick"


def test_the_chart_shows_each_stretch_by_its_letter(watched: Watched) -> None:
    watched.look()
    run = watched.run_on("cpu:0")
    watched.look(seconds=0.5)
    watched.look(minutes=30)
    watched.ended(run, 1800.0)
    watched.ask("pause", reason="lunch")
    watched.look()
    watched.look(minutes=30)
    times = read(watched.lab.ledger.reader, DEVICES, watched.began, watched.now())
    text = timeline_page.chart(times, watched.began, watched.now(), columns=20)
    first, second, *_, legend = text.splitlines()
    assert first == "cpu:0  " + "R" * 10 + "p" * 10
    assert second == "cpu:1  " + "·" * 10 + "p" * 10
    assert "R race" in legend and "p paused" in legend and "a column is 3:00 min" in legend


def test_the_standup_tells_idle_hours_by_cause_and_their_cost(watched: Watched) -> None:
    watched.configure(device_dollars_per_hour=2.0)
    watched.look()
    watched.look(minutes=90)
    watched.ask("pause")
    watched.look()
    watched.look(minutes=30)
    text = timeline_page.section(watched.lab, watched.began, watched.now())
    assert "0% busy, 0.00 device-hours of use, 4.0 idle" in text
    assert "| nothing proposed | 3.0 | 75% | $6.00 |" in text and "| paused | 1.0 | 25% | $2.00 |" in text
    assert timeline_page.section(watched.lab, watched.now(), watched.now()) == ""


def test_all_devices_together_are_their_sum(watched: Watched) -> None:
    watched.look()
    watched.run_on("cpu:0")
    watched.look(seconds=0.5)
    watched.look(minutes=60)
    all_ = of_all(read(watched.lab.ledger.reader, DEVICES, watched.began, watched.now()))
    assert all_.busy_share == pytest.approx(0.5, abs=0.01)
    assert timeline_page.hours_by_cause(all_) == "1.0 h: nothing proposed 1.0"
