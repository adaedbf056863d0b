"""Every check in the order in which a person would mend what they find."""

import subprocess
from collections.abc import Callable, Iterable

from org.lab.doctor import agents, cards, ceilings, clock, disk, files, sandbox, sockets, task, tools
from org.lab.doctor.finding import Finding, problem
from org.lab.doctor.subject import Subject
from org.model.errors import OrgError

Check = Callable[[Subject], Iterable[Finding]]
CHECKS: dict[str, Check] = {
    "tools": tools.examine,
    "files": files.examine,
    "agents": agents.examine,
    "sandbox": sandbox.examine,
    "devices": cards.examine,
    "task": task.examine,
    "disk": disk.examine,
    "clock": clock.examine,
    "sockets": sockets.examine,
    "limits": ceilings.examine,
}


def examine(subject: Subject, checks: dict[str, Check] = CHECKS) -> list[Finding]:
    """All findings. A check that cannot be made is a problem, and the others are made."""
    found: list[Finding] = []
    for what, check in checks.items():
        try:
            found += check(subject)
        except (OrgError, OSError, subprocess.SubprocessError) as error:
            found.append(problem(what, f"could not be examined: {error}", "repair what this names, then run it again"))
    return found
