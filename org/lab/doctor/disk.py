"""Free space against what the lab will keep, and whether its files are on this machine."""

from collections.abc import Iterator

from org.config import Config
from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.runs import host

VOCAB = 32_768  # a common one; for an estimate of a model's size
SNAPSHOTS_GB = 0.5


def examine(subject: Subject) -> Iterator[Finding]:
    """Where the lab keeps its files; without a lab nothing is known of it."""
    if subject.layout is None or subject.config is None:
        return
    comms = subject.layout.comms
    yield judge(host.free_gb(comms), wanted_gb(subject.config, len(subject.devices())), subject.config.limits.min_free_gb)
    kind = host.file_system(comms)
    if host.is_network(kind):
        says = f"{comms} is on {kind}: SQLite's log and the locks need a local disk, and changes of other hosts are not seen"
        yield warning("file system", says, "`comms:` in the config names a folder on a local disk")
    else:
        yield ok("file system", kind or "local, as far as can be told")


def wanted_gb(config: Config, devices: int) -> float:
    """GiB that pools, running runs and snapshots of the first rung will take, roughly, above limits.min_free_gb."""
    rung = config.task.ladder[0]
    return (rung.pool + devices) * checkpoint_gb(rung.depth or 0) + SNAPSHOTS_GB


def checkpoint_gb(depth: int) -> float:
    """Float32 weights of a GPT of that depth and width 64 × depth, with value tables at every other layer."""
    width = 64 * depth
    matrices, tables = 12 * depth * width**2, (2 + depth / 2) * VOCAB * width
    return (matrices + tables) * 4 / 2**30


def judge(free: float, wanted: float, reserve: float) -> Finding:
    """All in GiB. reserve: limits.min_free_gb, below which no run starts."""
    says = f"{free:.1f} GiB are free; the lab wants about {wanted:.1f}, and keeps {reserve:g} free"
    if free < reserve:
        return problem("disk", says, "free some space; in a lab, `org gc` removes what nothing needs")
    if free < reserve + wanted:
        return warning("disk", says, "free some space before a night, or let `comms:` name a larger disk")
    return ok("disk", says)
