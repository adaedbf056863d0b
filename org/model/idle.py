"""Why a device has no run, interval after interval. Together with the runs these rows are the timeline of the devices."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """Why a device has no run of the lab. TRY is use all the same."""

    TRY = "try"  # `org try` has it, or it is kept for one that waits
    NOTHING = "nothing proposed"  # nothing is queued: the agents think, or there is no program
    STARTING = "starting"  # agents, or a run, are about to
    RATE_LIMIT = "rate limit"  # everybody who could propose waits for one
    LIMIT = "limit spent"  # of the lab, of a program, or of every agent
    PAUSED = "paused"  # by whom it says
    ANSWER = "waits for an answer"  # of the chief or a person
    DISK = "disk low"
    BROKEN = "task or baseline broken"
    DRIFT = "drift freeze"
    GANG = "kept for a gang"  # a queued run needs several devices at once
    MISMATCH = "runs need another device"  # what is queued belongs on another model, or on one other device
    FOREIGN = "somebody else's"  # another lab, or another program
    STOPPING = "stopping"
    STOPPED = "stopped"  # from `org stop` to the next start
    DOWN = "supervisor down"  # no tick: killed, or the machine slept


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of idle. until: None while it lasts. detail: who paused, which limit, whose lock."""

    id: int
    device: str
    since: datetime
    until: datetime | None
    cause: Cause
    detail: str = ""
