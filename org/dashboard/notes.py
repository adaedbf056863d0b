"""What a person must know at once, as lines on top of every tab."""

from datetime import datetime

from org.dashboard import figures
from org.dashboard.state import LabState, Level, Note
from org.model.agent import OF_A_PERSON, Agent, Control, State

SILENT_SECONDS = 30.0
_STOPPING = {"drain": "The lab is stopping: running runs finish, none starts.", "now": "The lab is stopping now."}


def of(lab: LabState, now: datetime) -> tuple[Note, ...]:
    """Most urgent first."""
    notes = [
        _supervisor(lab, now),
        _disk(lab),
        *_waiting(lab),
        *_silent(lab),
        *_crashed(lab),
        _paused(lab),
        _frozen(lab),
        _stopping(lab),
        *_held(lab),
        _root(lab),
    ]
    return tuple(note for note in notes if note is not None)


def _supervisor(lab: LabState, now: datetime) -> Note | None:
    if lab.supervisor_seen_at is None:
        return Note(Level.WARNING, "The supervisor has not run yet: start it with `org start`.")
    silent = (now - lab.supervisor_seen_at).total_seconds()
    if silent <= SILENT_SECONDS:
        return None
    return Note(Level.WARNING, f"The supervisor has not been seen for {figures.ago(silent)}: start it with `org start`.")


def _disk(lab: LabState) -> Note | None:
    return Note(Level.ERROR, f"Disk low: {lab.disk_low}") if lab.disk_low else None


def _alone(lab: LabState) -> list[Agent]:
    """Those with whom no person is."""
    return [line.agent for line in lab.agents if line.agent.control is not Control.HUMAN]


def _waiting(lab: LabState) -> list[Note]:
    named = [f"{a.name} ({a.cause.value})" for a in _alone(lab) if a.state is State.WAITING and a.cause in OF_A_PERSON]
    return [Note(Level.WARNING, f"Waiting for you: {figures.names(named)}. g goes to the pane.")] if named else []


def _silent(lab: LabState) -> list[Note]:
    named = [a.name for a in _alone(lab) if a.state is State.STALLED]
    return [Note(Level.WARNING, f"Silent for too long: {figures.names(named)}. g goes to the pane.")] if named else []


def _crashed(lab: LabState) -> list[Note]:
    named = [line.agent.name for line in lab.agents if line.agent.state is State.CRASHED]
    return [Note(Level.WARNING, f"Crashed, will be started again: {figures.names(named)}.")] if named else []


def _paused(lab: LabState) -> Note | None:
    return None if lab.paused is None else Note(Level.WARNING, f"The lab is paused: {lab.paused or 'no reason given'}")


def _frozen(lab: LabState) -> Note | None:
    return Note(Level.WARNING, f"Nothing is merged: {lab.frozen}; the pool is measured anew.") if lab.frozen else None


def _stopping(lab: LabState) -> Note | None:
    return Note(Level.WARNING, _STOPPING.get(lab.stopping, "The lab is stopping.")) if lab.stopping else None


def _held(lab: LabState) -> list[Note]:
    held = [line.agent.name for line in lab.agents if line.agent.control is Control.HUMAN]
    whose = "Its" if len(held) == 1 else "Their"
    return [Note(Level.INFO, f"Held by a person: {figures.names(held)}. {whose} mail and proposals wait for h.")] if held else []


def _root(lab: LabState) -> Note | None:
    return Note(Level.INFO, lab.root_note) if lab.root_note else None
