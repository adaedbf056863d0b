"""The environment of a run, built from nothing: no key, no agent variable and no other device gets in."""

import os
import sys
from pathlib import Path

from org.runs.devices import Device

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_HOME")  # what a Python with a GPU needs to start


def build(device: Device, snapshot: Path, *others: Device, forked: bool = False) -> dict[str, str]:
    """Variables for a run on this device and on the others of its gang; threads are those of each process. forked: it may
    come from an image.

    PYTHONSAFEPATH keeps the cwd out and PYTHONPATH puts the snapshot in: without the second, `python -m trainer` would
    import an installed trainer and every edit measure as nothing."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    threads = str(min(each.threads for each in (device, *others)))
    return kept | {
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": str(snapshot),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": "1" if forked else threads,  # it starts them as numpy is imported, and such an image cannot fork
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads cost 8 times the CPU on a loaded machine
        "GOMP_SPINCOUNT": "0",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as NVML counts; by itself CUDA puts the fastest card first
        **visible(device, *others),
    }


def visible(*devices: Device) -> dict[str, str]:
    """Which cards a process sees: these and no other."""
    return {"CUDA_VISIBLE_DEVICES": ",".join(str(each.index) for each in devices if each.kind == "cuda")}


def python() -> str:
    """The interpreter that runs use: the lab's own."""
    return sys.executable
