"""What NVML tells becomes values; a stand-in for the card, the names of the real library."""

import types
from pathlib import Path
from typing import Any

import pynvml
import pytest

from org.runs import gpus
from org.runs.gpus import Gpu, Reading


class Nvml:
    """A driver with these cards. Every name that is asked for has to be one of the real library's."""

    NVMLError = pynvml.NVMLError
    NVMLError_LibraryNotFound = pynvml.NVMLError_LibraryNotFound

    def __init__(self, cards: list[dict[str, Any]], fails: Exception | None = None) -> None:
        self.cards, self.fails, self.shut = cards, fails, 0

    def __getattr__(self, name: str) -> Any:
        assert hasattr(pynvml, name), f"pynvml has no {name}"
        played = getattr(type(self), f"_{name}", None)
        return played.__get__(self) if played else getattr(pynvml, name)

    def _nvmlInit(self) -> None:
        if self.fails:
            raise self.fails

    def _nvmlShutdown(self) -> None:
        self.shut += 1

    def _nvmlDeviceGetCount(self) -> int:
        return len(self.cards)

    def _nvmlSystemGetDriverVersion(self) -> str:
        return "570.86"

    def _nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def _answer(self, index: int, name: str) -> Any:
        if name not in self.cards[index]:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return self.cards[index][name]

    def _nvmlDeviceGetName(self, index: int) -> Any:
        return self._answer(index, "model")

    def _nvmlDeviceGetMemoryInfo(self, index: int) -> Any:
        total, used = self._answer(index, "memory")
        return types.SimpleNamespace(total=total << 20, used=used << 20)

    def _nvmlDeviceGetComputeRunningProcesses(self, index: int) -> Any:
        return [types.SimpleNamespace(pid=pid) for pid in self._answer(index, "pids")]

    def _nvmlDeviceGetComputeMode(self, index: int) -> Any:
        return self._answer(index, "mode")

    def _nvmlDeviceGetMigMode(self, index: int) -> Any:
        return [self._answer(index, "mig"), 0]

    def _nvmlDeviceGetTotalEccErrors(self, index: int, kind: int, counter: int) -> Any:
        assert (kind, counter) == (pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, pynvml.NVML_VOLATILE_ECC)
        return self._answer(index, "ecc")

    def _nvmlDeviceGetCurrentClocksThrottleReasons(self, index: int) -> Any:
        return self._answer(index, "reasons")

    def _nvmlDeviceGetTotalEnergyConsumption(self, index: int) -> Any:
        return self._answer(index, "energy")


HOT = pynvml.nvmlClocksThrottleReasonHwThermalSlowdown | pynvml.nvmlClocksThrottleReasonSwPowerCap
H100 = {
    "model": "NVIDIA H100 80GB HBM3", "memory": (81559, 41000), "pids": [17, 18], "mode": pynvml.NVML_COMPUTEMODE_PROHIBITED,
    "mig": pynvml.NVML_DEVICE_MIG_ENABLE, "ecc": 3, "reasons": HOT, "energy": 4200,
}  # fmt: skip


def test_a_card_is_told_whole() -> None:
    nvml = Nvml([H100])
    read = gpus.read(nvml)
    assert read.driver == "570.86" and read.trouble == "" and nvml.shut == 1
    assert read.gpus == (Gpu(0, "NVIDIA H100 80GB HBM3", 81559, 41000, (17, 18), "prohibited", True, 3, ("too hot",), 4200),)
    assert not read.gpus[0].idle and read.gpus[0].name == "cuda:0"


def test_a_card_that_answers_little_is_a_card() -> None:
    read = gpus.read(Nvml([{"model": "NVIDIA A10"}, {"model": "NVIDIA A10", "memory": (23028, 300), "pids": []}]))
    assert read.gpus == (Gpu(0, "NVIDIA A10"), Gpu(1, "NVIDIA A10", 23028, 300)) and all(g.idle for g in read.gpus)


def test_memory_in_use_is_somebody_s_also_when_no_process_is_shown() -> None:
    assert not gpus.read(Nvml([{"model": "x", "memory": (81559, 30000), "pids": []}])).gpus[0].idle


@pytest.mark.parametrize(
    ("error", "trouble"), [(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, False), (pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH, True)]
)
def test_no_library_means_no_gpu_and_a_broken_driver_is_told(error: int, trouble: bool) -> None:
    read = gpus.read(Nvml([], pynvml.NVMLError(error)))
    assert read.gpus == () and bool(read.trouble) is trouble


def test_this_machine_is_read_without_an_error() -> None:
    assert isinstance(gpus.read(), Reading)


def test_the_kernel_s_own_list_is_counted(tmp_path: Path) -> None:
    assert gpus.in_the_driver(tmp_path / "none") == 0
    for name in ("0000:1b:00.0", "0000:43:00.0"):
        (tmp_path / name).mkdir()
    assert gpus.in_the_driver(tmp_path) == 2


def test_a_shell_may_offer_no_card_on_purpose() -> None:
    assert gpus.offered({"CUDA_VISIBLE_DEVICES": ""}) == (Reading(), 0)
    assert gpus.offered({}) == (gpus.read(), gpus.in_the_driver())
