"""The device a run computes on: its name, number format, threads, memory, and the versions of what runs on it."""

import ctypes
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, MutableMapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.measure.errors import UsageError

if TYPE_CHECKING:
    import torch

# Waiting OpenMP threads that spin cost eightfold on shared cores. Read once, when torch loads its OpenMP.
_QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}
_KERNELS = {
    "TORCHINDUCTOR_CACHE_DIR": "inductor", "TRITON_CACHE_DIR": "triton", "FLASH_ATTENTION_CUTE_DSL_CACHE_DIR": "flash",
}  # fmt: skip
_MEMORY = ("VmHWM", "RssAnon", "RssFile", "RssShmem")  # of /proc/self/status; a file on tmpfs counts as the last
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


def quiet(environ: MutableMapping[str, str] = os.environ) -> None:
    """Prepare the environment; call before torch is imported."""
    for name, value in {**_QUIET, "OMP_NUM_THREADS": "1", **_compiled(environ)}.items():
        environ.setdefault(name, value)


def _compiled(environ: Mapping[str, str]) -> dict[str, str]:
    """Where compiled kernels are kept for every run of this user, past a restart; torch's own place is the temporary folder, and
    flash-attn-4 by itself keeps none. By itself torch also traces anew what has a backward pass of its own (kernels.py); with
    that variable it keeps it by the code of both passes."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or tempfile.gettempdir()) / ".cache") / "trainer"
    folders = {variable: str(cache / name) for variable, name in _KERNELS.items()}
    switches = ("FLASH_ATTENTION_CUTE_DSL_CACHE_ENABLED", "TORCHINDUCTOR_AUTOGRAD_CACHE_ALLOW_CUSTOM_AUTOGRAD")
    return {**folders, **dict.fromkeys(switches, "1")}


def compiled_folders(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Those places, once `quiet` has said them."""
    return [environ[variable] for variable in _KERNELS if variable in environ]


def keep_memory() -> None:
    """Ask glibc to reuse large blocks instead of returning them: saves thousands of page faults a training step."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def versions() -> dict[str, str]:
    """Python's and the libraries' versions, without importing them."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in ("torch", "numpy")}}


def device(text: str) -> "torch.device":
    """The torch device named cpu, cuda (the first) or cuda:i, made current, with its threads set; refuses what is not here."""
    import torch

    try:
        found = torch.device(text)
        if found.type not in ("cpu", "cuda"):
            raise UsageError(f"--device {text}: want cpu, cuda or cuda:i")
    except RuntimeError:
        raise UsageError(f"--device {text}: want cpu, cuda or cuda:i") from None
    if found.type == "cpu":
        keep_memory()
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        return found
    here = torch.cuda.device_count()
    if (found.index or 0) >= here:
        raise UsageError(f"--device {text}: this machine has {here} CUDA devices; cpu always works")
    found = torch.device("cuda", found.index or 0)  # with a number: some of torch.cuda's functions refuse a device without one
    torch.cuda.set_device(found)
    torch.backends.cuda.matmul.allow_tf32 = True
    return found


def dtype(device: "torch.device") -> "torch.dtype":
    """bfloat16 where the processor multiplies it in hardware (CUDA, AMX, AVX512-BF16), else float32."""
    import torch

    capabilities: dict[str, Any] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # an older torch cannot tell; float32 is always right
    native = device.type == "cuda" or capabilities.get("avx512_bf16", False)
    return torch.bfloat16 if native else torch.float32


def model_name(device: "torch.device") -> str:
    """What kind of device this is; runs are compared on equal kinds only."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def peak_memory_mb(device: "torch.device") -> float:
    """Most memory this process has held: on the device for CUDA; resident for the CPU, on Linux less what is mapped of files."""
    if device.type == "cuda":
        import torch

        return torch.cuda.max_memory_allocated(device) / 2**20
    if (own := _own_peak_kb()) is not None:
        return own / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # macOS counts bytes


def _own_peak_kb() -> int | None:
    """Without pages of files: a fork maps only those of its libraries that it touches, a process that imported them more.
    None where the kernel does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if name in _MEMORY}
        return max(kb["VmHWM"] - kb["RssFile"] - kb["RssShmem"], kb["RssAnon"])
    except (OSError, KeyError):
        return None


class Stopwatch:
    """Seconds that the device worked inside `with`: CUDA events where there is CUDA, so that what Python does between the
    launches is left out; the clock elsewhere."""

    def __init__(self, device: "torch.device") -> None:
        self.seconds = 0.0
        self._device, self._began = device, 0.0
        self._events: tuple[Any, Any] | None = None
        if device.type == "cuda":
            import torch

            self._events = (torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True))

    def __enter__(self) -> None:
        if self._events:
            self._events[0].record()
        else:
            self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        """Waits for the device."""
        if self._events:
            self._events[1].record()
            self._events[1].synchronize()
            self.seconds += self._events[0].elapsed_time(self._events[1]) / 1000
        else:
            self.seconds += time.perf_counter() - self._began
