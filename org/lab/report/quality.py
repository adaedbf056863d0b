"""Whose ideas are good, and which turned out wrong: per agent, backend and program, from verdicts."""

import math
import sqlite3
from collections.abc import Mapping, Sequence

from org.comms.figures import gain, table
from org.lab.lab import Lab
from org.lab.memory import footprints
from org.lab.memory.footprints import Footprint
from org.lab.spend import standin
from org.model.experiment import IN_HEAD, Experiment
from org.science import scores
from org.science.scores import Idea, Score
from org.store import agents
from org.store.tables import EVENTS

WRONG_TURNS = 5
STAND_IN, PERSON, GONE = "stand-in", "a person", "no longer here"
HEAD = ("", "kept", "hit rate, 90 %", "predictions that hit", "promised too much by", "values only")
TOLD = (
    f"Kept: in a head. A prediction hits when it lies within the {scores.COVERS:.0%} interval of what was measured: who knew "
    f"the truth would hit {scores.COVERS:.0%}. Values only: nothing but other numbers in the recipe, which a sweep finds as well."
)


def page(lab: Lab, con: sqlite3.Connection, decided: Sequence[Experiment], span: str) -> str:
    """The section; "" before the first verdict. span: which time the verdicts are of, as the beginning of a sentence."""
    if not decided:
        return ""
    prints = footprints.known(lab, decided)
    ideas = [(e, idea_of(e, prints)) for e in decided]
    backends, persons = _backends(con), _by_persons(con)
    keys = {e.id: (e.author, PERSON if e.id in persons else backends.get(e.author, GONE), e.program) for e in decided}
    body: list[Sequence[object]] = []
    for column, form in enumerate(("{}", "backend {}", "program {}")):
        groups: dict[str, list[Idea]] = {}
        for e, idea in ideas:
            groups.setdefault(keys[e.id][column], []).append(idea)
        body += [_row(form.format(key), scores.of(groups[key])) for key in sorted(groups)]
    told = f"{span}, by agent, backend and program. {TOLD}"
    return f"## Whose ideas are good\n\n{table(HEAD, body)}\n\n{told}"


def idea_of(e: Experiment, prints: Mapping[str, Footprint]) -> Idea:
    """An experiment as it counts for a score."""
    footprint = prints.get(e.id)
    values = None if footprint is None else bool(footprint.recipe) and not footprint.paths
    if e.decision.get("cause") == "no_effect":  # a tree that computes the same: its gain is 0, and no estimate
        return Idea(e.state in IN_HEAD, e.predicted_gain, e.measured_gain, values_only=values)
    se, df = e.decision.get("se"), e.decision.get("df")
    if not isinstance(se, int | float) or not isinstance(df, int | float):
        return Idea(e.state in IN_HEAD, values_only=values)
    return Idea(e.state in IN_HEAD, e.predicted_gain, e.measured_gain, float(se), float(df) if df > 0 else math.inf, values)


def wrong_turns(decided: Sequence[Experiment], link: str = "{}") -> str:
    """The predictions that failed most, each with the reason it had. link: {} is the experiment's id."""
    lines = [
        f"- **{link.replace('{}', e.id)}** {one_line(e.subject)} ({e.author}): predicted {gain(e.predicted_gain)}, measured "
        f"{gain(e.measured_gain)}. Its reason had been: “{one_line(e.because)}”"
        for e in most_wrong(decided)
    ]
    return "## Wrong turns\n\n" + "\n".join(lines) if lines else ""


def most_wrong(decided: Sequence[Experiment]) -> list[Experiment]:
    """Whose predictions failed most, of those that are in no head and promised more than the noise explains."""
    off = [e for e in decided if e.state not in IN_HEAD and scores.fell_short(idea_of(e, {}))]
    return sorted(off, key=lambda e: (e.measured_gain or 0.0) - (e.predicted_gain or 0.0))[:WRONG_TURNS]


def one_line(words: str) -> str:
    """Words of an agent inside a line of a page."""
    return " ".join(words.split())


def _backends(con: sqlite3.Connection) -> dict[str, str]:
    """Author → backend, as of now; what the lab proposes while an agent is away is nobody's idea."""
    here = {agent.name: agent.backend for agent in agents.everyone(con)}
    return here | {standin.name(name): STAND_IN for name in here}


def _by_persons(con: sqlite3.Connection) -> set[str]:
    """What a person proposed in an agent's place."""
    tail = "WHERE kind = 'experiment.proposed' AND actor LIKE 'human via %'"
    return {event.subject for event in EVENTS.select(con, tail)}


def _rate(share: float) -> str:
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def _row(name: str, made: Score) -> Sequence[object]:
    hits = f"{made.inside} of {made.predictions}" if made.predictions else "–"
    off = "–" if made.bias is None else gain(made.bias) + ("" if made.bias_se is None else f" ± {made.bias_se:.4f}")
    share = f"{made.values_only / made.sized:.0%}" if made.sized else "–"
    return name, f"{made.kept} of {made.ideas}", f"{_rate(made.low)} to {_rate(made.high)}", hits, off, share
