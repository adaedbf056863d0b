"""What NVML tells of this machine's GPUs (the only pynvml import). A machine without NVIDIA's library has none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IDLE_MB = 2048  # a card that nobody uses still holds some for its driver
DRIVER = Path("/proc/driver/nvidia/gpus")  # the kernel's own list: a sandbox that hides devices leaves it
_SLOW = (  # what makes a clock lower than it should be; a power cap by the person is none of these
    ("HwThermalSlowdown", "too hot"),
    ("SwThermalSlowdown", "too hot"),
    ("HwPowerBrakeSlowdown", "its power supply brakes it"),
    ("HwSlowdown", "slowed by its hardware"),
)


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card. Memory in MiB. processes: ids of those that compute on it (of the host: a container may see none).
    ecc_errors: uncorrected ones since the driver was loaded. slowed: why its clock is lower than it should be.
    energy_mj: since its driver was loaded, millijoules; None where the card does not count."""

    index: int
    model: str
    memory_mb: int = 0
    used_mb: int = 0
    processes: tuple[int, ...] = ()
    compute_mode: str = "default"
    mig: bool = False
    ecc_errors: int = 0
    slowed: tuple[str, ...] = ()
    energy_mj: int | None = None

    @property
    def name(self) -> str:
        """As devices are called: cuda:3."""
        return f"cuda:{self.index}"

    @property
    def idle(self) -> bool:
        """Whether nobody computes on it."""
        return not self.processes and self.used_mb < IDLE_MB


@dataclass(frozen=True, slots=True)
class Reading:
    """driver: its version, "" without one. trouble: why NVML is here and does not answer."""

    gpus: tuple[Gpu, ...] = ()
    driver: str = ""
    trouble: str = ""


def read(nvml: Any = None) -> Reading:
    """Ask NVML once. nvml: a stand-in for the pynvml module."""
    if nvml is None:
        try:
            import pynvml  # heavy door: only asked for when somebody looks for devices
        except ImportError:
            return Reading()
        nvml = pynvml
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        absent = isinstance(error, nvml.NVMLError_LibraryNotFound)
        return Reading(trouble="" if absent else str(error))
    try:
        found = tuple(_gpu(nvml, index) for index in range(nvml.nvmlDeviceGetCount()))
        return Reading(found, str(nvml.nvmlSystemGetDriverVersion()))
    except nvml.NVMLError as error:
        return Reading(trouble=str(error))
    finally:
        nvml.nvmlShutdown()


def offered(environ: Mapping[str, str]) -> tuple[Reading, int]:
    """The cards that this shell offers, and how many the driver has. A shell with an empty CUDA_VISIBLE_DEVICES offers
    none, on purpose."""
    if environ.get("CUDA_VISIBLE_DEVICES") == "":
        return Reading(), 0
    return read(), in_the_driver()


def in_the_driver(folder: Path = DRIVER) -> int:
    """How many cards the kernel's driver has, whether this process may see them or not."""
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def _gpu(nvml: Any, index: int) -> Gpu:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)

    def told(ask: Callable[[], Any], otherwise: Any) -> Any:
        """Not every card, driver or container answers every question."""
        try:
            return ask()
        except nvml.NVMLError:
            return otherwise

    memory = told(lambda: nvml.nvmlDeviceGetMemoryInfo(handle), None)
    modes = {nvml.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS: "exclusive_process", nvml.NVML_COMPUTEMODE_PROHIBITED: "prohibited"}
    uncorrected = (nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_VOLATILE_ECC)
    reasons = told(lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle), 0)
    slow = [word for name, word in _SLOW if reasons & getattr(nvml, f"nvmlClocksThrottleReason{name}")]
    return Gpu(
        index, str(nvml.nvmlDeviceGetName(handle)),
        memory_mb=memory.total >> 20 if memory else 0, used_mb=memory.used >> 20 if memory else 0,
        processes=tuple(p.pid for p in told(lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle), ())),
        compute_mode=modes.get(told(lambda: nvml.nvmlDeviceGetComputeMode(handle), 0), "default"),
        mig=told(lambda: nvml.nvmlDeviceGetMigMode(handle)[0], 0) == nvml.NVML_DEVICE_MIG_ENABLE,
        ecc_errors=told(lambda: nvml.nvmlDeviceGetTotalEccErrors(handle, *uncorrected), 0),
        slowed=tuple(dict.fromkeys(slow)),
        energy_mj=told(lambda: int(nvml.nvmlDeviceGetTotalEnergyConsumption(handle)), None),
    )  # fmt: skip
