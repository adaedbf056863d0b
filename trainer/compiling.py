"""torch.compile: when it is used, what happens where it does not work, and the loss it gives.

Where compiled kernels are kept, and shared by all runs of a machine, is the protected loop's to say (measure/machine.py).
"""

from collections.abc import Callable

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]
Compiler = Callable[[Loss], Loss]
EAGER, COMPILED = "eager", "compiled"
CHOICES = ("never", "cuda", "always")  # on a CPU compiling takes minutes and pays back after more


def prepared(loss: Loss, batches: list[tuple[Tensor, Tensor]], choice: str, compiler: Compiler | None = None) -> tuple[Loss, str]:
    """The loss as it is to be used on batches of these shapes, and the word for the record; `choice` is the recipe's.

    On CUDA, and wherever it compiles, it has run forward and backward once. Where compiling fails, the loss stays as it
    was, with one line that says why; out of memory is not such a failure.
    """
    if choice not in CHOICES:
        raise ValueError(f"recipe: compile: {choice} is none of {', '.join(CHOICES)}")
    device_type = batches[0][0].device.type
    if choice in ("always", device_type):
        try:
            fast = (compiler or _inductor)(loss)
            _pass(fast, batches)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # no C++ compiler, a driver without Triton, an operation that is not supported
            reason = " ".join(str(error).split())[:300]
            print(f"torch.compile does not work here, the loss stays eager: {type(error).__name__}: {reason}", flush=True)
        else:
            return fast, COMPILED
    if device_type == "cuda":
        _pass(loss, batches)
    return loss, EAGER


def _inductor(loss: Loss) -> Loss:
    return torch.compile(loss, dynamic=False)  # shapes never change within a run


def _pass(loss: Loss, batches: list[tuple[Tensor, Tensor]]) -> None:
    for inputs, targets in batches:
        loss(inputs, targets).backward()
