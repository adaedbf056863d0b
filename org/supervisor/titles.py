"""What stands on the pane borders: `junior-2 · E41 run 2/10 · step 412/953 · val_bpb 2.021 · cpu:0`."""

from org.comms.figures import plural
from org.lab import schedule
from org.lab.lab import Lab
from org.model.agent import Agent, Control
from org.model.program import State as ProgramState
from org.model.run import Purpose, Run
from org.runs import progress
from org.store import agents, experiments, meta, programs, reads

OF_AUTHORS = (Purpose.RACE, Purpose.RECHECK, Purpose.SCREEN)


def all_titles(lab: Lab) -> dict[str, str]:
    """A title for every agent, from the ledger and the runs' progress."""
    con = lab.ledger.reader
    running = reads.running(con)
    return {agent.name: _title(lab, agent, running) for agent in agents.everyone(con)}


def note(lab: Lab) -> str:
    """What every pane must say: a root changed on purpose, and why nothing starts (a pause, a full disk, a limit)."""
    held = schedule.held(lab)
    parts = [meta.get(lab.ledger.reader, "root_note"), f"nothing starts: {held}" if held else None]
    return " · ".join(part for part in parts if part)


def run_for(run: Run) -> str:
    """What a run is for: `E41`, `baseline`, `baseline for E41`, `E41 re-check`."""
    if run.purpose is Purpose.POOL:
        return f"baseline for {run.experiment}" if run.experiment else "baseline"
    if run.study is not None:
        return f"{run.study}{f' for {run.experiment}' if run.experiment else ''}"
    if run.purpose is Purpose.SCREEN_POOL:
        return "screen baseline"
    if run.purpose is Purpose.SCREEN:
        return f"{run.experiment} screen"
    return f"{run.experiment} re-check" if run.purpose is Purpose.RECHECK else run.experiment or run.purpose.value


def _title(lab: Lab, agent: Agent, running: list[Run]) -> str:
    parts = [agent.name]
    if agent.control is not Control.AGENT:
        parts.append(f"taken over by {agent.controlled_by}" if agent.control is Control.HUMAN else "takeover asked")
    if agent.role.startswith("chief"):
        parts += _chief_words(lab)
    else:
        parts += _work(lab, agent, running)
    if agent.reason:
        state = agent.state.value
        parts = [part for part in parts if part != state]
        parts.append(agent.reason if agent.reason.startswith(state) else f"{state}: {agent.reason}")
    return " · ".join(parts)


def _chief_words(lab: Lab) -> list[str]:
    con = lab.ledger.reader
    open_programs = len(programs.in_state(con, ProgramState.OPEN))
    return [
        plural(open_programs, "program"),
        plural(reads.verdict_count(con), "verdict"),
        f"{reads.merged_count(con)} merged",
    ]


def _work(lab: Lab, agent: Agent, running: list[Run]) -> list[str]:
    con = lab.ledger.reader
    mine = experiments.open_of(con, agent.name)
    now = next(((e, r) for e in mine for r in running if r.experiment == e.id and r.purpose in OF_AUTHORS), None)
    if now is None:
        waiting = ", ".join(e.id for e in mine)
        return [f"{waiting} waits" if waiting else agent.program or "no program", agent.state.value]
    experiment, run = now
    which = "screen" if run.purpose is Purpose.SCREEN else f"run {run.slot + 1}/{lab.protocol.max_runs}"
    return [f"{experiment.id} {which}", *_steps(lab, run), run.device or ""]


def _steps(lab: Lab, run: Run) -> list[str]:
    at = progress.read(lab.layout.run(run.id))
    if at is None:
        return ["starting"]
    loss = [f"loss {at.loss:.3f}"] if at.loss is not None else []
    return [at.words(run.budget), *loss]
