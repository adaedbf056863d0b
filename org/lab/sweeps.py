"""`org sweep`: ask for one, end one. What it then does is studies/sweep.py's."""

import re
from collections.abc import Mapping
from datetime import datetime
from statistics import median
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from org.agents.offline import recipe
from org.agents.offline import space as spaces
from org.agents.offline.recipe import Value
from org.lab.lab import Lab
from org.lab.studies import engine, sweep
from org.model.agent import Agent, State
from org.model.errors import Refused, UsageError
from org.model.message import OFFICE
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.study import Kind, Study
from org.runs import executor
from org.store import studies
from org.store.tables import AGENTS, PROGRAMS, RUNS, STUDIES
from org.workspace import changes, snapshots, trees, worktrees

TRIALS = 12
SHARE = 0.25  # of the run budget: what a screen spends
BUDGET = re.compile(r"(\d+(?:\.\d+)?(?:e\d+)?)(step|tok|flop|s)")


def ask(lab: Lab, name: str, keys: str, trials: int, budget: str | None, actor: str, now: datetime) -> Study:
    """Queue a sweep from the agent's committed tip. keys: `lr,decay` of the brief's space, or with a range of their own:
    `lr=0.1..0.5:log,kind=a|b`; empty: the whole space. Refused, with the way out, when it cannot be done."""
    program = _program(lab, AGENTS.get(lab.ledger.reader, name))
    status = worktrees.status(lab.layout.worktree(name))
    if status.dirty:
        raise Refused(f"not committed: {', '.join(status.dirty[:5])}; a sweep starts from your commit")
    return _queue(lab, program, name, status.commit, keys, trials, budget, actor, now)


def at_head(lab: Lab, program: Program, name: str, trials: int, now: datetime) -> Study:
    """Queue a sweep of the whole space from the program's head, for an agent that is away: its letter waits for it."""
    assert program.head_commit is not None
    return _queue(lab, program, name, program.head_commit, "", trials, None, OFFICE, now)


def _queue(
    lab: Lab, program: Program, name: str, commit: str, keys: str, trials: int, budget: str | None, actor: str, now: datetime
) -> Study:
    con = lab.ledger.reader
    assert program.root_commit is not None
    path = _recipe_path(lab, program)
    tree = snapshots.run_tree(lab.git, program.root_commit, commit, program.editable, lab.config.task.protected)
    head = _values(lab, tree, path)
    space = _space(program, keys, head)
    plan: dict[str, Any] = {
        "agent": name, "commit": commit, "tree": tree, "path": path, "space": space,
        "head": {key: head[key] for key in space}, "budget": _budget(lab, budget), "trials": trials,
        "values": [], "trees": [],
    }  # fmt: skip
    with lab.ledger.transaction() as tx:
        mine = [s for s in studies.open_(tx, Kind.SWEEP) if s.plan["agent"] == name]
        if mine:
            raise Refused(f"{mine[0].id} of {name} is not done yet; `org sweep {mine[0].id} --cancel` ends it")
        study = studies.ask(tx, Kind.SWEEP, program.slug, actor, now, program.slug, **plan)
    sweep.write_page(lab, con, study)
    return study


def get(lab: Lab, id: str) -> Study:
    """A sweep by its name; Refused for a study of another kind."""
    study = STUDIES.get(lab.ledger.reader, id)
    if study.kind is not Kind.SWEEP:
        raise Refused(f"{id} is no sweep but a study of the lab ({study.kind.value})")
    return study


def cancel(lab: Lab, id: str, actor: str, now: datetime) -> str:
    """End a sweep: no trial begins any more, a running one is ended. What it measured stays on its page."""
    study = get(lab, id)
    with lab.ledger.transaction() as tx:
        running = engine.cancel(tx, study, f"cancelled by {actor}", now)
    for run in running:
        executor.cancel(lab.layout.run(run))
    sweep.write_page(lab, lab.ledger.reader, get(lab, id))
    return f"{id} is cancelled; its page stays: `org sweep {id}`"


