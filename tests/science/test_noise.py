"""Where the noise comes from: balanced designs, and components that are found again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from org.model.errors import Refused
from org.science import noise
from org.science.noise import Cell
from org.science.protocol import Protocol

P = Protocol()


@pytest.mark.parametrize(("devices", "runs"), [(1, 9), (2, 16), (3, 9), (4, 16), (5, 25), (6, 18), (8, 32)])
def test_the_proposed_design_is_this_small(devices, runs):
    assert len(noise.design(devices, P)) == runs


@given(st.integers(1, 16))
def test_every_proposed_design_crosses_each_pair_equally_often(devices):
    cells = noise.design(devices, P)
    assert len(set(cells)) == len(cells) and {cell.device for cell in cells} == set(range(devices))
    noise.split(cells, [float(i % 7) for i in range(len(cells))], P)  # refuses what is not balanced


def measured(cells, rng, order=0.0, init=0.0, device=0.0, rest=0.0):
    a, b, c = rng.normal(0, order, 99), rng.normal(0, init, 99), rng.normal(0, device, 99)
    return [2 + a[x.data_order] + b[x.init] + c[x.device] + rng.normal(0, rest) for x in cells]


def test_components_are_found_again_on_average_and_by_their_intervals():
    rng, cells = np.random.default_rng(1), noise.design(8, P)
    truth = {"data order": 3.0, "init": 1.0, "device": 0.5, "rest": 1.0}
    splits = [noise.split(cells, measured(cells, rng, 3, 1, 0.5, 1), P) for _ in range(400)]
    for i, (name, sd) in enumerate(truth.items()):
        found = [s.components[i] for s in splits]
        assert {c.name for c in found} == {name}
        assert np.mean([c.sd**2 for c in found]) == pytest.approx(sd**2, rel=0.15)
        assert np.mean([c.low <= sd <= c.high for c in found]) >= 0.87
    assert np.mean([s.total**2 for s in splits]) == pytest.approx(11.25, rel=0.15)


def test_data_order_alone_is_named_as_the_noise():
    cells = noise.design(1, P)
    got = noise.split(cells, [float(cell.data_order) for cell in cells], P)
    assert [c.name for c in got.components] == ["data order", "init", "rest"]
    assert [round(c.share, 6) for c in got.components] == [1, 0, 0] and got.total == pytest.approx(1.0)
    assert got.components[0].df == 2


def test_a_device_that_repeats_nothing_is_the_rest():
    cells = noise.design(2, P)
    got = noise.split(cells, measured(cells, np.random.default_rng(2), rest=1.0), P)
    assert got.components[-1].name == "rest" and got.components[-1].share > 0.5


def test_an_unbalanced_design_is_refused():
    cells = [Cell(0, 0, 0), Cell(0, 1, 0), Cell(1, 0, 0), Cell(1, 1, 0), Cell(1, 1, 0)]
    with pytest.raises(Refused, match="not run equally often"):
        noise.split(cells, [1.0] * 5, P)
    with pytest.raises(Refused, match="data order and init were not crossed equally often"):
        noise.split([Cell(0, 0, 0), Cell(1, 1, 0)], [1.0, 2.0], P)


@settings(max_examples=40)
@given(st.lists(st.floats(-1, 1), min_size=16, max_size=16), st.floats(0.1, 10))
def test_shares_sum_to_one_and_do_not_depend_on_the_unit(values, unit):
    cells = noise.design(4, P)
    here, there = (noise.split(cells, [scale * v for v in values], P) for scale in (1.0, unit))
    if here.total > 1e-6:
        assert sum(c.share for c in here.components) == pytest.approx(1.0)
        assert there.total == pytest.approx(unit * here.total)
        assert all(c.low <= c.high for c in here.components)
