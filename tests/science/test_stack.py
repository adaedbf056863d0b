"""Stacks of accepted changes: what they deliver together, and which one to leave out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import stack
from org.science.protocol import Protocol
from org.science.stack import Member, Next

P = Protocol()
SPREAD = 5e-4
BASE = [1.0] * 8


def members(*gains: float, pool: str = "head", runs: int = 4) -> list[Member]:
    return [Member(f"E{i + 1}", gain, runs, pool, 8) for i, gain in enumerate(gains)]


def decide(found, stacked, without=None, dropped=0, needed=()):
    return stack.decide(
        found, BASE, "head", stacked, without or {}, spread=SPREAD, dropped=dropped, needed=needed, protocol=P
    )  # fmt: skip


def test_a_stack_is_measured_with_four_runs_first():
    got = decide(members(0.002, 0.002), [0.996, 0.996])
    assert (got.next, got.add_runs, got.reason) == (Next.MEASURE, 2, "the stack has 2 of 4 runs")


def test_a_stack_that_delivers_its_sum_is_accepted_with_its_own_gain():
    got = decide(members(0.002, 0.002), [0.9962] * 4)
    assert got.next is Next.ACCEPT
    assert (got.gain, got.expected) == pytest.approx((0.0038, 0.004))
    assert 0 < got.shrunk_gain < got.gain and got.p_not_positive < 0.01


def test_a_shortfall_is_weighed_with_the_pool_counted_once():
    # Both members and the stack share one pool: (2 - 1)²/8 + 1/4 + 1/4 + 1/4 in sigma².
    got = decide(members(0.002, 0.002), [0.9975] * 4)
    assert got.shortfall_z == pytest.approx(0.0015 / (SPREAD * (1 / 8 + 3 / 4) ** 0.5))
    assert (got.next, got.add_runs) == (Next.LEAVE_ONE_OUT, 2)


def test_members_of_other_pools_bring_their_pools_errors():
    elsewhere = [Member("E1", 0.002, 4, "old", 8), Member("E2", 0.002, 4, "older", 4)]
    got = decide(elsewhere, [0.9975] * 4)
    assert got.shortfall_z == pytest.approx(0.0015 / (SPREAD * (3 / 4 + 1 / 8 + 1 / 8 + 1 / 4) ** 0.5))


def test_the_change_without_which_the_stack_is_better_is_dropped():
    without = {"E1": [0.9985] * 2, "E2": [0.9970] * 2}
    got = decide(members(0.002, 0.002), [0.9975] * 4, without)
    assert (got.next, got.drop) == (Next.DROP, "E2")
    assert [name for name, _ in got.contributions] == ["E2", "E1"]
    assert got.contributions[0][1] == pytest.approx(-0.0005 / (SPREAD * 0.75**0.5))


def test_a_stack_whose_changes_all_help_is_kept_though_gains_do_not_add():
    got = decide(members(0.002, 0.002), [0.9975] * 4, {"E1": [0.998] * 2, "E2": [0.998] * 2})
    assert (got.next, got.drop) == (Next.ACCEPT, None) and "every change helps" in got.reason


def test_reduced_stacks_are_completed_before_anything_is_dropped():
    assert decide(members(0.002, 0.002), [0.9975] * 4, {"E1": [0.9985]}).add_runs == 2
    assert decide(members(0.002, 0.002), [0.9975] * 4, {"E1": [0.9985], "E2": [0.997] * 2}).add_runs == 1


def test_a_change_without_which_the_stack_does_not_run_is_never_dropped():
    got = decide(members(0.002, 0.002), [0.9975] * 4, {"E2": [0.9970]}, needed={"E1"})
    assert (got.next, got.add_runs) == (Next.LEAVE_ONE_OUT, 1)
    got = decide(members(0.002, 0.002), [0.9975] * 4, {"E1": [0.9], "E2": [0.9970] * 2}, needed={"E1"})
    assert (got.next, got.drop) == (Next.DROP, "E2") and [name for name, _ in got.contributions] == ["E2"]
    got = decide(members(0.002, 0.002), [0.9975] * 4, needed={"E1", "E2"})
    assert (got.next, got.contributions) == (Next.ACCEPT, ()) and "does not run without any of its changes" in got.reason


def test_after_three_rounds_nothing_more_is_dropped():
    assert decide(members(0.002, 0.002), [0.9975] * 4, dropped=2).next is Next.LEAVE_ONE_OUT
    assert decide(members(0.002, 0.002), [0.9975] * 4, dropped=3).next is Next.ACCEPT


def test_more_than_four_changes_go_through_the_serial_queue():
    assert decide(members(*[0.001] * 5), []).next is Next.SERIAL


@given(st.lists(st.floats(1e-4, 5e-3), min_size=2, max_size=4), st.floats(0, 0.01))
def test_a_stack_that_reaches_its_sum_is_never_taken_apart(gains, over):
    got = decide(members(*gains), [1.0 - sum(gains) - over] * 4)
    assert got.next is Next.ACCEPT
