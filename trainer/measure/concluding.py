"""How a run was conducted, once it has ended: that editable code computed in its steps and nowhere else, that its steps cost
what one was counted to cost, at the end and at moments on the way, and that it left alone what measures it.
"""

from contextlib import nullcontext
from functools import cache

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from trainer.measure import custody, flops, spots
from trainer.measure.run import Run

MARGIN = 1.01  # of a step's FLOPs: the two are counted alike, but for kernels that only the first count sees


def conclude(run: Run) -> None:
    """Once the weights are saved; every rank calls it. A step that was cheap only while it was counted is found out."""
    found = run.conduct.found
    found += [f"{name} is not what was prepared" for name in run.conduct.edited.result()]
    tally = run.batches.tally
    if len(set(run.ranks.everyones((tally.order_digest, tally.rows)))) > 1:
        found.append("its ranks were served different orders of the data")
    if run.conduct.computed_apart > run.flops_per_step:
        found.append(f"training computed outside its steps what {_times(run.conduct.computed_apart, run)} steps compute")
    found += _too_dear(run)
    if replaced := custody.begin().replaced():
        more = f" and {len(replaced) - 3} more" if len(replaced) > 3 else ""
        found.append(f"training replaced {', '.join(replaced[:3])}{more}")
    found += custody.in_the_way()


def _too_dear(run: Run) -> list[str]:
    """Of the last step, and of those on the way, what cost more than the counted one."""
    if run.last_batch is None:
        return []
    inputs, targets, progress = run.last_batch
    number, dearest = spots.dearest(run.ranks.everyones(run.conduct.spots.counted))
    cost = {"its last step": _again(run, inputs, targets, progress), f"its step {number + 1}": dearest}
    if any(run.ranks.everyones(spots.compiles())):
        drawn = run.ranks.everyones(spots.moments())[0]
        again, moment = max((_again(run, inputs, targets, moment), moment) for moment in drawn)
        cost[f"a step at {moment:.0%} of its budget"] = again
    dear = {what: total for what, total in cost.items() if total > run.flops_per_step * MARGIN}
    return [f"{what} computed {_times(total, run)} times what the counted one did" for what, total in dear.items()]


def _again(run: Run, inputs: torch.Tensor, targets: torch.Tensor, progress: float) -> int:
    """FLOPs, summed over the ranks, of a step that is made for the count alone. What is compiled needs less memory than the same
    step for a counter: of several ranks, where one without memory would leave the others waiting, each first tries without."""
    tries = run.ranks.size > 1 and spots.compiles()
    counted = run.ranks.everyones(_on_shapes(run, inputs, targets, progress) if tries else None)
    if None in counted:
        counted = run.ranks.everyones(_really(run, inputs, targets, progress))
    return sum(counted)


def _really(run: Run, inputs: torch.Tensor, targets: torch.Tensor, progress: float) -> int:
    try:
        return _counted(run, inputs, targets, progress)
    except torch.OutOfMemoryError:
        counted = _on_shapes(run, inputs, targets, progress) if run.ranks.size == 1 else None
        if counted is None:
            raise
        return counted


def _counted(run: Run, inputs: torch.Tensor, targets: torch.Tensor, progress: float) -> int:
    eagerly = torch.compiler.set_stance("force_eager") if spots.compiles() else nullcontext()
    with eagerly, flops.Counter() as counter:
        run.step(inputs, targets, progress)
    return int(counter.total)


def _on_shapes(run: Run, inputs: torch.Tensor, targets: torch.Tensor, progress: float) -> int | None:
    """The same without memory: there, every tensor is a shape, nothing that it really holds is touched, and nothing is sent to
    other ranks or waited for. None where a step reads a value, or has a kernel without shapes."""
    run.model.zero_grad(set_to_none=True)
    try:
        with _shapes():
            return _counted(run, inputs, targets, progress)
    except Exception:  # whatever is really wrong with it is raised where it is really made
        return None
    finally:
        run.model.zero_grad(set_to_none=True)


@cache
def _shapes() -> FakeTensorMode:
    """One for all counts: what a step keeps of one has to fit into the next."""
    return FakeTensorMode(allow_non_fake_inputs=True)


def _times(total: int, run: Run) -> str:
    return f"{total / max(run.flops_per_step, 1):.3g}"
