"""The grid: one pane per agent in windows of at most nine. tmux is the truth; nothing is remembered here.

`ensure` may be called at any time, by a supervisor that knows nothing: what lives is adopted, what is missing is made,
what is dead is respawned in its place, so the grid outlives every process of the lab.
"""

import contextlib
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from org.model.errors import TerminalError
from org.runs import processes
from org.runs.processes import Identity
from org.terminal.panes import FORMAT, Changes, PaneInfo, PaneSpec, marks, parse, shown, title, words
from org.terminal.server import Tmux

PANES_PER_WINDOW = 9
COLUMNS, ROWS = 320, 100
START_SECONDS = 10
END_SECONDS = 20
AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Grid:
    """The panes of `session` on the tmux server at `socket_path`, which is started with the file `conf`."""

    socket_path: Path
    session: str
    conf: Path

    @property
    def tmux(self) -> Tmux:
        """The server behind the grid."""
        return Tmux(self.socket_path, self.conf)

    def alive(self) -> bool:
        """Whether the lab's session stands."""
        return self.tmux.ask(["has-session", "-t", f"={self.session}"]).code == 0

    def ensure(self, specs: Sequence[PaneSpec]) -> Changes:
        """Have a live pane for each spec. Kills nothing that lives; a full window spills into the next number."""
        _require_distinct(specs)
        self._start()
        there = {pane.agent: pane for pane in self.panes()}
        created, adopted, respawned, outdated = [], [], [], []
        for spec in specs:
            pane = there.get(spec.agent)
            if pane is None:
                self._create(spec)
                created.append(spec.agent)
            elif pane.dead:
                self.respawn(spec.agent, spec)
                respawned.append(spec.agent)
            else:
                adopted.append(spec.agent)
                if spec.fingerprint and pane.fingerprint and pane.fingerprint != spec.fingerprint:
                    outdated.append(spec.agent)
        left = [p.agent for p in there.values() if not p.dead and p.agent not in {s.agent for s in specs}]
        return Changes(tuple(created), tuple(adopted), tuple(respawned), tuple(left), tuple(outdated))

    def panes(self) -> list[PaneInfo]:
        """The agents' panes, by one call of tmux; [] when there is no server."""
        return [pane for pane in self._all_panes() if pane.agent]

    def find(self, agent: str) -> PaneInfo:
        """The pane of an agent; TerminalError when it has none."""
        found = next((pane for pane in self.panes() if pane.agent == agent), None)
        if found is None:
            raise TerminalError(f"{agent} has no pane; `org start` makes one")
        return found

    def set_titles(self, titles: Mapping[str, str], note: str | None = None) -> None:
        """Set the border titles of the agents that have a pane, and the note in the status line unless None."""
        commands = [["set-option", "-g", "@org_note", shown(note)]] if note is not None else []
        changed = [p for p in self.panes() if p.agent in titles and p.title != shown(titles[p.agent])]
        commands += [title(pane.pane_id, titles[pane.agent]) for pane in changed]
        if commands:
            self.tmux.run(*commands)

    def set_note(self, text: str) -> None:
        """Set the note in the status line; "" takes it away."""
        self.set_titles({}, note=text)

    def respawn(self, agent: str, spec: PaneSpec, kill: bool = False) -> None:
        """Start the spec's program in the agent's pane, which keeps its place and title.

        A program that still runs there is ended first if `kill`; else TerminalError.
        """
        pane = self.find(agent)
        if not pane.dead and not kill:
            raise TerminalError(f"the program of {agent} still runs (pid {pane.pid}); nothing was started")
        if not pane.dead:
            _hang_up(pane.pid)
        force = ["-k"] if kill else []
        self.tmux.run(["respawn-pane", *force, "-t", pane.pane_id, *words(spec)], *marks(spec, pane.pane_id))

    def hang_up(self, agent: str) -> None:
        """End the program of the agent's pane as a closed terminal would. The pane stays, dead."""
        pane = self.find(agent)
        if not pane.dead:
            _hang_up(pane.pid)

    def capture(self, agent: str, lines: int = 50) -> str:
        """The last `lines` lines of what the pane shows and of its history, without the empty rows below."""
        with self.tmux.pane(self.find(agent).pane_id) as pane:
            got = pane.capture_pane(start=-lines, join_wrapped=True)
        text = "\n".join(line.rstrip() for line in got).rstrip("\n")
        return "\n".join(text.split("\n")[-lines:])

    def screen(self, agent: str) -> str:
        """What the agent's program shows at this moment, row by row; nothing once it has ended.

        Its last screen stays in the pane. That tmux writes "Pane is dead" over it is no sign to go by: below 3.5 it may
        miss the SIGCHLD of a program, and then it never does.
        """
        pane = self.find(agent)
        return "" if pane.dead else "\n".join(self.tmux.run(["capture-pane", "-p", "-t", pane.pane_id]))

    def remember(self, variables: Mapping[str, str]) -> None:
        """Give variables (keys, mostly) to the server, for panes that keep them. They stand in no argument list."""
        self._start()
        lines = [f"set-environment -g {name} {_literal(value)}" for name, value in variables.items()]
        if lines:
            self.tmux.run(["source-file", "-"], input="\n".join(lines) + "\n")

    def select(self, agent: str) -> None:
        """Bring the agent's window and pane to the front of whoever is attached."""
        pane = self.find(agent).pane_id
        self.tmux.run(["select-window", "-t", pane], ["select-pane", "-t", pane])

    def zoom(self, agent: str) -> None:
        """`select`, and let the pane fill its window. Again: the same."""
        self.select(agent)
        pane = self.find(agent).pane_id
        self.tmux.run(["if-shell", "-F", "-t", pane, "#{window_zoomed_flag}", "", f"resize-pane -Z -t {pane}"])

    def split_shell(self, agent: str, cwd: Path, env: Mapping[str, str]) -> str:
        """Open a person's shell beside the agent's pane and return the new pane's id. It closes when the shell ends."""
        beside = self.find(agent).pane_id
        shell = PaneSpec("", [os.environ.get("SHELL") or "/bin/sh"], cwd, env)
        opened = self.tmux.run(["split-window", "-t", beside, "-P", "-F", "#{pane_id}", *words(shell)])[-1]
        label = title(opened, f"shell in the worktree of {agent}")
        self.tmux.run(label, ["set-option", "-p", "-t", opened, "remain-on-exit", "off"])
        return opened

    def kill_server(self) -> None:
        """End the lab's tmux server and wait until it and the panes' programs are gone. Nothing else is touched."""
        answer = self.tmux.ask(["display-message", "-p", "#{pid}"])
        if answer.server_gone:
            return
        pids = [int(answer.lines[0]), *(pane.pid for pane in self._all_panes() if not pane.dead)]
        living = [process for pid in pids for process in processes.family(pid)]
        self.tmux.ask(["kill-server"])
        _wait_gone(living, END_SECONDS)

    def _all_panes(self) -> list[PaneInfo]:
        answer = self.tmux.ask(["list-panes", "-a", "-F", FORMAT])
        if answer.server_gone or "no current target" in answer.err:  # the latter: a server without a session
            return []
        if answer.code != 0:
            raise TerminalError(f"tmux list-panes ended with {answer.code}: {answer.err.strip()}")
        return [parse(line) for line in answer.lines]

    def _start(self) -> None:
        """Have a server that has read the conf as it is now."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            # A server that was just killed still answers on the socket for a moment, and dies under the next call.
            answer = self.tmux.ask(["start-server"], ["source-file", str(self.conf)], ["show-options", "-s", "exit-empty"])
            if answer.code == 0:
                return
            if time.monotonic() > deadline:
                raise TerminalError(f"tmux did not start at {self.socket_path}: {answer.err.strip()}")
            time.sleep(0.1)

    def _create(self, spec: PaneSpec) -> None:
        there = [pane for pane in self._all_panes() if pane.session == self.session]
        name = _window_with_room(spec.window, Counter(pane.window for pane in there))
        beside = [pane for pane in there if pane.window == name]
        if beside:
            self._split(spec, next((pane for pane in reversed(beside) if pane.agent), beside[-1]))
            return
        target = f"={self.session}:={name}"
        if there or self.alive():
            first = ["new-window", "-d", "-t", f"={self.session}:", "-n", name, *words(spec)]
            self.tmux.run(first, *self._labels(spec, target))
            return
        # new-session -e would give this agent's environment to every later pane, so the pane is respawned with it.
        empty = ["new-session", "-d", "-s", self.session, "-n", name, "-x", str(COLUMNS), "-y", str(ROWS), "exec sleep 60"]
        self.tmux.run(empty, ["respawn-pane", "-k", "-t", target, *words(spec)], *self._labels(spec, target))

    def _split(self, spec: PaneSpec, last: PaneInfo) -> None:
        """A pane behind the last one of its window."""
        window = last.window_id
        # The new pane is active while it is marked; then the person's pane is active again, in the same breath.
        split = ["split-window", "-t", last.pane_id, *words(spec)]
        self.tmux.run(split, *self._labels(spec, window), ["select-layout", "-t", window, "tiled"], ["last-pane", "-t", window])

    @staticmethod
    def _labels(spec: PaneSpec, target: str) -> list[list[str]]:
        return [*marks(spec, target), title(target, spec.agent)]


def _literal(value: str) -> str:
    """One word for tmux's parser, nothing in it expanded."""
    return "'" + value.replace("'", "'\"'\"'") + "'"


