"""The backend `human`: a shell in a worktree, for a person who is one of the lab's agents.

The pane greets with the brief and the verbs. In bash the prompt carries the agent's name and how many letters wait, and
says to the hooks file when a command runs; another shell is started as it is. Nothing is ever typed into it.
"""

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from org.agents.backend import Nudging, PaneCommand, Seat
from org.agents.own_pane import Untyped
from org.store import atomic

GREETING = """\
printf '%s\\n' {head}
grep -q '^# The brief' {role} 2>/dev/null || printf '%s\\n' {without}
sed -n '/^# The brief/,$p' {role} 2>/dev/null
printf '%s\\n' {verbs}
"""
VERBS = """
Your worktree is here; your commits carry the agent's name. You see no device but through the lab.
  org inbox      read your letters              org results    what was tried, and what it was worth
  org try        a run that does not count      org propose    hand in what you committed
  org next       start your next branch         org send       write to somebody
  org idea       add to the backlog             org status     the lab at a glance
"""
BASH = """\
_org_path=$PATH
[ -r ~/.bashrc ] && . ~/.bashrc
PATH=$_org_path:$PATH
_org_say() {{
    set -- "$(date -u +%Y-%m-%dT%H:%M:%S+00:00)" "$1"
    printf '{{"at": "%s", "agent": "{agent}", "state": "%s", "words": ""}}\\n' "$@" >> {hooks}
}}
_org_mail() {{
    set -- {mailbox}/new/*
    [ -e "$1" ] && printf ' %s new letter(s): org inbox' $#
}}
PROMPT_COMMAND="_org_say idle${{PROMPT_COMMAND:+; $PROMPT_COMMAND}}"
PS0='$(_org_say working)'
PS1='[{agent}$(_org_mail)] \\W\\$ '
. {greeting}
"""


@dataclass(frozen=True, slots=True)
class Human(Untyped):
    """A person at a shell."""

    name: str = "human"
    nudging: Nudging = Nudging.NONE

    def check(self, seat: Seat) -> list[str]:
        """A shell to run."""
        if _shell(seat) is None:
            return [f"agent {seat.agent}: there is no shell; install bash, or set SHELL to one that exists"]
        return []

    def prepare(self, seat: Seat) -> None:
        """The greeting, and bash's start-up file."""
        head = f"You are {seat.agent}, a {seat.role.replace('_', ' ')} of this lab."
        without = f"You have no program yet. `org program list` shows them, `org program assign SLUG {seat.agent}` takes one."
        words = {"head": head, "without": without, "role": str(seat.prompt), "verbs": VERBS}
        atomic.write_text(seat.home / "greeting.sh", GREETING.format(**{key: shlex.quote(text) for key, text in words.items()}))
        paths = {"hooks": seat.hooks, "mailbox": seat.mailbox, "greeting": seat.home / "greeting.sh"}
        quoted = {key: shlex.quote(str(path)) for key, path in paths.items()}
        atomic.write_text(seat.home / "bashrc", BASH.format(agent=seat.agent, **quoted))

    def pane_command(self, seat: Seat) -> PaneCommand:
        """The person's shell; bash when it is bash or none is named."""
        shell = _shell(seat) or "/bin/sh"
        if Path(shell).name == "bash":
            argv: tuple[str, ...] = (shell, "--rcfile", str(seat.home / "bashrc"), "-i")
        else:
            argv = ("/bin/sh", "-c", '. "$0"; exec "$1" -i', str(seat.home / "greeting.sh"), shell)
        return PaneCommand(argv, seat.worktree, {"ORG_AGENT": seat.agent, "ORG_LAB": seat.lab, "CUDA_VISIBLE_DEVICES": ""})


def _shell(seat: Seat) -> str | None:
    """The person's shell, else bash; None: neither is there."""
    path = seat.environment.get("PATH")
    return shutil.which(seat.environment.get("SHELL") or "bash", path=path) or shutil.which("bash", path=path)
