"""Budgets parse, refuse, and become steps."""

import pytest

from trainer.measure import budget
from trainer.measure.errors import UsageError


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("400step", 400, "step"),
        ("5e7tok", 5e7, "tok"),
        ("2e15flop", 2e15, "flop"),
        ("300s", 300, "s"),
        ("1.5e3step", 1500, "step"),
    ],
)
def test_each_form_of_a_budget_is_read(text: str, amount: float, unit: str) -> None:
    read = budget.parse(text)
    assert (read.amount, read.unit) == (amount, unit)


@pytest.mark.parametrize("text", ["", "400", "step", "-5step", "0s", "5 minutes", "1e999x", "3h", "nanstep", "1e999step"])
def test_anything_else_is_refused_and_all_four_forms_are_named(text: str) -> None:
    with pytest.raises(UsageError, match="400step, 5e7tok, 2e15flop, 300s"):
        budget.parse(text)


def test_flops_and_tokens_become_whole_steps_and_at_least_one() -> None:
    costs = {"tokens_per_step": 1000, "flops_per_step": 300}
    assert budget.steps_of(budget.parse("1000flop"), **costs) == 3
    assert budget.steps_of(budget.parse("2999tok"), **costs) == 2
    assert budget.steps_of(budget.parse("1flop"), **costs) == 1
    assert budget.steps_of(budget.parse("10s"), **costs) is None


def test_a_step_budget_ends_after_its_steps_with_progress_below_one() -> None:
    meter, seen = budget.Meter(budget.parse("4step"), 4), []
    while meter.left:
        seen.append(meter.progress)
        meter.finished()
    assert seen == [0, 0.25, 0.5, 0.75]


def test_a_time_budget_holds_every_step_and_no_pause() -> None:
    clock = [100.0]
    meter = budget.Meter(budget.parse("5s"), None, now=lambda: clock[0])
    clock[0] += 1000  # compiling
    meter.start()
    while meter.left:
        clock[0] += 1
        meter.finished()
        clock[0] += 500  # saving
        meter.start()
    assert (meter.steps, meter.train_seconds) == (5, 5)
