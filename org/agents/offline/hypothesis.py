"""A change as a hypothesis: why, from the nearest known result, and what is expected, with sign and size."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from org.agents.offline import space as spaces
from org.agents.offline import trials as past
from org.agents.offline.proposer import Change
from org.agents.offline.recipe import Value
from org.agents.offline.space import Dimension, Range, Space
from org.agents.offline.trials import Effect, Trial
from org.model.experiment import IN_HEAD
from org.model.idea import Idea

REACH = 0.2
"""How far along its range a known result still speaks for a value (standard deviation of a Gaussian weight)."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """predicted_gain: metric units, positive is better; None when nothing is known that could size it."""

    subject: str
    because: str
    predict: str
    predicted_gain: float | None


def state(
    change: Change, space: Space, trials: Sequence[Trial], *, claim: str, margin: float, idea: Idea | None = None
) -> Hypothesis:
    """The hypothesis in words. claim, margin: the program's."""
    known = past.effects(change.key, change.before, trials)
    dimension = space.get(change.key)
    gain = _expected(change, dimension, known)
    sigma = past.noise(trials)
    return Hypothesis(
        subject=f"{change.key} {shown(change.before)} → {shown(change.after)}",
        because=_because(change, dimension, known, trials, idea),
        predict=_predict(change, claim, margin, gain, sigma),
        predicted_gain=gain,
    )


def shown(value: Value) -> str:
    """A value as the recipe writes it, floats short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def in_words(trial: Trial) -> str:
    """One past result: E12 (0.65 → 0.4): better by 0.0041 ± 0.0008, z 3.1."""
    if trial.gain is None:
        return f"{trial.experiment} ({shown(trial.before)} → {shown(trial.after)}): {trial.state.value}"
    side = "better" if trial.gain > 0 else "worse"
    error = f" ± {trial.se:.2g}" if trial.se else ""
    z = f", z {trial.z:.2f}" if trial.z is not None else ""
    change = f"{shown(trial.before)} → {shown(trial.after)}"
    return f"{trial.experiment} ({change}): {side} by {abs(trial.gain):.3g}{error}{z}, {trial.state.value}"


def _because(
    change: Change, dimension: Dimension | None, known: Sequence[Effect], trials: Sequence[Trial], idea: Idea | None
) -> str:
    parts = [f"Idea {idea.id} by {idea.author}: {idea.text}."] if idea else []
    if known:
        nearest = min(known, key=lambda e: _far(dimension, e.value, change.after))
        parts.append(f"Nearest known result: {in_words(nearest.trial)}.")
    else:
        parts.append(f"Nobody in this program has measured {change.key} yet; the head has {shown(change.before)}.")
        merged = next((t for t in reversed(trials) if t.state in IN_HEAD), None)
        if merged:
            parts.append(f"The last change that helped was {merged.key}, {in_words(merged)}.")
    parts.append(f"If {change.key} matters at this budget, {shown(change.after)} shows it in the first runs.")
    return " ".join(parts)


def _predict(change: Change, claim: str, margin: float, gain: float | None, sigma: float | None) -> str:
    noise = f"; the noise of one run is {sigma:.2g}" if sigma else ""
    if claim == "simplify":
        return f"not worse by more than the margin {margin:g}{noise}"
    if gain is None:
        return f"nothing sizes it yet: most changes do nothing, so a gain near 0{noise}"
    side = "better" if gain > 0 else "worse, tried to bound the range" if gain < 0 else "no change"
    return f"{side}, by about {abs(gain):.2g}{noise}"


def _expected(change: Change, dimension: Dimension | None, known: Sequence[Effect]) -> float | None:
    """Known gains around the new value, weighted by nearness, with the head's own 0 among them."""
    if not known:
        return None
    points: list[tuple[Value, float]] = [(change.before, 0.0), *((e.value, e.gain) for e in known)]
    weights = [math.exp(-0.5 * (_far(dimension, value, change.after) / REACH) ** 2) for value, _ in points]
    total = sum(weights)
    if total < 1e-9:
        return None
    # One result's worth of "does nothing" keeps a single lucky neighbour from promising its whole gain.
    return sum(w * gain for w, (_, gain) in zip(weights, points, strict=True)) / (total + weights[0] + 0.5)


def _far(dimension: Dimension | None, one: Value, other: Value) -> float:
    """Distance along the range; 1 between different values where there is none."""
    if spaces.same(None, one, other):
        return 0.0
    if not isinstance(dimension, Range) or isinstance(one, str) or isinstance(other, str):
        return 1.0
    distance = abs(spaces.position(dimension, one) - spaces.position(dimension, other))
    return distance if math.isfinite(distance) else 1.0


def recipe_line(change: Change, values: Mapping[str, Value]) -> str:
    """The recipe's line before and after, for a pane."""
    return f"{change.key}: {shown(values[change.key])} → {shown(change.after)}"