def seconds(lab: Lab, study: Study) -> float | None:
    """About how much device time it takes; None before a full run has ended."""
    full = RUNS.select(lab.ledger.reader, "WHERE budget = ? AND state = 'succeeded'", lab.rung.run_budget)
    known = [run.total_seconds for run in full if run.total_seconds]
    part = _amount(study.plan["budget"])[0] / _amount(lab.rung.run_budget)[0]
    return median(known) * part * (study.plan["trials"] + sweep.BASE_RUNS) if known else None


def share(budget: str, part: float) -> str:
    """A part of a budget, in its own unit: a quarter of 100step is 25step."""
    amount, unit = _amount(budget)
    if unit == "step":
        return f"{max(1, int(amount * part))}step"
    return f"{amount * part:.12g}{unit}".replace("e+", "e")


def _amount(budget: str) -> tuple[float, str]:
    found = BUDGET.fullmatch(budget)
    if found is None:
        raise UsageError(f"--budget {budget}: write 400step, 5e7tok, 2e15flop or 300s")
    return float(found[1]), found[2]


def _budget(lab: Lab, wanted: str | None) -> str:
    full = lab.rung.run_budget
    if wanted is None:
        return share(full, SHARE)
    (amount, unit), (most, of) = _amount(wanted), _amount(full)
    if unit != of:
        raise UsageError(f"--budget {wanted}: a run's budget is {full}; give it in the same unit")
    if not 0 < amount <= most:
        raise UsageError(f"--budget {wanted}: more than 0 and at most {full}, one full run")
    return wanted


def _program(lab: Lab, agent: Agent) -> Program:
    if agent.program is None:
        raise Refused(f"{agent.name} has no program, so there is nothing to sweep")
    if agent.state is State.PAUSED:
        raise Refused(f"{agent.name} is paused ({agent.reason or 'no reason was given'})")
    program = PROGRAMS.get(lab.ledger.reader, agent.program)
    if program.state is not ProgramState.OPEN:
        raise Refused(f"program {program.slug} is {program.state.value}; nothing is swept in it")
    return program


def _recipe_path(lab: Lab, program: Program) -> str:
    found = [p for p in lab.config.task.recipe if changes.is_editable(p, program.editable, lab.config.task.protected)]
    if not found:
        raise Refused(f"program {program.slug} may edit no recipe (task.recipe); there are no values to sweep")
    return found[0]


def _values(lab: Lab, tree: str, path: str) -> dict[str, Value]:
    blob = trees.blob_at(lab.git, tree, path)
    if blob is None:
        raise Refused(f"{path} is not in your commit; there are no values to sweep")
    return recipe.values(trees.text(lab.git, blob))


def _space(program: Program, keys: str, head: Mapping[str, Value]) -> dict[str, Any]:
    """The brief's ranges of the named keys, or the ranges given with them, checked."""
    words = [word.strip() for word in keys.split(",") if word.strip()]
    named = dict(_named(program, word) for word in words)
    space = named or {key: value for key, value in program.space.items() if key in head}
    if not space:
        raise Refused(f"the brief of {program.slug} has no space; name keys with ranges: --keys lr=0.1..0.5:log")
    unknown = sorted(set(space) - set(head))
    if unknown:
        raise Refused(f"the recipe has no key {', '.join(unknown)}; it has {', '.join(head)}")
    spaces.parse(space, program.slug)
    return space


def _named(program: Program, word: str) -> tuple[str, Any]:
    key, given, text = word.partition("=")
    if given:
        return key.strip(), _range(word, text.strip())
    if key not in program.space:
        known = ", ".join(program.space) or "nothing"
        raise Refused(f"the space of {program.slug} has {known}; give {key} a range: --keys {key}=LOW..HIGH[:log]")
    return key, program.space[key]


def _range(word: str, text: str) -> Any:
    """`0.1..0.5`, `0.1..0.5:log`, `1..8:int`, `a|b|c`."""
    body, _, how = text.partition(":")
    low, dots, high = body.partition("..")
    if dots and how in ("", "log", "int"):
        return {"low": _scalar(low), "high": _scalar(high), **({how: True} if how else {})}
    if "|" in text:
        return [_scalar(value) for value in text.split("|")]
    raise UsageError(f"--keys {word}: write KEY, KEY=LOW..HIGH, KEY=LOW..HIGH:log, KEY=LOW..HIGH:int or KEY=A|B|C")


def _scalar(text: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        raise UsageError(f"--keys: {text!r} is no value") from None
