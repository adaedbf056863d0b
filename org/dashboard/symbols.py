"""A symbol, words and a tone for every state. The symbol and the words carry the meaning; colour only helps.

Every symbol is one cell wide in a terminal.
"""

from dataclasses import dataclass
from enum import StrEnum

from org.model import agent, program
from org.model.agent import Control
from org.model.experiment import State


class Tone(StrEnum):
    """What a colour of the theme is used for."""

    GOOD = "good"
    LIVE = "live"
    WARN = "warn"
    BAD = "bad"
    DIM = "dim"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Sign:
    symbol: str
    words: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.symbol} {self.words}"


_G, _L, _W, _B, _D, _P = Tone.GOOD, Tone.LIVE, Tone.WARN, Tone.BAD, Tone.DIM, Tone.PLAIN

EXPERIMENT: dict[State, Sign] = {
    State.PROPOSED: Sign("·", "proposed", _P),
    State.APPROVED: Sign("○", "approved", _P),
    State.REFUSED: Sign("⊘", "refused", _D),
    State.WITHDRAWN: Sign("⊘", "withdrawn", _D),
    State.VETOED: Sign("⊘", "vetoed", _W),
    State.SCREENING: Sign("◔", "screening", _L),
    State.RACING: Sign("▶", "racing", _L),
    State.BETTER: Sign("▲", "better", _G),
    State.DISCARDED: Sign("×", "discarded", _D),
    State.PARKED: Sign("‖", "parked", _W),
    State.INVALID: Sign("!", "invalid", _B),
    State.FAILED: Sign("!", "failed", _B),
    State.CANCELLED: Sign("⊘", "cancelled", _D),
    State.QUEUED: Sign("▲", "merging", _G),
    State.MERGED: Sign("●", "merged", _G),
    State.NOT_MERGED: Sign("△", "not merged", _W),
    State.CONFLICT: Sign("≠", "conflict", _W),
    State.REOPENED: Sign("↻", "reopened", _W),
    State.CONFIRMED: Sign("◉", "confirmed", _G),
    State.FAILED_TRANSFER: Sign("▽", "no transfer", _W),
    State.CERTIFIED: Sign("★", "certified", _G),
    State.UNCERTIFIED: Sign("☆", "uncertified", _W),
    State.REVERTED: Sign("↺", "reverted", _B),
}

AGENT: dict[agent.State, Sign] = {
    agent.State.STARTING: Sign("◔", "starting", _P),
    agent.State.IDLE: Sign("○", "idle", _D),
    agent.State.WORKING: Sign("●", "working", _L),
    agent.State.WAITING: Sign("◇", "waiting", _W),
    agent.State.STALLED: Sign("?", "stalled", _B),
    agent.State.CRASHED: Sign("!", "crashed", _B),
    agent.State.PAUSED: Sign("‖", "paused", _W),
    agent.State.STOPPED: Sign("■", "stopped", _D),
}

CONTROL: dict[Control, Sign] = {
    Control.AGENT: Sign(" ", "itself", _D),
    Control.REQUESTED: Sign("◇", "asked", _W),
    Control.HUMAN: Sign("◆", "person", _W),
}

PROGRAM: dict[program.State, Sign] = {
    program.State.BACKLOG: Sign("·", "backlog", _D),
    program.State.OPEN: Sign("●", "open", _L),
    program.State.PAUSED: Sign("‖", "paused", _W),
    program.State.CLOSED: Sign("■", "closed", _D),
}
