"""What verbs asked of the supervisor, one function a verb. Each request is answered once: done, or refused with why."""

import sqlite3
from collections.abc import Callable
from datetime import datetime

from org.lab import announce, control, pools, programs, review, scratch, standup, sweeps
from org.lab.drift import drifting
from org.lab.lab import Lab
from org.lab.merging import ablate, headline, revert, roots, stacks
from org.lab.verdicts import continuing
from org.model import agent as agent_model
from org.model.errors import OrgError, Refused
from org.model.experiment import Event, Experiment
from org.model.program import State as ProgramState
from org.model.request import Request, State
from org.model.run import Event as RunEvent
from org.model.run import State as RunState
from org.runs import executor
from org.store import agents, events, experiments, meta, requests, runs
from org.store.tables import AGENTS, EXPERIMENTS, MERGES, PROGRAMS

Handler = Callable[[Lab, Request, datetime], str]


def step(lab: Lab, now: datetime) -> list[str]:
    """Answer every queued request, oldest first."""
    answered = []
    for request in requests.queued(lab.ledger.reader):
        if request.verb == scratch.VERB and scratch.is_waiting(request):  # its own process settles it
            continue
        try:
            state, answer = State.DONE, HANDLERS.get(request.verb, _unknown)(lab, request, now)
        except OrgError as error:
            state, answer = State.REFUSED, str(error)
        except (LookupError, TypeError, ValueError, AssertionError, AttributeError, OSError) as error:
            # Else it would be asked again at every tick, in the way of every later request.
            state, answer = State.REFUSED, f"{request.verb} could not be done: {type(error).__name__}: {error}"
        with lab.ledger.transaction() as tx:
            requests.settle(tx, request.id, state, answer, now)
        answered.append(f"{request.verb}: {answer}")
    return answered


def _pause(lab: Lab, request: Request, now: datetime) -> str:
    target, reason = request.args.get("target"), request.args.get("reason") or f"paused by {request.actor}"
    if target is None:
        with lab.ledger.transaction() as tx:
            meta.put(tx, "paused", reason)
            events.append(tx, "lab.paused", lab.config.lab, request.actor, now, reason=reason)
        return "the lab is paused: running runs finish, none starts"
    if PROGRAMS.find(lab.ledger.reader, target) is not None:
        programs.pause(lab, target, now, request.actor, reason)
        return f"program {target} is paused"
    with lab.ledger.transaction() as tx:
        agents.set_state(tx, AGENTS.get(tx, target).name, agent_model.State.PAUSED, now, reason)
    return f"{target} is paused: it proposes nothing; its experiments race on"


def _resume(lab: Lab, request: Request, now: datetime) -> str:
    target = request.args.get("target")
    if target == drifting.MERGES:
        return drifting.lift(lab, request.actor, request.args.get("reason") or "", now)
    if target is None:
        with lab.ledger.transaction() as tx:
            meta.put(tx, "paused", None)
            events.append(tx, "lab.resumed", lab.config.lab, request.actor, now)
        return "the lab goes on"
    program = PROGRAMS.find(lab.ledger.reader, target)
    if program is not None:
        if program.state is ProgramState.PAUSED:
            programs.resume(lab, target, now, request.actor)
        return f"program {target} goes on"
    with lab.ledger.transaction() as tx:
        row = AGENTS.get(tx, target)
        AGENTS.update(tx, target, deaths=0)
        if row.state in (agent_model.State.PAUSED, agent_model.State.CRASHED):
            agents.set_state(tx, target, agent_model.State.STARTING, now)
    return f"{target} goes on"


def _unknown(lab: Lab, request: Request, now: datetime) -> str:
    if request.verb == scratch.VERB:
        raise Refused("its process ended before it got a device")
    raise Refused(f"this office does not know the verb {request.verb}; it knows {', '.join(sorted(HANDLERS))}")