def _require_distinct(specs: Sequence[PaneSpec]) -> None:
    twice = [agent for agent, count in Counter(spec.agent for spec in specs).items() if count > 1 or not agent]
    if twice:
        raise TerminalError(f"two panes are asked for {twice[0]!r}; every agent has one")


def _window_with_room(name: str, panes: Counter[str]) -> str:
    """`name`, or the same name with the next number that has room."""
    while panes[name] >= PANES_PER_WINDOW:
        stem, number = re.fullmatch(r"(.*?)(?:-(\d+))?", name, re.DOTALL).groups()  # type: ignore[union-attr]
        name = f"{stem}-{int(number or 1) + 1}"
    return name


def _hang_up(pid: int) -> None:
    """End a pane's program as a closed terminal would, and wait: two programs may not share one conversation."""
    living = processes.family(pid)
    try:
        os.kill(pid, signal.SIGHUP)
    except ProcessLookupError:
        return
    _wait_gone(living, END_SECONDS)


def _wait_gone(found: Iterable[Identity], seconds: float, again_after: float = AGAIN_SECONDS) -> None:
    """Until they have ended. The hang-up of a closing terminal may fall into the moment between fork and exec, where a shell
    still has its own handlers, and be lost: who is still there after `again_after` gets one more."""
    began = time.monotonic()
    for process in found:
        told = False
        while processes.is_alive(process):
            waited = time.monotonic() - began
            if waited > seconds:
                raise TerminalError(f"process {process.pid} still runs {seconds:g} s after its terminal was closed; end it first")
            if waited > again_after and not told:
                told = True
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)
            time.sleep(0.05)
