"""How a run was conducted: that editable code computed in its steps and nowhere else, that its steps cost what one was
counted to cost, at the end and at moments on the way, and that it left alone what measures it. Sentences in train.json; one
of them makes the run invalid.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import torch

from trainer.measure import custody, digests, flops, spots
from trainer.measure.data import TRAINED_ON, Data

if TYPE_CHECKING:
    from trainer.measure.loop import Run
    from trainer.measure.ranks import Ranks

MARGIN = 1.01  # of a step's FLOPs: the two are counted alike, but for kernels that only the first count sees
AT_ONCE = 10**8  # tokens whose digest is taken before the run begins; that of more is taken beside it


class Conduct:
    """Of one process, from before its model is built. `found` is complete after `conclude`."""

    def __init__(self, data: Data) -> None:
        self.found: list[str] = []
        self._edited = ThreadPoolExecutor(1, "digests").submit(data.edited, TRAINED_ON)
        if data.facts["train_tokens"] < AT_ONCE:
            self._edited.result()
        self._threads = torch.get_num_threads()
        self._apart = 0
        self._spots = spots.Spots(())

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Count what editable code computes outside the steps: while it builds the model, and when it gives the weights."""
        with flops.Counter() as counter:
            yield
        self._apart += int(counter.total)

    @contextmanager
    def still(self, model: torch.nn.Module) -> Iterator[None]:
        """No parameter may move inside."""
        before = _sum(model)
        yield
        if _sum(model) != before:
            self.found.append("its parameters moved before the first step")

    def begin(self, ranks: "Ranks") -> None:
        """Before the first step; every rank calls it. The first rank draws the moments at which a step is counted."""
        self._spots = spots.Spots(ranks.everyones(spots.moments())[0])

    def step(self, number: int, progress: float) -> AbstractContextManager[None]:
        """Around every step, numbered from 0: some are counted while they are made."""
        return self._spots.watch(number, progress)

    def ended(self) -> None:
        """Look around right after the last step, while whatever trains on still does."""
        for file in custody.threads_in(digests.PACKAGE, digests.MEASURE):
            self.found.append(f"a thread of {file} was still at work after the last step")
        if (threads := torch.get_num_threads()) != self._threads:
            self.found.append(f"training set torch to {threads} threads; the lab gave it {self._threads}")

    def conclude(self, run: "Run") -> None:
        """Once the weights are saved; every rank calls it. A step that was cheap only while it was counted is found out."""
        self.found += [f"{name} is not what was prepared" for name in self._edited.result()]
        tally = run.batches.tally
        if len(set(run.ranks.everyones((tally.order_digest, tally.rows)))) > 1:
            self.found.append("its ranks were served different orders of the data")
        if self._apart > run.flops_per_step:
            self.found.append(f"training computed outside its steps what {_times(self._apart, run)} steps compute")
        self.found += self._too_dear(run)
        if replaced := custody.begin().replaced():
            more = f" and {len(replaced) - 3} more" if len(replaced) > 3 else ""
            self.found.append(f"training replaced {', '.join(replaced[:3])}{more}")
        self.found += custody.in_the_way()

    def _too_dear(self, run: "Run") -> list[str]:
        """Of the last step, and of those on the way, what cost more than the counted one."""
        if run.last_batch is None:
            return []
        inputs, targets, progress = run.last_batch
        number, dearest = spots.dearest(run.ranks.everyones(self._spots.counted))
        cost = {"its last step": _again(run, inputs, targets, progress), f"its step {number + 1}": dearest}
        if any(run.ranks.everyones(spots.compiles())):
            drawn = run.ranks.everyones(spots.moments())[0]
            again, moment = max((_again(run, inputs, targets, moment), moment) for moment in drawn)
            cost[f"a step at {moment:.0%} of its budget"] = again
        dear = {what: total for what, total in cost.items() if total > run.flops_per_step * MARGIN}
        return [f"{what} computed {_times(total, run)} times what the counted one did" for what, total in dear.items()]


def _again(run: "Run", inputs: torch.Tensor, targets: torch.Tensor, progress: float) -> int:
    """FLOPs, summed over the ranks, of a step that is made for the count alone."""
    eagerly = torch.compiler.set_stance("force_eager") if spots.compiles() else nullcontext()
    with eagerly, flops.Counter() as counter:
        run.step(inputs, targets, progress)
    return sum(run.ranks.everyones(int(counter.total)))


def _sum(model: torch.nn.Module) -> float:
    return sum(float(parameter.detach().double().sum()) for parameter in model.parameters())


def _times(total: int, run: "Run") -> str:
    return f"{total / max(run.flops_per_step, 1):.3g}"