def _end(event: Event, word: str) -> Handler:
    def handler(lab: Lab, request: Request, now: datetime) -> str:
        id = str(request.args["experiment"])
        reason = f"{word} by {request.actor}: {request.args.get('reason') or 'no reason was given'}"
        with lab.ledger.transaction() as tx:
            experiment = EXPERIMENTS.get(tx, id)
            if experiment.state.value != word:  # else a kill came between these words and their answer
                _refuse_during_merge(tx, experiment)
                moved = experiments.move(tx, id, event, now, request.actor, reason)
                announce.verdict(lab, tx, moved, now)
            # A baseline is everybody's: other races may wait for it.
            waiting = [run for run in runs.outstanding_of(tx, id) if run.purpose not in pools.BASELINES]
            for run in waiting:
                if run.state is RunState.QUEUED:
                    runs.move(tx, run.id, RunEvent.CANCEL, now, reason)
        for run in waiting:
            if run.state is RunState.RUNNING:
                executor.cancel(lab.layout.run(run.id))
        return f"{id} is {word}"

    return handler


def _refuse_during_merge(con: sqlite3.Connection, experiment: Experiment) -> None:
    if MERGES.count(con, "WHERE experiment = ? AND state = 'intent'", experiment.id):
        raise Refused(f"{experiment.id} is being merged this moment; `org revert` will take it out again")
    if experiment.merged_commit is not None:
        raise Refused(f"{experiment.id} is merged; `org revert` will take it out again")


def _program(lab: Lab, request: Request, now: datetime) -> str:
    slug, what = str(request.args["slug"]), request.args["what"]
    match what:
        case "open":
            programs.open_(lab, slug, now, request.actor)
            return f"{slug} is open"
        case "assign":
            programs.assign(lab, slug, str(request.args["agent"]), now, request.actor)
            return f"{request.args['agent']} works on {slug}"
        case "headline":
            return headline.ask(lab, slug, int(request.args["runs"]), now)
        case "close":
            programs.close(lab, slug, now, request.actor, request.args.get("reason") or "")
            return f"{slug} is closed"
        case _:
            raise Refused(f"programs have no verb {what}")


def _sweep(lab: Lab, request: Request, now: datetime) -> str:
    return sweeps.cancel(lab, str(request.args["id"]), request.actor, now)


def _continue(lab: Lab, request: Request, now: datetime) -> str:
    return continuing.begin(lab, str(request.args["experiment"]), int(request.args["runs"]), request.actor, now)


def _stack(lab: Lab, request: Request, now: datetime) -> str:
    return stacks.ask(lab, request.args["programs"], request.actor, request.args.get("why") or "", now)


def _ablate(lab: Lab, request: Request, now: datetime) -> str:
    return ablate.begin(lab, str(request.args["experiment"]), request.args["marks"], request.actor, now)


def _revert(lab: Lab, request: Request, now: datetime) -> str:
    return revert.begin(lab, str(request.args["experiment"]), str(request.args["why"]), request.actor, now)


def _root(lab: Lab, request: Request, now: datetime) -> str:
    args = request.args
    return roots.begin(lab, args["commit"], args["program"], args["why"], args["task"], request.actor, now)


def _approve(lab: Lab, request: Request, now: datetime) -> str:
    return review.approve(lab, str(request.args["experiment"]), now, request.actor)


def _refuse(lab: Lab, request: Request, now: datetime) -> str:
    return review.refuse(lab, str(request.args["experiment"]), now, request.actor, request.args.get("reason") or "")


def _stop(lab: Lab, request: Request, now: datetime) -> str:
    mode = "drain" if request.args.get("drain") else "now"
    with lab.ledger.transaction() as tx:
        meta.put(tx, "stopping", mode)
        events.append(tx, "lab.stopping", lab.config.lab, request.actor, now, mode=mode)
    if mode == "now":
        for run in runs.in_state(lab.ledger.reader, RunState.RUNNING):
            executor.cancel(lab.layout.run(run.id))
    return f"stopping ({mode})"


HANDLERS: dict[str, Handler] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _end(Event.CANCEL, "cancelled"),
    "veto": _end(Event.VETO, "vetoed"),
    "withdraw": _end(Event.WITHDRAW, "withdrawn"),
    "program": _program,
    "sweep": _sweep,
    "continue": _continue,
    "stack": _stack,
    "ablate": _ablate,
    "revert": _revert,
    "root": _root,
    "approve": _approve,
    "refuse": _refuse,
    "takeover": lambda lab, r, now: control.take(lab, r.args["agent"], r.actor, now, r.args.get("note") or ""),
    "handback": lambda lab, r, now: control.hand_back(lab, r.args["agent"], r.actor, now, r.args.get("note") or ""),
    "standup": lambda lab, r, now: standup.ask(lab, now),
    "stop": _stop,
}
