"""Steps that are counted while they are made: when, how many, and without a trace in what is trained."""

import pytest
import torch

from trainer import model
from trainer import recipe as recipes
from trainer.measure import seeds, spots
from trainer.step import TrainStep


def counted(moments: list[float], progress: list[float], *, compiles: bool = False) -> dict[int, int]:
    """The steps that were counted, of those at these shares of the budget; each is one product of 2 x 2 matrices."""
    watching = spots.Spots(moments, lambda: compiles)
    for step, spent in enumerate(progress):
        with watching.watch(step, spent):
            torch.ones(2, 2) @ torch.ones(2, 2)
    return watching.counted


def test_the_first_step_after_each_moment_is_counted() -> None:
    found = counted([0.95, 0.3, 0.31, 0.7], [0, 0.25, 0.5, 0.75])
    assert found == {2: 16, 3: 16}, "two moments in one step are one count, and after the last comes no step"


def test_what_may_be_compiled_is_not_counted_while_it_trains() -> None:
    assert counted([0.1], [0, 0.5], compiles=True) == {}


def test_every_part_of_a_budget_has_a_moment_and_no_two_draws_are_alike() -> None:
    one, other = spots.moments(), spots.moments()
    assert [int(moment * spots.PARTS) for moment in one] == list(range(spots.PARTS))
    assert one != other


def test_a_step_costs_what_all_ranks_computed_in_it() -> None:
    assert spots.dearest([{3: 10, 8: 20}, {3: 5, 8: 1}]) == (8, 21)
    assert spots.dearest([{}, {}]) == (0, 0)


@pytest.mark.parametrize("changes", [{}, {"micro_batch_tokens": 64}])
def test_counting_moves_no_bit(changes: dict[str, int]) -> None:
    def trained(moments: list[float]) -> dict[str, torch.Tensor]:
        recipe = recipes.Recipe(**recipes.load().values() | {"aspect": 64, "sequence_length": 64} | changes)
        built = model.build(recipe, depth=1, vocab=300, dtype=torch.float32)
        built.initialize(lambda name: seeds.parameter(1, name))
        watching, step = spots.Spots(moments, lambda: False), TrainStep(built, recipe)
        tokens = torch.randint(0, 300, (4, 65), generator=torch.Generator().manual_seed(1))
        for number in range(3):
            with watching.watch(number, number / 3):
                step(tokens[:, :-1], tokens[:, 1:], number / 3)
        assert len(watching.counted) == len(moments)
        return {name: value.clone() for name, value in built.state_dict().items()}

    plain, watched = trained([]), trained([0.1, 0.5])
    assert all(torch.equal(value, watched[name]) for name, value in plain.items())
