"""The programs of the agents: there, of a tested version, logged in, allowed to work as this user, and not too many for
the memory. What a backend itself would refuse at a start is asked of the backend."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from org.agents import registry
from org.agents.backend import Seat
from org.config import AgentConfig
from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject, seats
from org.model.errors import ConfigError
from org.runs import host
from org.runs.host import Memory

# What this program's own tests drive. Their hooks and files change between versions without notice.
TESTED = {"claude": ("2.1.197", "2.1.329"), "codex": ("0.169.0",)}
INSTALL = {"claude": "npm install -g @anthropic-ai/claude-code@2.1.329", "codex": "npm install -g @openai/codex@0.169.0"}
KEYS = {
    ("claude", None): "ANTHROPIC_API_KEY", ("codex", None): "OPENAI_API_KEY", ("api", "anthropic"): "ANTHROPIC_API_KEY",
    ("api", "openai"): "OPENAI_API_KEY",
}  # fmt: skip
# MiB that one takes after some hours (measured: claude 354, codex 277, opencode 1032 after 40 to 80 prompts).
MEMORY_MB = {"claude": 500, "codex": 350, "command": 1000, "api": 200, "offline": 150, "replay": 100, "human": 50}
RUN_MB = 1500  # a training process on a CPU, or the host's part of one on a GPU
SECONDS = 30.0


@runtime_checkable
class Noting(Protocol):
    """A backend that has something to say which stops nothing."""

    def notes(self, seat: Seat) -> list[str]: ...


def examine(subject: Subject) -> Iterator[Finding]:
    """Each entry of `agents` once, whatever its count; then the memory of all."""
    if subject.config is None:
        return
    seen: list[AgentConfig] = []
    everyone = list(seats(subject))
    for seat in everyone:
        if seat.entry not in seen:
            seen.append(seat.entry)
            yield from _entry(subject, seat)
    yield from (_version(subject, name) for name in TESTED if any(entry.backend == name for entry in seen))
    if any(entry.backend == "claude" for entry in seen):
        yield from as_root(host.is_root(), subject.environ.get("IS_SANDBOX") == "1")
    wanted = memory_mb([seat.entry for seat in everyone], len(subject.devices()))
    yield judge_memory(host.memory(), wanted, len(everyone))


def _entry(subject: Subject, seat: Seat) -> Iterator[Finding]:
    what = f"{seat.agent} ({seat.entry.backend})"
    try:
        backend = registry.named(seat.entry.backend)
        missing = backend.check(seat)
    except ConfigError as error:
        missing = [str(error)]
    for said in missing:
        yield problem(what, *parted(said))
    if missing:
        return
    for said in backend.notes(seat) if isinstance(backend, Noting) else ():
        yield warning(what, *parted(said))
    variable = seat.entry.key_env or KEYS.get((seat.entry.backend, seat.entry.provider))
    if variable is not None and subject.environ.get(variable):
        yield ok(what, f"can start; its key is in {variable}")
    elif seat.entry.key_env is not None:
        yield problem(what, f"key_env: {variable} is not set in this shell", f"export {variable}=… before `org start`")
    else:
        yield ok(what, "can start")


def parted(said: str) -> tuple[str, str]:
    """A backend's sentence as what it found and the way out, which stands behind the first semicolon."""
    found, _, fix = " ".join(said.split()).partition("; ")
    return found, fix or "mend that, then run `org doctor` again"


def _version(subject: Subject, name: str) -> Finding:
    program = shutil.which(name, path=subject.path)
    if program is None:
        return problem(name, "it is not a program of this machine", INSTALL[name])
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
        start_new_session=True, env={**subject.environ, "DISABLE_AUTOUPDATER": "1"},
    )  # fmt: skip
    return judge_version(name, done.stdout.strip() or done.stderr.strip())


def judge_version(name: str, said: str) -> Finding:
    """said: what `--version` printed."""
    found = re.search(r"\d+\.\d+\.\d+", said)
    tested = " and ".join(TESTED[name])
    if found is None:
        return problem(name, f"`{name} --version` said {said[:80]!r}", INSTALL[name])
    if found[0] not in TESTED[name]:
        says = f"{found[0]} is not tested here ({tested} are): its hooks, files or dialogs may have changed"
        return warning(name, says, f"{INSTALL[name]}, or watch its first hour")
    return ok(name, f"{found[0]} (tested)")


def as_root(root: bool, sandbox: bool) -> Iterator[Finding]:
    """Claude Code refuses to go without permission questions as root, unless it is told that the machine may be lost."""
    if root and not sandbox:
        says = "this is root: claude refuses to work without asking for permissions, and a question at night stops its agent"
        fix = "start the lab as another user; or export IS_SANDBOX=1, if this machine may be lost"
        yield warning("root", says, fix)
    elif root:
        yield ok("root", "IS_SANDBOX=1: claude takes this machine for one that may be lost")


def memory_mb(entries: Sequence[AgentConfig], slots: int) -> int:
    """What agents and runs will take together, roughly. slots: runs at once."""
    return sum(MEMORY_MB.get(entry.backend, 300) for entry in entries) + slots * RUN_MB


def judge_memory(memory: Memory, wanted_mb: int, agents: int) -> Finding:
    """Against all memory and against what is available now."""
    says = f"{agents} agents and their runs may take {wanted_mb / 1024:.1f} GiB; "
    if wanted_mb > memory.total_mb:
        return problem("memory", says + f"this machine has {memory.total_mb / 1024:.1f}", "fewer agents, or fewer `devices`")
    if wanted_mb > memory.available_mb:
        fix = "end what else runs here, or take fewer agents"
        return warning("memory", says + f"{memory.available_mb / 1024:.1f} are available now", fix)
    return ok("memory", says + f"{memory.available_mb / 1024:.1f} are available")
