"""The pane's program of an offline agent. Never waits busily: it looks at most twice a second, and at once when a
person typed a line. While a person has the pane it answers typed words and does nothing else."""

import queue
import signal
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Protocol, TextIO

from org.agents.offline import commands, typed
from org.agents.offline.chief import Chief
from org.agents.offline.desk import Desk
from org.agents.offline.junior import Junior
from org.agents.offline.pane import Mark, Pane
from org.agents.offline.rota import Shipped
from org.agents.verbs import Verbs
from org.agents.worktree import Worktree
from org.comms import mailbox
from org.model.agent import Control, State
from org.model.errors import OrgError
from org.store import ledger
from org.store.layout import Layout

TICK_S = 0.5
INTERRUPT = "\x03"
RESCAN_S = 5.0  # also without a sign of change, as for a refusal whose wait is over


class Researcher(Protocol):
    """A chief or a junior: one step at a time, driven by the loop."""

    def step(self) -> None: ...

    def live(self) -> str: ...

    def why(self) -> Sequence[str]: ...


class Loop:
    """Holds, commands and steps of one agent. `tick` is one look; it returns at once."""

    def __init__(self, desk: Desk, researcher: Researcher) -> None:
        self.desk = desk
        self.researcher = researcher
        self._held_by: str | None = None
        self._seen: tuple[int, tuple[str, ...]] | None = None
        self._looked_at: datetime | None = None

    def forever(self, lines: "queue.SimpleQueue[str]") -> None:
        """Until the process is ended. ^C does not end it: the lab does."""
        while True:
            line = _next_line(lines)
            if line == INTERRUPT:
                self.desk.pane.say(Mark.PLAIN, "this agent is the lab's: `take` takes the pane over, `org stop` ends the lab")
            else:
                self.tick(line)

    def tick(self, line: str | None = None) -> None:
        """Answer a typed line; then, unless held, step when something changed. Errors are said once."""
        try:
            if line is not None:
                commands.obey(line, self.desk, self.researcher)
            self._look(line is not None)
        except OrgError as error:
            self.desk.complain(str(error))
            self._looked_at = self.desk.clock()

    def _look(self, asked: bool) -> None:
        if self._is_held():
            return
        if asked or self._is_due():
            self.researcher.step()
        self.desk.pane.live(self.researcher.live())

    def _is_held(self) -> bool:
        me = self.desk.me()
        if me.control is Control.AGENT:
            if self._held_by is not None:
                self.desk.pane.say(Mark.NEXT, "handed back")
            self._held_by = None
            return False
        if self._held_by is None:
            self._held_by = me.controlled_by or "unknown"
            self.desk.pane.live("")
            self.desk.pane.say(
                Mark.HOLD,
                f"a person has this pane ({self._held_by}): mail and proposals are held; `back` hands it back",
            )
        self.desk.report(State.WAITING, f"a person has this pane ({self._held_by})")
        return True

    def _is_due(self) -> bool:
        """Something in the ledger or the mailbox changed since the last step, or that was a while ago."""
        now, seen = self.desk.clock(), (self.desk.ledger.version(), mailbox.waiting(self.desk.box))
        late = self._looked_at is None or (now - self._looked_at).total_seconds() >= RESCAN_S
        if seen == self._seen and not late:
            return False
        self._seen, self._looked_at = seen, now
        return True


def run(
    name: str, *, layout: Layout, org: Verbs, worktree: Worktree, recipe_path: str,
    briefs: Callable[[], Sequence[Shipped]], has: Collection[str], stdin: TextIO, stdout: TextIO,
) -> None:  # fmt: skip
    """Be the offline agent `name` until the process is ended. What the config calls its role decides chief or junior.

    briefs: the shipped briefs in the order in which a chief opens them. has: what this machine has, as in a brief's
    `needs`. recipe_path: of the recipe in the worktree.
    """
    desk = sit_down(name, layout, org, worktree, recipe_path, stdout)
    work(desk, Chief(desk, briefs, has) if desk.is_chief() else Junior(desk), stdin)


def sit_down(name: str, layout: Layout, org: Verbs, worktree: Worktree, recipe_path: str, stdout: TextIO) -> Desk:
    """The desk of an agent whose pane has just started. LedgerError when there is no lab."""
    pane = Pane(stdout, _now)
    desk = Desk(name, layout, ledger.open_existing(layout.ledger), org, worktree, pane, recipe_path, _now)
    desk.report(State.STARTING, "the pane is open")
    return desk


def work(desk: Desk, researcher: Researcher, stdin: TextIO) -> None:
    """Loop until the process is ended."""
    lines = typed.start(stdin, desk.pane.typing)
    # Not KeyboardInterrupt: raised anywhere, it would end the pane from between two lines that guard against it.
    signal.signal(signal.SIGINT, lambda *_: lines.put(INTERRUPT))
    Loop(desk, researcher).forever(lines)


def _now() -> datetime:
    return datetime.now(UTC)


def _next_line(lines: "queue.SimpleQueue[str]") -> str | None:
    try:
        return lines.get(timeout=TICK_S)
    except queue.Empty:
        return None
