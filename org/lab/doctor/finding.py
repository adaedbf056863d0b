"""One finding of the doctor, as a person reads it and as --json prints it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, and something about it will cost somebody time
    PROBLEM = "problem"  # the lab will not start, or what it measures will be wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """what: the part that was looked at. says: what was found, with its value. fix: one line; "" when all is well."""

    what: str
    level: Level
    says: str
    fix: str = ""


def ok(what: str, says: str) -> Finding:
    return Finding(what, Level.OK, says)


def warning(what: str, says: str, fix: str) -> Finding:
    return Finding(what, Level.WARNING, says, fix)


def problem(what: str, says: str, fix: str) -> Finding:
    return Finding(what, Level.PROBLEM, says, fix)
