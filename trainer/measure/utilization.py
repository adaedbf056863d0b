"""How much of a GPU's arithmetic a run uses: MFU, the model's FLOPs over what the device could have done in that time.

Only forward and backward count, not the optimizer, nothing twice. Three conventions of attention are in use, and at long rows
they differ by a fifth: over all T keys (PaLM, arXiv 2204.02311, appendix B), over the keys of each layer's window (nanochat and
autoresearch print this one), or over the half of all keys that a causal model sees.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# Dense bf16 matrix FLOP/s, by a part of the device's name, the more special name first (NVIDIA's data sheets).
PEAKS = {
    "B200": 2.25e15, "H200": 9.89e14, "H100 PCIe": 7.56e14, "H100 NVL": 8.35e14, "H100": 9.89e14, "A100": 3.12e14,
    "L40S": 3.62e14, "5090": 2.09e14, "4090": 1.65e14, "A10G": 7.0e13, "A10": 1.25e14,
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


def seen(windows: Sequence[int] | None, T: int) -> float | None:
    """Share of T keys that lie in the layers' windows (-1 = all), the mean over layers; None where a model tells no windows."""
    if not windows:
        return None
    return sum(min(window, T) if window >= 0 else T for window in windows) / (len(windows) * T)


def of(flops: ModelFlops | None, tok_per_sec: float, device_name: str, seen: float | None) -> dict[str, Any]:
    """`mfu` (all keys), `mfu_windows` (those in the windows, a share of `seen`) and `mfu_causal` (half of all), shares of 1, of
    one device's tokens a second; None where the device's peak, the model's FLOPs or that share are not known."""
    available = peak(device_name)
    shares = {"mfu": 1.0, "mfu_windows": seen, "mfu_causal": 0.5}
    if flops is None or available is None:
        return dict.fromkeys(shares)
    a_sec = tok_per_sec / available
    return {name: share if share is None else (flops.rest + share * flops.attention) * a_sec for name, share in shares.items()}
