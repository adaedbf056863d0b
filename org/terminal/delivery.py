"""One line typed into an agent's pane. The test of the pane and the typing are one command of tmux.

In tmux 3.3a a paste into a dead pane kills the whole server, and in copy mode the Enter is swallowed; a test in a call
of its own would leave a gap.
"""

import re
import uuid
from dataclasses import dataclass

from org.model.errors import TerminalError
from org.terminal.grid import Grid

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Delivery:
    """`delivered`: the line is in the pane (whether the agent took it up, its own hook says). Else `reason` says why not."""

    delivered: bool
    reason: str = ""


def inert(text: str) -> str:
    """`text` as one line without control characters: nothing in it can press a key or end the paste."""
    return re.sub(r" {2,}", " ", _CONTROL.sub(" ", text)).strip()


def paste_line(grid: Grid, agent: str, text: str, submit: bool = True, leave_copy_mode: bool = False) -> Delivery:
    """Paste one line into the agent's pane and press Enter (unless `submit` is False).

    Refused: no pane, a dead pane, an empty line, a line that agents' programs run as a command, and a pane that a
    person has scrolled back, unless `leave_copy_mode`.
    """
    line = inert(text)
    if not line or line.startswith(("!", "/", "#")):
        return Delivery(False, f"{line[:40]!r} is empty or would run as a command")
    buffer = f"org-{uuid.uuid4().hex}"
    paste = f"paste-buffer -p -r -d -b {buffer} -t %s"
    enter = " ; send-keys -t %s Enter" if submit else ""
    return _guarded(grid, agent, paste + enter, leave_copy_mode, ["load-buffer", "-b", buffer, "-"], line, buffer)


def press_enter(grid: Grid, agent: str, leave_copy_mode: bool = False) -> Delivery:
    """Press Enter in the agent's pane, for a line that was pasted but not taken up."""
    return _guarded(grid, agent, "send-keys -t %s Enter", leave_copy_mode)


def press_key(grid: Grid, agent: str, key: str) -> Delivery:
    """Press one key, as tmux names it (`C-s`), in the agent's pane."""
    return _guarded(grid, agent, f"send-keys -t %s {key}", leave_copy_mode=False)


def _guarded(
    grid: Grid,
    agent: str,
    action: str,
    leave_copy_mode: bool,
    before: list[str] | None = None,
    input: str | None = None,
    buffer: str = "",
) -> Delivery:
    """Run `action` (with the pane's id for each %s) if the pane can take it, in one command list."""
    try:
        pane = grid.find(agent).pane_id
    except TerminalError as gone:
        return Delivery(False, str(gone))
    drop = f"delete-buffer -b {buffer} ; " if buffer else ""
    refuse = f"{drop}display-message -p -t {pane} '#{{?pane_dead,dead,mode}}'"
    accept = f"{action.replace('%s', pane)} ; display-message -p typed"
    leave = [["if-shell", "-F", "-t", pane, "#{pane_in_mode}", f"send-keys -X -t {pane} cancel"]] if leave_copy_mode else []
    test = ["if-shell", "-F", "-t", pane, "#{||:#{pane_dead},#{pane_in_mode}}", refuse, accept]
    answer = grid.tmux.ask(*([before] if before else []), *leave, test, input=input)
    return _verdict(agent, answer.lines[-1] if answer.lines else "", answer.err.strip())


def _verdict(agent: str, said: str, error: str) -> Delivery:
    match said:
        case "typed":
            return Delivery(True)
        case "dead":
            return Delivery(False, f"the program of {agent} has ended")
        case "mode":
            return Delivery(False, f"somebody has scrolled back in the pane of {agent}")
        case _:
            return Delivery(False, f"tmux did not type into the pane of {agent}: {error or said or 'it said nothing'}")
