"""The `org` program as an agent calls it: an argument list, the agent's own environment, a deadline.

A refusal is an answer, not an error: agents read it and go on.
"""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DONE, REFUSED, USAGE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Answer:
    """How a verb ended. out and err are stripped."""

    code: int
    out: str
    err: str

    @property
    def done(self) -> bool:
        """Done, or queued for the office."""
        return self.code == DONE

    @property
    def reason(self) -> str:
        """Why not, in one line."""
        said = self.err or self.out or f"org ended with {self.code} and said nothing"
        return "; ".join(line.strip() for line in said.splitlines() if line.strip()).removeprefix("Error: ")


@dataclass(frozen=True, slots=True)
class Verbs:
    """command: the org program. cwd: the agent's worktree. environment: everything the program sees."""

    command: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    timeout_s: float = 120.0

    def __call__(self, *arguments: str) -> Answer:
        """Run one verb to its end. Without an answer in time its process group is ended, which counts as refused."""
        try:
            child = subprocess.Popen(
                [*self.command, *arguments], cwd=self.cwd, env=dict(self.environment), text=True, encoding="utf-8",
                errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return Answer(REFUSED, "", f"{self.command[0]} cannot be run: {error.strerror or error}")
        try:
            out, err = child.communicate(timeout=self.timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return Answer(REFUSED, "", f"org {arguments[0]} gave no answer in {self.timeout_s:g} s")
        return Answer(child.returncode, out.strip(), err.strip())

    def as_person(self) -> "Verbs":
        """The same, spoken by the person at the pane instead of its agent."""
        kept = {key: value for key, value in self.environment.items() if key != "ORG_AGENT"}
        return Verbs(self.command, self.cwd, kept, self.timeout_s)


def for_agent(command: tuple[str, ...], cwd: Path, agent: str, lab: str, environment: Mapping[str, str]) -> Verbs:
    """The verbs of one agent. lab: what ORG_LAB is set to. environment: what else the program needs (PATH, HOME)."""
    return Verbs(command, cwd, {**environment, "ORG_AGENT": agent, "ORG_LAB": lab})
