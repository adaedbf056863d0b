"""`python -m trainer …` on a GPU that is not there: torch.cuda says it is, and tensors that are sent to it stay in main memory.

What torch.cuda is asked goes through its own check of devices first, so that what a real one would refuse is refused here.
Tensors say `cpu` of themselves: kernels, compiling and the choice of attention are a CPU's.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.cuda._utils import _get_device_index


def answering(answer: object, *, optional: bool = True) -> Callable[..., Any]:
    """A function of torch.cuda with a device as its argument. optional: it takes `cuda` for the current one."""

    def function(device: Any = None) -> Any:
        known = optional and getattr(torch.device(device or "cuda"), "index", None) is None
        if not known:
            _get_device_index(device)
        return answer

    return function


class Stream:
    """Does nothing, at once."""

    def wait_event(self, event: object) -> None:
        assert event is not None

    def record_event(self) -> object:
        return object()


class Event:
    """5 ms lie between any two."""

    def __init__(self, enable_timing: bool = False) -> None:
        assert enable_timing

    def record(self) -> None: ...

    def synchronize(self) -> None: ...

    def elapsed_time(self, end: object) -> float:
        return 5.0


@contextmanager
def on(stream: Stream) -> Iterator[None]:
    """torch.cuda.stream."""
    yield


def at_home(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with every device among its arguments a CPU."""

    def home(value: Any) -> Any:
        return "cpu" if isinstance(value, str | torch.device) and str(value).startswith("cuda") else value

    return lambda *given, **named: function(*map(home, given), **{name: home(value) for name, value in named.items()})


def pretend() -> None:
    """For the rest of this process."""
    cuda: Any = torch.cuda
    cuda.device_count, cuda.is_available, cuda.Event, cuda.stream = lambda: 1, lambda: True, Event, on
    cuda.set_device = answering(None, optional=False)
    cuda.Stream = cuda.current_stream = answering(Stream())
    cuda.max_memory_allocated, cuda.get_device_name = answering(2**30), answering("NVIDIA H100 80GB HBM3")
    cuda.get_device_capability = answering((9, 0))
    tensor: Any = torch.Tensor
    tensor.to, tensor.pin_memory, tensor.record_stream = at_home(tensor.to), lambda self: self, lambda self, stream: None
    for name in ("arange", "empty", "full", "tensor", "zeros"):
        setattr(torch, name, at_home(getattr(torch, name)))


if __name__ == "__main__":
    pretend()
    from trainer.measure import cli

    sys.exit(cli.main(sys.argv[1:]))
