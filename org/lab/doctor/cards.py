"""Devices: what the config asks for, and what would make a GPU slower, wrong or somebody else's."""

from collections.abc import Iterator

from org.lab import guards
from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.model.errors import OrgError
from org.runs import devices
from org.runs.gpus import Gpu

GPU_DEPTH = 6  # from here on a run of a useful length is a GPU's


def examine(subject: Subject) -> Iterator[Finding]:
    """The config's devices, the driver, then card by card what is wrong with it."""
    if subject.config is not None:
        yield from _wanted(subject)
    if subject.cards.trouble:
        fix = "reboot, or install the driver and the library of one version, until `nvidia-smi` works"
        yield problem("NVIDIA", f"the driver does not answer: {subject.cards.trouble}", fix)
    elif subject.hidden > len(subject.cards.gpus):
        says = f"the driver has {subject.hidden} GPUs, {len(subject.cards.gpus)} can be seen from here"
        yield problem("NVIDIA", says, "give this container or sandbox the devices (/dev/nvidia*), or start outside of it")
    elif subject.cards.gpus:
        yield ok("NVIDIA", f"driver {subject.cards.driver}, {len(subject.cards.gpus)} × {subject.cards.gpus[0].model}")
    masked = subject.environ.get("CUDA_VISIBLE_DEVICES")
    if subject.cards.gpus and masked and subject.config is not None and subject.config.devices == "auto":
        says = f"CUDA_VISIBLE_DEVICES={masked} here, but `devices: auto` takes every GPU of the machine"
        yield warning("devices", says, "name the ones that are yours: `devices: [cuda:0, cuda:1]`")
    for gpu in subject.cards.gpus:
        yield from ills(gpu, devices.holder(gpu.name, subject.locks))


def ills(gpu: Gpu, holder: str | None) -> Iterator[Finding]:
    """What is wrong with one card. holder: which run of a lab has it, if one has."""
    if gpu.compute_mode == "prohibited":
        yield problem(gpu.name, "its compute mode is prohibited: nothing can run on it", f"sudo nvidia-smi -i {gpu.index} -c 0")
    if gpu.mig:
        says = "MIG is on: a run gets a slice, and slices are not comparable with whole cards"
        yield warning(gpu.name, says, f"ask its administrator to turn it off (nvidia-smi -i {gpu.index} -mig 0), or leave it out")
    if gpu.ecc_errors:
        says = f"{gpu.ecc_errors} uncorrected memory errors since the driver was loaded"
        yield problem(gpu.name, says, "leave it out of `devices`, and have the card looked at")
    if gpu.slowed:
        fix = "look at its cooling and power; compare runs of other cards only among themselves"
        yield warning(gpu.name, f"its clock is lowered: {', '.join(gpu.slowed)}", fix)
    if not gpu.idle and holder is None:
        says = f"somebody else uses it: {gpu.used_mb} MiB, {_processes(gpu)}"
        yield warning(gpu.name, says, "end that program, or leave the card out of `devices`: runs beside it are invalid")


def _processes(gpu: Gpu) -> str:
    return f"processes {', '.join(map(str, gpu.processes))}" if gpu.processes else "by a process that is not shown here"


def _wanted(subject: Subject) -> Iterator[Finding]:
    assert subject.config is not None
    try:
        found = devices.discover(subject.config.devices)
    except OrgError as error:
        yield problem("devices", str(error), "`devices: auto` takes what is here")
        return
    wrong = guards.wrong_devices(subject.config, found, subject.cards, subject.hidden)
    for guard in wrong:
        yield problem("devices", guard.why, guard.mend)
    rung = subject.config.task.ladder[0]
    if not wrong and found[0].kind == "cpu" and (rung.depth or 0) >= GPU_DEPTH:
        says = f"the first rung has depth {rung.depth}, and the only devices are CPUs: a run would take days"
        yield warning("devices", says, "a machine with a GPU, or `org init . --profile laptop --out laptop.yaml`")
    elif not wrong:
        for guard in guards.other_models(found):
            yield warning("devices", guard.why, guard.mend)
        yield ok("devices", ", ".join(device.name for device in found) + f" ({devices.models(found)})")
