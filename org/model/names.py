"""Names that come from outside (a command line, an environment, a letter, a brief) and become part of a path. One rule
for all of them, asked where the path is made, so that no name can lead out of its folder or hide in it."""

import re

from org.model.errors import OrgError

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def part(what: str, name: str) -> str:
    """`name` if it can be one part of a path; else OrgError. what: says in the message what it would have named."""
    if not _PART.fullmatch(name) or ".." in name:
        raise OrgError(
            f"{name!r} cannot name {what}; use letters, digits, '.', '_' and '-', a letter or digit first, at most 120"
        )
    return name
