"""What `org start` refuses although the config is right: a night that would measure nothing. Each refusal names the
command that mends it; `--anyway` lifts those that a person may mean, and is remembered by the lab."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from org.config import Config, Rung
from org.lab import environment
from org.lab.lab import Lab
from org.model.errors import OrgError, Refused
from org.runs.devices import Device
from org.runs.gpus import Reading
from org.store import meta

EPOCHS = 4.0  # up to here repeated text is worth about as much as new text. Source: Muennighoff et al. 2023, arXiv 2305.16264
CPU_SIZED = {"flop": 1e14, "tok": 2e6}  # a quarter of an hour of one core; on a GPU over before its clocks are up


@dataclass(frozen=True, slots=True)
class Guard:
    """Why nothing is started, and what mends it. liftable: whether a person may mean it."""

    why: str
    mend: str
    liftable: bool = True

    def __str__(self) -> str:
        return f"{self.why}\n  mend it: {self.mend}"


def before(lab: Lab, cards: Reading, hidden: int, anyway: bool) -> list[str]:
    """Before anything is made: is this the right machine for the config? Refused, or what was lifted, as warnings.

    hidden: cards that the driver has and this process does not see.
    """
    return _raise(lab, wrong_devices(lab.config, lab.devices, cards, hidden), anyway)


def after(lab: Lab, anyway: bool) -> list[str]:
    """After the task was prepared: is its data there, and enough? Refused, or warnings."""
    try:
        return _raise(lab, wrong_data(lab), anyway)
    except Refused:
        raise
    except OrgError as error:  # an older root may not know the question; that is no reason to stand still
        return [f"nobody knows how often a run passes its corpus: {error}"]


def wrong_devices(config: Config, devices: Iterable[Device], cards: Reading, hidden: int) -> list[Guard]:
    """A lab on the CPU beside idle GPUs, or a CPU's run on GPUs."""
    budget = config.task.ladder[0].run_budget
    if any(device.kind == "cuda" for device in devices):
        if _is_cpu_sized(budget):
            why = f"task.ladder[0].run_budget: {budget} is a run for a CPU; on {next(iter(devices)).model} it measures nothing"
            return [Guard(why, _other_profile(len(cards.gpus)))]
        return []
    if cards.trouble:
        why = f"there is an NVIDIA driver that does not answer ({cards.trouble}); the lab would run on the CPU"
        return [Guard(why, "repair the driver until `nvidia-smi` works, or `org start --anyway`")]
    if hidden > len(cards.gpus):
        why = f"the driver has {hidden} GPUs and this shell sees {len(cards.gpus)}; the lab would run on the CPU"
        return [Guard(why, "start it outside the sandbox or container that hides /dev/nvidia*, or `org start --anyway`")]
    idle = [gpu for gpu in cards.gpus if gpu.idle]
    if idle:
        why = f"every device of the config is a CPU, and {len(idle)} GPUs are idle here ({idle[0].model})"
        return [Guard(why, f"write `devices: auto`; a whole config: {_other_profile(len(cards.gpus))}")]
    return []


def wrong_data(lab: Lab) -> list[Guard]:
    """Data that is not there, and a GPU's run that would read its corpus more than EPOCHS times."""
    task, data = lab.config.task, lab.layout.data
    if "{data}" in task.command and not task.prepare and not any(data.iterdir()):
        why = f"task.command reads {{data}}, but {data} is empty and the config has no task.prepare"
        return [Guard(why, f"add `prepare:` to the task, or put the data into {data}", liftable=False)]
    on_gpu = any(device.kind == "cuda" for device in lab.devices)
    if task.epochs is None or not (on_gpu or task.prepare is None):
        return []
    for rung in task.ladder if on_gpu else task.ladder[:1]:
        told = environment.epochs(lab, rung)
        missing = told.get("missing")
        if isinstance(missing, list) and missing:
            why = f"{data} lacks {', '.join(map(str, missing))}"
            return [Guard(why, str(told.get("mend") or task.prepare or "prepare the task again"), liftable=False)]
        times = told.get("epochs")
        if on_gpu and isinstance(times, int | float) and times > EPOCHS:
            return [_too_often(rung, told, float(times))]
    return []


def _too_often(rung: Rung, told: dict[str, object], times: float) -> Guard:
    tokens, have = told.get("tokens"), told.get("train_tokens")
    counted = f" ({tokens:,} of {have:,} tokens)" if isinstance(tokens, int) and isinstance(have, int) else ""
    guess = "at least " if told.get("estimated") else ""
    why = (
        f"a run of {rung.run_budget} would pass its corpus {guess}{times:.0f} times{counted}: beyond {EPOCHS:.0f} it measures "
        "how well a text is learned by heart"
    )
    mend = "name a larger corpus in task.prepare and a fresh `comms` folder"
    if match := re.fullmatch(r"([\d.e]+)(flop|tok|step|s)", rung.run_budget):
        mend += f", or lower run_budget to {float(match[1]) * EPOCHS / times:.2g}{match[2]}".replace("e+", "e")
    return Guard(why, mend)


def _is_cpu_sized(budget: str) -> bool:
    match = re.fullmatch(r"(.+?)(flop|tok)", budget)
    return match is not None and float(match[1]) < CPU_SIZED[match[2]]


def _other_profile(gpus: int) -> str:
    name = "h100x8" if gpus >= 8 else "gpu1"
    return f"`org init . --profile {name} --out {name}.yaml`, then `org start --config {name}.yaml`"


def _raise(lab: Lab, guards: list[Guard], anyway: bool) -> list[str]:
    """Refuse what is not lifted. Once a person has said --anyway, the next start (after a crash, at night) goes too."""
    lifted = anyway or meta.get(lab.ledger.reader, "anyway") is not None
    standing = [guard for guard in guards if not (guard.liftable and lifted)]
    if standing:
        way = "\n`org start --anyway` starts it as it is" if all(g.liftable for g in standing) else ""
        raise Refused("\n".join(map(str, standing)) + way)
    if guards and anyway:
        with lab.ledger.transaction() as tx:
            meta.put(tx, "anyway", "; ".join(guard.why for guard in guards))
    return [f"{guard.why} (started anyway)" for guard in guards]
