"""The backend `codex`: the real program in the agent's pane."""

import os
import subprocess
from dataclasses import dataclass

from org.agents.backend import Nudging, PaneCommand, Seat
from org.agents.codex import conversation, files, login
from org.agents.codex import screen as shown
from org.agents.codex.watcher import CodexWatcher
from org.agents.observation import Composer
from org.model.errors import ConfigError

FLAGS = ("--no-daemon", "--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust")
INSTALL = "install it with `npm install -g @openai/codex`"
BEGIN = (
    "ORG-0 from the organization: you are {agent}. Your role and the brief of your program stand in your instructions. "
    "Read your mail with `org inbox`, then begin."
)
GO_ON = (
    "ORG-0 from the organization: your program was started again. Your role in your instructions is the present one and "
    "replaces older orders. Look at the state of your worktree, read your mail with `org inbox`, then go on."
)
LOST = (
    "ORG-0 from the organization: you are {agent}. Your earlier conversation ({lost}) cannot be found; this is a new one. "
    "Your role and the brief of your program stand in your instructions. Look at the commits of your worktree, read your "
    "mail with `org inbox`, then go on from there."
)


@dataclass(frozen=True, slots=True)
class Codex:
    """One Codex session for each agent, with approvals off: its sandbox hides GPUs and makes .git/worktrees read-only."""

    name: str = "codex"
    nudging: Nudging = Nudging.TYPED

    def check(self, seat: Seat) -> list[str]:
        """The program, a readable config.toml, a login or a key."""
        if login.program(seat) is None:
            return [f"agent {seat.agent}: the program codex is not on PATH; {INSTALL}"]
        try:
            return login.missing(seat, login.find(seat, login.persons_config(seat)))
        except ConfigError as error:
            return [str(error)]

    def notes(self, seat: Seat) -> list[str]:
        """What a person should know though it stops nothing: an untested version, no sandbox. Runs the program."""
        found = version(seat)
        told = [f"agent {seat.agent}: codex runs without a sandbox of its own; let the machine be one that you can lose"]
        if found is not None and not shown.tested(found):
            known = ", ".join(shown.versions())
            told.append(
                f"agent {seat.agent}: codex {found} was not tested (tested: {known}); if nudges stay unconfirmed, "
                f"`npm install -g @openai/codex@{shown.versions()[-1]}`"
            )
        return told

    def prepare(self, seat: Seat) -> None:
        """CODEX_HOME in the agent's home, with settings, hooks, role and login."""
        files.put(seat)

    def pane_command(self, seat: Seat) -> PaneCommand:
        """Resume the conversation that moved last, or begin one. While a person has the agent nothing is said to it."""
        program = login.program(seat)
        if program is None:
            raise ConfigError(self.check(seat)[0])
        known = conversation.find(seat)
        resume = ("resume", known.session) if known.session else ()
        prompt = () if seat.hold.exists() else (opening(seat, known),)
        own = {"ORG_AGENT": seat.agent, "ORG_LAB": seat.lab, "CUDA_VISIBLE_DEVICES": "", "CODEX_HOME": str(files.home(seat))}
        keys = login.find(seat, login.persons_config(seat)).keys
        argv = (program, *resume, *FLAGS, *seat.entry.args, *prompt)
        return PaneCommand(argv, seat.worktree, own, (*keys, "CODEX_CA_CERTIFICATE"))

    def watcher(self, seat: Seat) -> CodexWatcher:
        """It reads hooks.jsonl, the rollouts in CODEX_HOME, and the screen."""
        return CodexWatcher(seat)

    def composer(self, screen: str) -> Composer:
        """The input box, by screens.yaml."""
        return shown.read(screen).composer

    def close(self, screen: str) -> str | None:
        """None."""
        return None

    def stash(self) -> str | None:
        """None: Codex keeps no draft aside."""
        return None


def opening(seat: Seat, known: conversation.Conversation) -> str:
    """The prompt that a start carries."""
    if known.session:
        return GO_ON
    return LOST.format(agent=seat.agent, lost=known.lost) if known.lost else BEGIN.format(agent=seat.agent)


def version(seat: Seat) -> str | None:
    """What the program says it is, as `0.169.0`; None: it says nothing. Takes a tenth of a second."""
    program = login.program(seat)
    if program is None:
        return None
    environment = {"PATH": seat.environment.get("PATH", os.defpath), "HOME": str(seat.home), "CODEX_HOME": str(files.home(seat))}
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, errors="replace", env=environment, timeout=20, check=False,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    return words[-1] if done.returncode == 0 and words else None
