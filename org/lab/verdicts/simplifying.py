"""The claim "not worse by more than a margin" in a lab: its three answers in words, and the margin that noise suggests."""

import sqlite3
from collections.abc import Sequence

from org.lab.lab import Lab
from org.lab.verdicts import noise
from org.model.experiment import Event, Experiment
from org.model.program import Program
from org.science import forecast, power, simplify
from org.science.decision import Cause, Decision
from org.science.power import Margin
from org.science.protocol import Protocol
from org.science.simplify import Answer
from org.store.tables import PROGRAMS

EVENTS = {Answer.HOLDS: Event.KEEP, Answer.REGRESSES: Event.DISCARD, Answer.CANNOT_TELL: Event.PARK}


def conclude(
    lab: Lab, con: sqlite3.Connection, experiment: Experiment, base: Sequence[float | None], cand: Sequence[float],
    decision: Decision, protocol: Protocol,
) -> tuple[Event, str]:  # fmt: skip
    """How its race ends, and why. A change without any effect stays discarded: there is nothing to merge for the metric."""
    if decision.cause is Cause.NO_EFFECT:
        return Event.DISCARD, decision.reason
    found = simplify.answer(base, cand, experiment.margin, decision, protocol)
    told = [found.reason]
    if found.answer is Answer.CANNOT_TELL:
        more = "K" if found.more_runs is None else str(found.more_runs)
        told.append(f"`org continue {experiment.id} --runs {more}` races it on")
        usual = default_margin(lab, con, PROGRAMS.get(con, experiment.program))
        told += [f"default margin {usual.reason}"] if usual else []
    return EVENTS[found.answer], "; ".join(told)


def default_margin(lab: Lab, con: sqlite3.Connection, program: Program) -> Margin | None:
    """The smallest margin at which a neutral change passes four times in five at the head's noise; None before it is
    measured. Until same-seed differences are known their usual share of the noise is assumed."""
    found = noise.of_program(lab, con, program)
    if found.sigma is None:
        return None
    spread = found.spread or lab.protocol.half_spread_sigmas * found.sigma
    return power.default_margin(found.sigma, found.df, forecast.correlation(spread, found.sigma), lab.protocol)
