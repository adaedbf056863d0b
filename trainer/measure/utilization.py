"""How much of a GPU's arithmetic a run uses: MFU, the model's FLOPs over what the device could have done in that time.

Only forward and backward count, not the optimizer, nothing twice. Two conventions are in use, and they differ by a tenth at
long rows: attention over all T keys (PaLM, arXiv 2204.02311, appendix B; nanochat), or over the half that a causal model sees.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Dense bf16 matrix FLOP/s, by a part of the device's name, the more special name first (NVIDIA's data sheets).
PEAKS = {
    "B200": 2.25e15, "H200": 9.89e14, "H100 PCIe": 7.56e14, "H100 NVL": 8.35e14, "H100": 9.89e14, "A100": 3.12e14,
    "L40S": 3.62e14, "4090": 1.65e14, "A10": 1.25e14,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelFlops:
    """Forward and backward FLOPs of a token in a row of T: `attention` for scores and values over all T keys, `rest` for
    everything that does not depend on T."""

    rest: float
    attention: float


def counted(of_row: Callable[[int], int], T: int) -> ModelFlops:
    """of_row: FLOPs of one row of so many tokens. Attention is the part that grows with the row's square, whatever the model
    looks like: of a row of 2 T it is twice as much a token."""
    one, two = of_row(T) / T, of_row(2 * T) / (2 * T)
    return ModelFlops(rest=2 * one - two, attention=two - one)


def peak(device_name: str) -> float | None:
    """The device's FLOP/s; None for one that is not in the table, every CPU among them."""
    return next((flop_per_sec for part, flop_per_sec in PEAKS.items() if part in device_name), None)


def of(flops: ModelFlops | None, tok_per_sec: float, device_name: str) -> dict[str, Any]:
    """`mfu` (all keys) and `mfu_causal` (the visible half), shares of 1, of one device's tokens a second; None where the
    device's peak or the model's FLOPs are not known."""
    available = peak(device_name)
    if flops is None or available is None:
        return {"mfu": None, "mfu_causal": None}
    used = {"mfu": flops.rest + flops.attention, "mfu_causal": flops.rest + flops.attention / 2}
    return {name: a_token * tok_per_sec / available for name, a_token in used.items()}
