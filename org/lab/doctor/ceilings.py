"""Ceilings of this user: open files, and inotify's watches."""

from collections.abc import Iterator

from org.config import agent_names
from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.runs import host
from org.runs.host import Limits

FILES, FILES_AN_AGENT = 512, 64
WATCHES_AN_AGENT = 2000  # programs of agents watch their worktree's folders
INSTANCES = 64


def examine(subject: Subject) -> Iterator[Finding]:
    """Against the number of agents; one agent where there is no config."""
    agents = len(agent_names(subject.config)) if subject.config is not None else 1
    return judge(host.limits(), agents)


def judge(limits: Limits, agents: int) -> Iterator[Finding]:
    """Each ceiling against what that many agents take."""
    files = FILES + FILES_AN_AGENT * agents
    says, fix = f"{limits.open_files} are allowed", f"ulimit -n {max(4096, files)}"
    if limits.open_files < FILES:
        yield problem("open files", f"{says}, the office needs {files}", fix)
    elif limits.open_files < files:
        yield warning("open files", f"{says}, {agents} agents may take {files}", fix)
    else:
        yield ok("open files", says)
    watches = WATCHES_AN_AGENT * agents
    if limits.watches is None or limits.instances is None:
        return
    if limits.watches < watches:
        fix = f"sudo sysctl fs.inotify.max_user_watches={max(524288, watches)}"
        yield warning("inotify", f"{limits.watches} watches are allowed, {agents} agents may take {watches}", fix)
    elif limits.instances < INSTANCES + agents:
        fix = "sudo sysctl fs.inotify.max_user_instances=1024"
        yield warning("inotify", f"{limits.instances} instances are allowed, {INSTANCES + agents} may be needed", fix)
    else:
        yield ok("inotify", f"{limits.watches} watches, {limits.instances} instances")
