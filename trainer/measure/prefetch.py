"""The next batches, built by a thread while the GPU computes: rows packed, pinned, and copied on a stream of their own.

On a CPU a batch costs a thousandth of its step and the thread would want a core that another run has, so there batches are
built when they are asked for. What is told of the data is of the batches that were served, never of those only built.
"""

import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import torch

from trainer.measure.batches import Batch, Batches, Tally

AHEAD = 3  # batches that are built before they are asked for


@dataclass(frozen=True, slots=True)
class Built:
    """A batch, what was told of the data up to it, and the event after which its copy is there (None: it is)."""

    batch: Batch
    tally: Tally
    copied: Any


class Prefetch:
    """Batches, built ahead. The thread begins with the first batch that is asked for and ends with `close`; what it raises,
    `next` raises."""

    def __init__(self, batches: Batches, device: torch.device) -> None:
        self._batches, self._device = batches, device
        self.rows_per_batch, self.tokens_per_batch = batches.rows_per_batch, batches.tokens_per_batch
        self._served: Tally | None = None
        self._room, self._ready = threading.Semaphore(AHEAD), SimpleQueue[Built | BaseException]()
        self._thread: threading.Thread | None = None
        self._closing = False

    @property
    def tally(self) -> Tally:
        """What was told of the data up to the last batch that was served."""
        return self._served or self._batches.tally

    def next(self) -> Batch:
        """This rank's inputs and targets, both (B, T) int64, on the device."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="prefetch", daemon=True)
            self._thread.start()
        built = self._ready.get()
        if isinstance(built, BaseException):
            self._ready.put(built)  # for whoever asks again
            raise built
        self._room.release()
        self._served = built.tally
        if built.copied is not None:
            stream = torch.cuda.current_stream(self._device)
            stream.wait_event(built.copied)
            for tensor in built.batch:
                tensor.record_stream(stream)  # its memory is not given away before the step that reads it has ended
        return built.batch

    def skip(self, batches: int) -> None:
        """Go through batches that were served before; before the first `next`."""
        self._batches.skip(batches)

    def close(self) -> None:
        """End the thread, and wait for it."""
        self._closing = True
        self._room.release()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            stream = self._stream()
            while True:
                self._room.acquire()
                if self._closing:
                    return
                self._ready.put(self._build(stream))
        except BaseException as error:  # it belongs to whoever asks for the next batch
            self._ready.put(error)

    def _stream(self) -> Any:
        """A stream for the copies, on a GPU; the thread's own current device is set, or it would open the first card."""
        if self._device.type != "cuda":
            return None
        torch.cuda.set_device(self._device)
        return torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]

    def _build(self, stream: Any) -> Built:
        inputs, targets = self._batches.next()
        if stream is None:
            return Built((inputs, targets), self._batches.tally, None)
        with torch.cuda.stream(stream):
            copies = [tensor.pin_memory().to(self._device, non_blocking=True) for tensor in (inputs, targets)]
            return Built((copies[0], copies[1]), self._batches.tally, stream.record_event())


def ahead(batches: Batches, device: torch.device) -> "Batches | Prefetch":
    """Batches for a run on this device."""
    return Prefetch(batches, device) if device.type == "cuda" else batches
