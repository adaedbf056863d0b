"""task.ladder and the keys of promotion: what may stand there, and how it is refused."""

from pathlib import Path

import pytest
from laboratory import TASKS

from org import config
from org.model.errors import ConfigError

GOOD = (TASKS / "fit" / "config.yaml").read_text()
ONE = "ladder: [{run_budget: 100step}]"


def load(folder: Path, ladder: str, *edits: tuple[str, str], add: str = "") -> config.Config:
    text = GOOD.replace(ONE, f"ladder: {ladder}")
    for old, new in edits:
        text = text.replace(old, new)
    (folder / "config.yaml").write_text(text + add)
    return config.load(folder / "config.yaml")


def test_a_ladder_of_three_rungs_with_all_its_keys(tmp_path: Path) -> None:
    three = (
        "[{depth: 2, run_budget: 100step}, {depth: 3, run_budget: 300step, pool: 4, runs: 2}, "
        "{depth: 4, run_budget: 900step, devices: 2, timeout_min: 30}]"
    )
    found = load(tmp_path, three)
    assert [(r.depth, r.devices, r.pool, r.runs, r.timeout_min) for r in found.task.ladder] == [
        (2, 1, 8, None, None), (3, 1, 4, 2, None), (4, 2, 8, None, 30.0),
    ]  # fmt: skip
    assert (found.protocol.promote, found.protocol.promote_cost) == ("auto", 4.0)


def test_a_rung_like_the_one_before_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"task\.ladder\[1\]: the same depth and run_budget as the rung before it"):
        load(tmp_path, "[{run_budget: 100step}, {run_budget: 100step}]")


def test_a_gang_needs_a_command_that_starts_several_processes(tmp_path: Path) -> None:
    ladder, plain = "[{run_budget: 100step}, {run_budget: 900step, devices: 2}]", ('command: "{python} -m fit', 'command: "train')
    with pytest.raises(ConfigError, match=r"task\.ladder\[1\]\.devices: 2: nothing in task\.command starts several processes"):
        load(tmp_path, ladder, plain)
    own = ('command: "{python} -m fit', 'command: "torchrun --nproc_per_node={gang} train')
    assert load(tmp_path, ladder, own).task.ladder[1].devices == 2


@pytest.mark.parametrize(
    ("protocol", "told"),
    [
        ("promote: always", "protocol.promote: .*write auto, chief or human"),
        ("promote_cost: -1", "protocol.promote_cost: -1"),
        ("promote_costs: 1", "unknown key; did you mean `promote_cost`"),
    ],
)
def test_what_is_no_way_to_promote_is_refused(tmp_path: Path, protocol: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load(tmp_path, "[{run_budget: 100step}]", add=f"protocol: {{{protocol}}}\n")


def test_no_cost_may_be_asked_about(tmp_path: Path) -> None:
    assert load(tmp_path, "[{run_budget: 100step}]", add="protocol: {promote_cost: null}\n").protocol.promote_cost is None


def test_a_pool_of_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml:\d+: task\.ladder\[1\]\.pool: 2: .*write 3 to 8"):
        load(tmp_path, "[{run_budget: 100step, pool: 3}, {run_budget: 300step, pool: 2}]")
