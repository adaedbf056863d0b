"""Keys are kept out of what is written down. The ledger conceals every text on its way in, and what is rendered from it
(pages, letters, standups) is clean with it; whoever writes words of others to a file by hand calls `conceal` too.

It knows the values of this process's own variables whose names say that they are secret, and the shapes of well-known
keys. A secret of neither kind is not recognized: it is a net, not a proof.
"""

import functools
import os
import re
from collections.abc import Mapping

SECRET_NAMES = re.compile(r"(?:^|_)(?:API_?KEY|ACCESS_?KEY|SECRET_?KEY|PRIVATE_?KEY|AUTH_?TOKEN|TOKEN|SECRET|PASSWORD)$", re.I)
SHORTEST = 8  # characters; a shorter value would be found in words that mean something else
_SHAPES = re.compile(
    r"""
      sk-(?:ant|proj|svcacct|admin|or)-[\w-]{12,}                  # model providers
    | sk-[A-Za-z0-9]{24,}
    | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_\w{20,} | glpat-[\w-]{16,}
    | hf_[A-Za-z0-9]{20,}
    | xox[abeprs]-[\w-]{10,}
    | AKIA[A-Z0-9]{16}
    | AIza[\w-]{30,}
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----(?:.*?-----END\ [A-Z ]*PRIVATE\ KEY-----|[\s\S]*)
    """,
    re.X | re.S,
)


def of(environ: Mapping[str, str]) -> dict[str, str]:
    """The secret values of an environment, each with the name of its variable; the longest first, so that a value that
    is part of another hides nothing."""
    found = {value: name for name, value in environ.items() if SECRET_NAMES.search(name) and len(value) >= SHORTEST}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


@functools.cache
def mine() -> Mapping[str, str]:
    """The secret values of this process, read once: nobody changes them while it runs."""
    return of(os.environ)


def conceal(text: str, known: Mapping[str, str] | None = None) -> str:
    """The text with `[NAME]` in place of a known value and `[secret]` in place of what looks like a key. Twice changes
    nothing. known: value → name; default: those of this process."""
    if len(text) < SHORTEST:
        return text
    for value, name in (mine() if known is None else known).items():
        if value in text:
            text = text.replace(value, f"[{name}]")
    return _SHAPES.sub("[secret]", text)
