"""What an unfinished run needs to go on as if nothing had happened: RUN/checkpoint.resume.pt, gone once the run is done.

One file, written whole or not at all: weights, optimizer, random generators, how many batches were served (the data order is
a function of the seed, so a count is a position), and what was asked for. Another request does not go on from it.
"""

import random
from pathlib import Path
from typing import Any

import numpy
import torch

from trainer.measure import files, seeds
from trainer.measure.errors import RunFailed, UsageError

NAME = "checkpoint.resume.pt"


def save(run: Path, state: dict[str, Any], asked: dict[str, Any]) -> None:
    """Replace RUN/checkpoint.resume.pt. asked: plain values that must be equal for another process to go on."""
    with files.replacing(run / NAME) as file:
        torch.save({"schema": 1, "asked": asked, **state}, file)


def load(run: Path, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The state that `save` was given, on the CPU; None where there is none. Raises UsageError for another request's."""
    path = run / NAME
    if not path.exists():
        return None
    try:
        stored: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds for a damaged archive
        raise UsageError(f"{path} is damaged ({type(error).__name__}); choose another --out") from error
    for name, value in asked.items():
        if stored["asked"].get(name) != value:
            was = stored["asked"].get(name)
            raise UsageError(f"{path} belongs to a run with {name} {was}, not {value}; repeat that, or choose another --out")
    return stored


def served_alike(state: dict[str, Any], rows: int) -> None:
    """rows: the hash of what was served anew up to where the run goes on. Raises RunFailed where it was something else then."""
    if rows != state.get("rows", rows):
        raise RunFailed("order.py or packing.py answers otherwise than before the stop; they may draw from `draw` alone")


def forget(run: Path) -> None:
    """The run is done: remove the state, and what a process that was killed while it wrote one left beside it."""
    for path in [run / NAME, *run.glob(f".{NAME}.*")]:
        path.unlink(missing_ok=True)


def seed_generators(seed: int, rank: int) -> None:
    """Start the generators of torch, numpy and Python, each rank's its own: for dropout and whatever else draws without one."""
    start = seeds.number(seed, f"training, rank {rank}")
    torch.manual_seed(start)
    numpy.random.seed(start % 2**32)
    random.seed(start)


def generators() -> dict[str, Any]:
    """Where those generators stand."""
    name, keys, *numbers = numpy.random.get_state()
    version, words, gauss = random.getstate()
    state = {"torch": torch.get_rng_state(), "numpy": [name, torch.from_numpy(keys.astype("int64")), *numbers]}
    state["python"] = [version, torch.tensor(words), gauss]
    if torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_generators(state: dict[str, Any]) -> None:
    """Put them back to where `generators` found them."""
    torch.set_rng_state(state["torch"])
    name, keys, *numbers = state["numpy"]
    numpy.random.set_state((name, keys.numpy().astype("uint32"), *numbers))
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words.tolist()), gauss))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
