"""Devices of this machine and their leases. A lease is a flock on one file per device, shared by all labs of the
host and held by the keeper for its whole life: nothing expires by time alone."""

import fcntl
import os
import platform
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from org.config import CpuDevices
from org.model.errors import DeviceError
from org.runs import gpus

LOOKS, LOOK_SECONDS = 5, 0.002  # a lease is tried again: who only looks at the holder shares the lock for a moment


@dataclass(frozen=True, slots=True)
class Device:
    """name: cuda:3 or cpu:0. threads: a cpu slot's share; for a GPU, of the host's work."""

    name: str
    model: str
    threads: int = 1

    @property
    def kind(self) -> str:
        return self.name.split(":")[0]

    @property
    def index(self) -> int:
        return int(self.name.split(":")[1])


def discover(wanted: str | Sequence[str] | CpuDevices) -> list[Device]:
    """The lab's devices; races are run on those of the first one's model. auto: every GPU that NVML shows, the commonest
    model first, else one cpu slot a core (at most 8)."""
    if isinstance(wanted, CpuDevices):
        if wanted.cpu == 0:
            raise DeviceError("devices.cpu: 0 leaves nothing to run on; give at least one slot, or `devices: auto`")
        return [Device(f"cpu:{i}", cpu_model(), wanted.threads) for i in range(wanted.cpu)]
    cards = {gpu.name: gpu.model for gpu in gpus.read().gpus}
    if wanted == "auto":
        if cards:
            return [Device(name, model, 4) for name, model in commonest_first(cards)]
        return [Device(f"cpu:{i}", cpu_model()) for i in range(max(1, min(8, _cores())))]
    if not wanted:
        raise DeviceError("devices: the list is empty; name devices such as cuda:0 or cpu:0, or write `devices: auto`")
    twice = sorted({str(name) for name in wanted if list(wanted).count(name) > 1})
    if twice:
        raise DeviceError(f"devices: {', '.join(twice)} is listed twice; one run a device")
    return [_named(str(name), cards) for name in wanted]


def commonest_first(cards: Mapping[str, str]) -> list[tuple[str, str]]:
    """(device, model), those of the model with most cards first: one card for a display must not be what a lab races on."""
    count = Counter(cards.values())
    return sorted(cards.items(), key=lambda card: -count[card[1]])


def of_races(devices: Sequence[Device]) -> list[Device]:
    """The devices that races and their baselines are run on: values of two models are never compared."""
    return [device for device in devices if device.model == devices[0].model]


def models(devices: Iterable[Device]) -> str:
    """`6 × NVIDIA H100, 2 × NVIDIA A100`."""
    return ", ".join(f"{count} × {model}" for model, count in Counter(device.model for device in devices).items())


def cpu_model() -> str:
    """What makes two cpu slots comparable: the processor, as far as the platform says."""
    return f"cpu {platform.machine()} {platform.processor() or platform.system()}".strip()


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _named(name: str, cards: dict[str, str]) -> Device:
    if name.startswith("cpu:") and name[4:].isdigit():
        return Device(name, cpu_model())
    if name in cards:
        return Device(name, cards[name], 4)
    have = ", ".join(cards) or "no GPU"
    raise DeviceError(f"devices: {name}, but this machine has {have}; correct the list, or write `devices: auto`")


@dataclass(frozen=True, slots=True)
class Lease:
    """An open, locked descriptor. Whoever holds a copy of it holds the device."""

    device: str
    descriptor: int

    def release(self) -> None:
        """Close our copy; a keeper that inherited one goes on holding the device."""
        os.close(self.descriptor)


def lease(device: str, folder: Path, holder: str) -> Lease | None:
    """Lock the device, or None when somebody holds it. Writes who holds it into the lock file."""
    descriptor = _open_lock(folder, device)
    try:
        if not _locked(descriptor, fcntl.LOCK_EX, LOOKS):
            os.close(descriptor)
            return None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode() + b"\n", 0)
    except BaseException:  # a full disk: a lock that nobody can let go of would be the device's last
        os.close(descriptor)
        raise
    return Lease(device, descriptor)


def lease_all(names: Iterable[str], folder: Path, holder: str) -> list[Lease] | None:
    """Lock all these devices for one run; None, and none of them locked, when somebody holds one."""
    taken: list[Lease] = []
    try:
        for name in names:
            one = lease(name, folder, holder)
            if one is None:
                release(taken)
                return None
            taken.append(one)
    except BaseException:
        release(taken)
        raise
    return taken


def release(leases: Iterable[Lease]) -> None:
    """Let go of our copies."""
    for each in leases:
        each.release()


def holder(device: str, folder: Path) -> str | None:
    """Who holds the device now, as it wrote itself; None when it is free. Makes and changes no file. Several may look at once,
    each sharing the lock for a moment."""
    if not (folder / _file_name(device)).exists():
        return None
    descriptor = _open_lock(folder, device)
    try:
        if _locked(descriptor, fcntl.LOCK_SH):
            return None
        return os.pread(descriptor, 1000, 0).decode("utf-8", "replace").strip() or "somebody"
    finally:
        os.close(descriptor)


def _locked(descriptor: int, how: int, looks: int = 1) -> bool:
    """Whether the lock could be had. looks: how often it is tried, for somebody may only be looking who holds it."""
    for look in range(looks):
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if look + 1 < looks:
                time.sleep(LOOK_SECONDS)
    return False


def _open_lock(folder: Path, device: str) -> int:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o1777)  # other users of this host share the devices
    path = folder / _file_name(device)
    try:
        try:  # in a sticky folder Linux may refuse O_CREAT on another user's file, though not to open it
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            os.fchmod(descriptor, 0o666)  # whatever the umask
            return descriptor
    except PermissionError as error:
        raise DeviceError(f"{path} is not writable; its owner must allow it, or name a folder in ORG_DEVICE_LOCKS") from error


def _file_name(device: str) -> str:
    return device.replace(":", "-") + ".lock"
