"""Random generators by purpose and name, so that one more draw in one place moves no draw elsewhere."""

import hashlib
from typing import TYPE_CHECKING

import numpy

if TYPE_CHECKING:
    import torch


def number(seed: int, name: str) -> int:
    """A 63-bit seed that depends on the run's seed and the name of what is drawn."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little") >> 1


def order(seed: int, epoch: int) -> numpy.random.Generator:
    """The generator of one epoch's data order; nothing else draws from it."""
    return numpy.random.Generator(numpy.random.PCG64(number(seed, f"data order {epoch}")))


def packing(seed: int, epoch: int) -> numpy.random.Generator:
    """The generator of one epoch's packing, where it wants one."""
    return numpy.random.Generator(numpy.random.PCG64(number(seed, f"packing {epoch}")))


def parameter(seed: int, name: str) -> "torch.Generator":
    """The generator that initializes the parameter of this name, on the CPU for any device."""
    import torch

    return torch.Generator().manual_seed(number(seed, f"parameter {name}"))
