"""What this machine offers besides devices: memory, file systems, limits. The platform's differences end here."""

import os
import resource
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

NETWORK = ("nfs", "cifs", "smb", "sshfs", "lustre", "gpfs", "beegfs", "ceph", "gluster", "afs", "9p", "panfs", "wekafs", "davfs")
_INOTIFY = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True, slots=True)
class Memory:
    """In MiB. available: what programs could take now without swapping."""

    total_mb: int
    available_mb: int


@dataclass(frozen=True, slots=True)
class Limits:
    """open_files: of this process. watches, instances: of inotify, for this user; None where there is no inotify."""

    open_files: int
    watches: int | None = None
    instances: int | None = None


def memory() -> Memory:
    """The machine's; a container's own limit is told where the kernel shows it."""
    now = psutil.virtual_memory()
    total, available = now.total >> 20, now.available >> 20
    cgroup = _number(Path("/sys/fs/cgroup/memory.max"))
    used = _number(Path("/sys/fs/cgroup/memory.current"))
    if cgroup is not None and (limit := cgroup >> 20) < total:
        return Memory(limit, min(available, limit - ((used or 0) >> 20)))
    return Memory(total, available)


def limits() -> Limits:
    """What this user and process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_files = sys.maxsize if soft == resource.RLIM_INFINITY else soft
    return Limits(open_files, _number(_INOTIFY / "max_user_watches"), _number(_INOTIFY / "max_user_instances"))


def file_system(path: Path) -> str:
    """The type of the file system that path is on, or will be: ext4, nfs4, apfs; "" where the platform does not tell."""
    place = _existing(path)
    mounts = [m for m in psutil.disk_partitions(all=True) if place.is_relative_to(m.mountpoint)]
    return max(mounts, key=lambda m: len(m.mountpoint)).fstype if mounts else ""


def is_network(file_system: str) -> bool:
    """Whether files there are on another machine: no inotify of its changes, and locks that cannot be trusted."""
    return any(word in file_system.lower() for word in NETWORK)


def free_gb(path: Path) -> float:
    """Free space for this user where path is, or will be, in GiB."""
    return shutil.disk_usage(_existing(path)).free / 2**30


def is_root() -> bool:
    return os.geteuid() == 0


def _existing(path: Path) -> Path:
    place = path.resolve()
    return next(p for p in (place, *place.parents) if p.exists())


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # not Linux, or no limit ("max")
        return None
