"""What is watched while a run goes on: what editable code computes outside its steps, and some of the steps themselves.
concluding.py says what follows.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import torch
from torch.utils._python_dispatch import _pop_mode, _push_mode

from trainer.measure import custody, digests, flops, spots
from trainer.measure.data import TRAINED_ON, Data
from trainer.measure.ranks import Ranks

AT_ONCE = 10**8  # tokens whose digest is taken before the run begins; that of more is taken beside it


class Conduct:
    """Of one process, from before its model is built. `found`: sentences in train.json; one of them makes the run invalid."""

    def __init__(self, data: Data) -> None:
        self.found: list[str] = []
        self.edited = ThreadPoolExecutor(1, "digests").submit(data.edited, TRAINED_ON)
        if data.train_tokens < AT_ONCE:
            self.edited.result()
        self._threads = torch.get_num_threads()
        self.computed_apart = 0
        self.spots = spots.Spots(())

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Count what editable code computes outside the steps: while it builds the model, and when it gives the weights."""
        with flops.Counter() as counter:
            yield
        self.computed_apart += int(counter.total)

    @contextmanager
    def fed(self) -> Iterator[None]:
        """The same around what an order and a packing compute, maybe in a thread beside the steps: the counter is put up without
        the word to all threads that one is, at which a compiler leaves alone whatever it meets just then."""
        counter = flops.Counter()
        _push_mode(counter)
        try:
            yield
        finally:
            _pop_mode()
            self.computed_apart += int(counter.total)

    @contextmanager
    def still(self, model: torch.nn.Module) -> Iterator[None]:
        """No parameter may move inside."""
        before = _sum(model)
        yield
        if _sum(model) != before:
            self.found.append("its parameters moved before the first step")

    def begin(self, ranks: Ranks) -> None:
        """Before the first step; every rank calls it. The first rank draws the moments at which a step is counted."""
        self.spots = spots.Spots(ranks.everyones(spots.moments())[0])

    def step(self, number: int, progress: float) -> AbstractContextManager[None]:
        """Around every step, numbered from 0: some are counted while they are made."""
        return self.spots.watch(number, progress)

    def ended(self) -> None:
        """Look around right after the last step, while whatever trains on still does."""
        for file in custody.threads_in(digests.PACKAGE, digests.MEASURE):
            self.found.append(f"a thread of {file} was still at work after the last step")
        if (threads := torch.get_num_threads()) != self._threads:
            self.found.append(f"training set torch to {threads} threads; the lab gave it {self._threads}")


def _sum(model: torch.nn.Module) -> float:
    return sum(float(parameter.detach().double().sum()) for parameter in model.parameters())
