"""What `org start` refuses although the config is right: a night that would measure nothing. Each refusal names the
command that mends it; `--anyway` lifts those that a person may mean, and is remembered by the lab."""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from org.config import Config, Rung
from org.lab import environment
from org.lab.lab import Lab
from org.model.errors import OrgError, Refused
from org.runs.devices import Device, models, of_races
from org.runs.gpus import Reading
from org.science import forecast
from org.science.protocol import Protocol, preset
from org.store import meta

EPOCHS = 4.0  # up to here repeated text is worth about as much as new text. Source: Muennighoff et al. 2023, arXiv 2305.16264
TRIES, EFFECTS = 150, (2.0, 3.0)  # played races of each effect (in sigmas), to say what a small pool sees
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
    told = _raise(lab, wrong_devices(lab.config, lab.devices, cards, hidden), anyway)
    return told + [f"{guard.why}; {guard.mend}" for guard in (*small_pools(lab.config), *other_models(lab.devices))]


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


def small_pools(config: Config) -> list[Guard]:
    """Rungs whose races would see next to nothing, with what they see: played over edits as public logs have them."""
    ladder, protocol = config.task.ladder, preset(config.protocol.preset)
    raced = [number for number in sorted({0, len(ladder) - 1}) if ladder[number].pool < protocol.pool_size]
    return [_small_pool(number, ladder[number].pool, protocol) for number in raced]


def _small_pool(number: int, seeds: int, protocol: Protocol) -> Guard:
    def kept(pool_size: int) -> list[str]:
        source = random.Random(0)  # the same config gets the same sentence
        played = replace(protocol, pool_size=pool_size)
        odds = forecast.curve(
            TRIES, forecast.TYPICAL_MIX, played, lambda: source.gauss(0.0, 1.0), EFFECTS, prior_df=protocol.earlier_df
        )
        return [f"{each.kept:.0%}" for each in odds]

    (less, more), usual = EFFECTS, protocol.pool_size
    why = (
        f"task.ladder[{number}].pool: {seeds}: with so few seeds a race, even once earlier baselines tell of the noise, keeps a "
        f"gain of {less:g} and {more:g} σ in about {' and '.join(kept(seeds))}; with {usual} in {' and '.join(kept(usual))}"
    )
    return Guard(why, f"leave `pool` out of that rung: it has {protocol.pool_size} then")


def other_models(devices: Sequence[Device]) -> list[Guard]:
    """Cards that would mostly idle: values of two models are never compared, so races are run on one."""
    racing = of_races(devices)
    others = [device for device in devices if device not in racing]
    if not others:
        return []
    names = ", ".join(device.name for device in others)
    why = (
        f"devices of {len({device.model for device in devices})} models ({models(devices)}): races and baselines are run on "
        f"{racing[0].model} only, and only `org try` uses {names}"
    )
    return [Guard(why, f"give them a lab of their own: a second config with another `lab`, `comms` and `devices: [{names}]`")]


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
