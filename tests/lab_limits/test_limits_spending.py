"""Calls of models: each once, with its program and its price; an unknown price is never guessed."""

import pytest
from office_at_night import Night

from org.config import Price
from org.lab.spend import spending
from org.model.usage import Usage
from org.store.tables import USAGE

PRICES = {"big-1": Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75), "small-1": Price(input=1.0, output=2.0)}


def use(key: str, at: object, **counts: int) -> Usage:
    return Usage(key, "ann", at, "big-1", **counts)  # type: ignore[arg-type]


def record(night: Night, *usages: Usage) -> int:
    with night.lab.ledger.transaction() as tx:
        return spending.record(night.lab, tx, night.agent("ann"), usages, night.now())


def test_a_call_is_noted_once_with_program_and_dollars(night: Night) -> None:
    night.configure(prices=PRICES)
    one = use("m1", night.now(), input_tokens=1000, output_tokens=2000, cache_read_tokens=100_000, cache_write_tokens=4000)
    assert record(night, one) == 1
    assert record(night, one) == 0
    kept = USAGE.get(night.lab.ledger.reader, "m1")
    assert kept.program == "free"
    assert kept.dollars == pytest.approx((1000 * 3 + 2000 * 15 + 100_000 * 0.3 + 4000 * 3.75) / 1e6)
    assert spending.of(night.lab, night.lab.ledger.reader, "program", "free").tokens == 107_000


def test_a_call_that_is_told_again_with_more_tokens_grows_and_never_doubles(night: Night) -> None:
    night.configure(prices=PRICES)
    record(night, use("m1", night.now(), input_tokens=10, output_tokens=1))
    record(night, use("m1", night.now(), input_tokens=10, output_tokens=50))
    record(night, use("m1", night.now(), input_tokens=10, output_tokens=3))
    record(night, use("m1", night.now(), input_tokens=4, output_tokens=60))
    kept = USAGE.get(night.lab.ledger.reader, "m1")
    assert (kept.input_tokens, kept.output_tokens) == (10, 60)
    assert kept.dollars == pytest.approx((10 * 3 + 60 * 15) / 1e6)


def test_without_cache_prices_cached_tokens_cost_what_input_costs() -> None:
    one = Usage("k", "ann", None, "small-1", cache_read_tokens=10, cache_write_tokens=20)  # type: ignore[arg-type]
    assert spending.cost(one, PRICES["small-1"]) == pytest.approx(30e-6)


@pytest.mark.parametrize(
    ("model", "known"),
    [("big-1", True), ("big-1-20260101", True), ("big-1-2026-01-01", True), ("big-1-latest", True), ("big-1-mini", False)],
)
def test_a_dated_name_has_the_models_price_and_another_model_does_not(model: str, known: bool) -> None:
    assert (spending.price(PRICES, model) is not None) is known


def test_an_unknown_price_is_said_wherever_money_is_shown(night: Night) -> None:
    night.calls("ann", 2_000_000)
    spent = spending.of(night.lab, night.lab.ledger.reader, "lab")
    assert (spent.dollars, spent.unpriced) == (0.0, 2_000_000)
    assert spending.words(spent) == "2 M tokens, cost unknown"
    night.configure(prices={"small-1": PRICES["small-1"]})
    night.calls("cyd", 1_000_000, "small-1")
    mixed = spending.of(night.lab, night.lab.ledger.reader, "lab")
    assert spending.words(mixed) == "3 M tokens, $1.00 and an unknown cost for 2 M of them"


def test_a_price_that_comes_later_is_given_to_earlier_calls(night: Night) -> None:
    night.calls("ann", 1_000_000)
    night.configure(prices=PRICES)
    with night.lab.ledger.transaction() as tx:
        spending.reprice(night.lab, tx)
    assert spending.words(spending.of(night.lab, night.lab.ledger.reader, "agent", "ann")) == "1 M tokens, $3.00"
