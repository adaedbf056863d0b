"""Programs on the lab's GPUs that hold no lock: nobody of any lab. A run beside them would measure nothing."""

from org.lab.lab import Lab
from org.runs import devices, gpus
from org.runs.gpus import Gpu


def cards(lab: Lab) -> dict[str, Gpu]:
    """The lab's GPUs by name, as NVML shows them now; none where it has no GPU."""
    mine = {device.name for device in lab.devices if device.kind == "cuda"}
    return {gpu.name: gpu for gpu in gpus.read().gpus if gpu.name in mine} if mine else {}


def on_cards(lab: Lab) -> dict[str, str]:
    """Device → who computes there without its lock."""
    return {name: words(gpu) for name, gpu in cards(lab).items() if is_strange(gpu, devices.holder(name, lab.locks))}


def is_strange(gpu: Gpu, holder: str | None) -> bool:
    return not gpu.idle and holder is None


def words(gpu: Gpu) -> str:
    """`process 4711, 20480 MiB`"""
    who = f"process {', '.join(map(str, gpu.processes))}" if gpu.processes else "a process that is not shown here"
    return f"{who}, {gpu.used_mb} MiB"
