"""While an agent is away (`when_parked`): `offline`: the offline proposer proposes in its place, in a name of its own, so
that nobody's results are mixed; `sweep`: one sweep of its program's space from each head, whose letter waits for it. Both
work on commits alone: the agent's worktree is left as it is."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from org.agents.offline import recipe, space
from org.agents.offline.recipe import Value
from org.lab import propose, schedule, sweeps
from org.lab.lab import Lab
from org.lab.propose import Proposal
from org.lab.spend import away
from org.model import idea as ideas
from org.model.agent import Agent
from org.model.errors import Refused
from org.model.experiment import Claim
from org.model.program import Program, State
from org.model.study import Kind
from org.store import events, experiments, studies
from org.store import programs as stored_programs
from org.store.tables import EVENTS, EXPERIMENTS, IDEAS, STUDIES
from org.workspace import merges, trees
from org.workspace.git import Git, Identity
from org.workspace.worktrees import WorktreeStatus

EXHAUSTED = "standin.exhausted"
TRIALS = 48  # of a sweep
TRIES = 5  # values that may be refused before it gives up on a program until something changes there


def name(agent: str) -> str:
    """Who signs for the agent while it is away."""
    return f"{agent}-offline"


def step(lab: Lab, now: datetime) -> list[str]:
    """Propose or sweep for agents that are away and have room. Returns what was begun, at most one: it takes a moment."""
    how = lab.config.limits.when_parked
    if how == "backfill" or not lab.config.task.recipe or schedule.held(lab) is not None:
        return []
    return (_propose_for if how == "offline" else _sweep_for)(lab, away.who(lab, now), now)


def _propose_for(lab: Lab, gone: Sequence[Agent], now: datetime) -> list[str]:
    for agent in gone:
        author = name(agent.name)
        if len(experiments.open_of(lab.ledger.reader, author)) >= lab.config.protocol.open_per_agent:
            continue
        for program in _programs(lab, agent):
            made = _propose(lab, program, author, now)
            if made is not None:
                return [made]
    return []


def _sweep_for(lab: Lab, gone: Sequence[Agent], now: datetime) -> list[str]:
    con = lab.ledger.reader
    for agent in gone:
        swept = [s.plan for s in STUDIES.select(con, "WHERE kind = ?", Kind.SWEEP.value) if s.plan["agent"] == agent.name]
        if any(study.plan["agent"] == agent.name for study in studies.open_(con, Kind.SWEEP)):
            continue
        for program in _programs(lab, agent):
            if any(plan["commit"] == program.head_commit for plan in swept):
                continue
            try:
                return [sweeps.at_head(lab, program, agent.name, TRIALS, now).id]
            except Refused:  # its space names no key of the recipe, or the recipe is not its to change
                continue
    return []


def _programs(lab: Lab, agent: Agent) -> list[Program]:
    """Where it may propose: the agent's own program first, then the others that have a space."""
    found = stored_programs.in_state(lab.ledger.reader, State.OPEN)
    wanted = [p for p in found if p.space and p.head_commit is not None and not _is_exhausted(lab, p)]
    return sorted(wanted, key=lambda program: program.slug != agent.program)


def _propose(lab: Lab, program: Program, author: str, now: datetime) -> str | None:
    """The next change of the program's recipe as an experiment of this author; None when nothing is left."""
    # Optuna takes a second to import; only a lab with agents away needs it.
    from org.agents.offline import hypothesis, proposer, trials

    con, path, head = lab.ledger.reader, lab.config.task.recipe[0], program.head_commit
    assert head is not None
    text = _text(lab.git, head, path)
    past = trials.from_experiments(experiments.of_program(con, program.slug), functools.partial(_values, lab.git, path))
    waiting = "WHERE state = ? AND (program IS NULL OR program = ?) ORDER BY id"
    backlog = IDEAS.select(con, waiting, ideas.State.OPEN.value, program.slug)
    dimensions = space.parse(program.space, program.slug)
    declined: list[tuple[str, Value]] = []
    for _ in range(TRIES):
        seed = int.from_bytes(hashlib.sha256(f"{author}/{len(past)}/{len(declined)}".encode()).digest()[:4])
        change = proposer.choose(dimensions, recipe.values(text), past, seed=seed, ideas=backlog, declined=declined)
        if change is None:
            break
        idea = next((i for i in backlog if i.id == change.idea), None)
        said = hypothesis.state(change, dimensions, past, claim=program.claim, margin=program.margin, idea=idea)
        proposal = Proposal(Claim(program.claim), said.subject, said.because, said.predict, said.predicted_gain, idea=change.idea)
        after = recipe.edit(text, change.key, change.after)
        try:
            return _enter(lab, program, author, proposal, {path: after}, now)
        except Refused:
            declined.append((change.key, change.after))
    with lab.ledger.transaction() as tx:
        events.append(tx, EXHAUSTED, program.slug, author, now, stand=_stand(lab, program))
    return None


def _enter(lab: Lab, program: Program, author: str, proposal: Proposal, files: Mapping[str, str], now: datetime) -> str:
    assert program.head_commit is not None
    signed = Identity(author, f"{author}@{lab.config.lab}.org.invalid")
    words = f"{proposal.subject}\n\n{proposal.because}\n\nPredicted: {proposal.predict}\n"
    commit = merges.commit_files(lab.git, program.head_commit, files, words, signed)
    return propose.of_tip(lab, program, author, proposal, WorktreeStatus(None, commit, (), ()), now).id


def _is_exhausted(lab: Lab, program: Program) -> bool:
    """Whether nothing was left, and nothing was proposed or merged in the program since."""
    con = lab.ledger.reader
    found = EVENTS.select(con, "WHERE subject = ? AND kind = ? ORDER BY id DESC LIMIT 1", program.slug, EXHAUSTED)
    return bool(found) and found[0].detail["stand"] == _stand(lab, program)


def _stand(lab: Lab, program: Program) -> str:
    return f"{EXPERIMENTS.count(lab.ledger.reader, 'WHERE program = ?', program.slug)} at {program.head_commit}"


def _values(git: Git, path: str, commit: str) -> Mapping[str, Value] | None:
    text = _text(git, commit, path)
    return recipe.values(text) if text else None


@functools.lru_cache(maxsize=4096)
def _text(git: Git, commit: str, path: str) -> str:
    """The recipe at a commit; "" where there is none. It never changes."""
    blob = trees.blob_at(git, commit, path)
    return "" if blob is None else trees.text(git, blob)
