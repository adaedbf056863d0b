"""The scale at which runs are made: a rung's depth, budget and devices. Races are run at the first rung, a screen at a
share of its budget; whatever is measured at one setting is never compared with another's."""

import re
from dataclasses import dataclass, replace

from org.lab.lab import Lab
from org.model.errors import Refused
from org.model.pool import Pool
from org.science.protocol import Protocol

RACE = 0  # the rung of every race
BUDGET = re.compile(r"(\d+(?:\.\d+)?(?:e\d+)?)(step|tok|flop|s)")


@dataclass(frozen=True, slots=True)
class Setting:
    """budget: as the task's command takes it. gang: devices a run. pool_size: seeds of a full pool. screens: a screen's."""

    rung: int
    depth: int | None
    budget: str
    gang: int
    pool_size: int
    screens: bool = False


def of_rung(lab: Lab, rung: int) -> Setting:
    """Full runs at that rung of the ladder. Raises IndexError for one that the config does not have."""
    at = lab.config.task.ladder[rung]
    return Setting(rung, at.depth, at.run_budget, at.devices, min(at.pool, lab.protocol.pool_size))


def timeout_min(lab: Lab, rung: int) -> float:
    """Minutes after which a run of that rung is ended: its own, else the task's."""
    task = lab.config.task
    own = task.ladder[rung].timeout_min if rung < len(task.ladder) else None
    return task.timeout_min if own is None else own


def of_race(lab: Lab) -> Setting:
    """Full runs at the first rung."""
    return of_rung(lab, RACE)


def race_protocol(lab: Lab) -> Protocol:
    """The protocol with the first rung's pool: a smaller one is full when it is full, and sees less."""
    return replace(lab.protocol, pool_size=of_race(lab).pool_size)


def of_screen(lab: Lab) -> Setting:
    """Short runs at the first rung."""
    full, rules = of_race(lab), lab.protocol.screen
    return Setting(RACE, full.depth, scaled(full.budget, rules.budget_share), full.gang, rules.pool_size, screens=True)


def of_pool(lab: Lab, pool: Pool) -> Setting | None:
    """The setting that a pool belongs to; None when the config no longer has it."""
    known = [of_rung(lab, rung) for rung in range(len(lab.config.task.ladder))]
    return next((s for s in (*known, of_screen(lab)) if (s.rung, s.budget) == (pool.rung, pool.budget)), None)


def scaled(budget: str, share: float) -> str:
    """A share of a budget in its own unit: 0.7 of 400step is 280step."""
    parts = BUDGET.fullmatch(budget)
    if parts is None:
        raise Refused(f"budget {budget}: want 400step, 5e7tok, 2e15flop or 300s")
    amount = float(parts[1]) * share
    return f"{max(1, round(amount))}step" if parts[2] == "step" else f"{amount:.12g}{parts[2]}".replace("e+", "e")
