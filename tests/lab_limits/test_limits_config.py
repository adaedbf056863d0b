"""The keys of limits and prices: what they may say, and how a wrong one is told."""

from pathlib import Path

import pytest

from org import config
from org.model.errors import ConfigError

GOOD = (Path(__file__).parents[2] / "tests/tasks/fit/config.yaml").read_text()
LIMITS = "limits: {min_free_gb: 0}"
MORE = """limits: {min_free_gb: 0, device_hours: 12, tokens: 2e8, dollars: 250, when_parked: offline}
device_dollars_per_hour: 2.5
prices:
  big-1: {input: 3, output: 15, cache_read: 0.3, cache_write: 3.75}
  meta/small:1: {input: 0.1, output: 0.2}
"""


def load(folder: Path, text: str) -> config.Config:
    path = folder / "config.yaml"
    path.write_text(text)
    return config.load(path)


def test_limits_and_prices_are_read(tmp_path: Path) -> None:
    entry = "backend: offline, count: 2, limits: {tokens: 1e6, dollars: 20, device_hours: 3}"
    read = load(tmp_path, GOOD.replace(LIMITS, MORE).replace("backend: offline, count: 2", entry))
    assert (read.limits.tokens, read.limits.dollars, read.limits.when_parked) == (200_000_000, 250.0, "offline")
    assert read.agents[0].limits.tokens == 1_000_000
    assert read.prices["big-1"].cache_write == 3.75 and read.prices["meta/small:1"].cache_read is None
    assert config.Config.model_validate_json(read.model_dump_json()) == read


def test_without_them_nothing_is_limited(tmp_path: Path) -> None:
    read = load(tmp_path, GOOD)
    assert read.limits.tokens is None and read.agents[0].limits.dollars is None and read.prices == {}
    assert read.limits.when_parked == "backfill"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("input: 3,", "inptu: 3,", "prices.big-1.inptu: unknown key; did you mean `input`?"),
        ("cache_read: 0.3", "cache_reed: 0.3", "prices.big-1.cache_reed: unknown key; did you mean `cache_read`?"),
        ("input: 0.1, ", "", "prices.meta/small:1.input: this key is required"),
        ("tokens: 2e8", "token: 2e8", "limits.token: unknown key; did you mean `tokens`?"),
        ("when_parked: offline", "when_parked: idle", 'limits.when_parked: "idle": write backfill, sweep or offline'),
    ],
)
def test_a_wrong_key_is_told_with_the_way_out(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = GOOD.replace(LIMITS, MORE)
    assert old in text
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text.replace(old, new))
    assert told in str(error.value)
