"""Steps that are counted while they are made: when, how many, and without a trace in what is trained; and those that are made
again for a count."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensor

from trainer import backends, model
from trainer import recipe as recipes
from trainer.measure import concluding, flops, seeds, spots
from trainer.step import TrainStep

TOKENS = torch.randint(0, 300, (4, 65), generator=torch.Generator().manual_seed(1))
BATCH = TOKENS[:, :-1], TOKENS[:, 1:]


def built(changes: dict[str, int]) -> model.GPT:
    recipe = recipes.Recipe(**recipes.load().values() | {"aspect": 64, "sequence_length": 64} | changes)
    found = model.build(recipe, depth=1, vocab=300, dtype=torch.float32)
    found.initialize(lambda name: seeds.parameter(1, name))
    return found


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
        one = built(changes)
        watching, step = spots.Spots(moments, lambda: False), TrainStep(one, one.recipe)
        for number in range(3):
            with watching.watch(number, number / 3):
                step(*BATCH, number / 3)
        assert len(watching.counted) == len(moments)
        return {name: value.clone() for name, value in one.state_dict().items()}

    plain, watched = trained([]), trained([0.1, 0.5])
    assert all(torch.equal(value, watched[name]) for name, value in plain.items())


@pytest.mark.parametrize("window", [-1, 16])
def test_attention_that_runs_on_a_cpu_is_counted_there(window: int) -> None:
    """Else a step on its way had slack as large as its attention."""

    def step() -> None:
        q, k, v = torch.ones(3, 2, 128, 2, 64, requires_grad=True).unbind(0)
        backends.sdpa(q, k, v, window).sum().backward()

    with flops.Counter() as counter:
        step()
    assert counter.total == flops.of_step(step) == 6 * 2 * 128 * 128 * 2 * 2 * 64


class Counted:
    """A run of so many ranks that are alike, whose step notes whether it was made on shapes."""

    def __init__(self, ranks: int = 1, *, reads: bool = False) -> None:
        self.model = built({})
        self.real = TrainStep(self.model, self.model.recipe)
        self.ranks = SimpleNamespace(size=ranks, everyones=lambda value: [value] * ranks)
        self.reads, self.on_shapes = reads, list[bool]()

    def step(self, inputs: torch.Tensor, targets: torch.Tensor, progress: float) -> torch.Tensor:
        self.on_shapes.append(isinstance(inputs + 0, FakeTensor))
        if not self.reads and not self.on_shapes[-1]:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        loss = self.real(inputs, targets, progress)
        return loss / loss.item() if self.reads else loss


@pytest.mark.parametrize(("ranks", "on_shapes"), [(1, [False, True]), (2, [True])])
def test_what_is_compiled_is_counted_again_where_memory_is_full(ranks: int, on_shapes: list[bool]) -> None:
    """One of several that failed would leave the others waiting: they do not even try."""
    import torch._dynamo

    run: Any = Counted(ranks)
    start = {name: value.clone() for name, value in run.model.state_dict().items()}
    again = concluding._again(run, *BATCH, 0.5)
    assert run.on_shapes == on_shapes
    assert all(torch.equal(value, start[name]) for name, value in run.model.state_dict().items())
    assert again == ranks * flops.of_step(lambda: run.real(*BATCH, 0.5)) > 0


def test_a_compiled_step_that_reads_a_value_is_really_made_again() -> None:
    import torch._dynamo  # noqa: F401

    run: Any = Counted(2, reads=True)
    again = concluding._again(run, *BATCH, 0.5)
    assert run.on_shapes == [True, False]
    assert again == 2 * flops.of_step(lambda: run.real(*BATCH, 0.5))
