"""Whose account or key an agent's Claude Code works with. Keys stand in no file that is made here; only their names do.

A claude.ai login is used where it lies: CLAUDE_SECURESTORAGE_CONFIG_DIR points the program to the person's folder for its
credentials alone. A copy would be the old one as soon as somebody renews the login, and a link would leave each agent
with a lock of its own for the renewal, so that two of them renew at once and one is logged out (both tried with 2.1.329).
"""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from org.agents.backend import Seat

PROGRAM = "claude"
OAUTH, KEY, BEARER, URL = "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"
STORAGE = "CLAUDE_SECURESTORAGE_CONFIG_DIR"
CREDENTIALS = ".credentials.json"
APPROVED = 20  # the program asks whether a key may be used, unless it knows this many of its last characters


@dataclass(frozen=True, slots=True)
class Login:
    """keeps: variables that the program reads by itself. helper: a command that prints a key of another name.

    approved: the end of the key in ANTHROPIC_API_KEY. missing: what there is not, with its fix; "" when it can work.
    """

    keeps: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    helper: str | None = None
    approved: str | None = None
    missing: str = ""


def program(seat: Seat) -> str | None:
    """Where the claude program is; None: not on PATH."""
    return shutil.which(PROGRAM, path=seat.environment.get("PATH"))


def find(seat: Seat) -> Login:
    """The login of this seat: the key that its entry names, else the person's account, else a key in the environment.

    A server of the entry's own gets no key but the one that the entry names.
    """
    entry, environ = seat.entry, seat.environment
    if entry.key_env:
        return _named(entry.key_env, environ, seat.agent)
    if entry.base_url:
        return Login(environment={BEARER: "none"})  # without any, the program says that it is not logged in
    if (folder := _account(environ)) is not None:
        return Login(environment={STORAGE: folder})
    for name in (OAUTH, KEY, BEARER):
        if environ.get(name):
            return _native(name, environ, *((URL,) if environ.get(URL) else ()))
    way = f"run `claude` once and log in, or export {OAUTH} (from `claude setup-token`) or {KEY} before `org start`"
    return Login(missing=f"agent {seat.agent}: claude is not logged in; {way}")


def _named(name: str, environ: Mapping[str, str], agent: str) -> Login:
    if not environ.get(name):
        return Login(missing=f"agent {agent}: key_env: {name} is not set; export it before `org start`")
    if name in (OAUTH, KEY, BEARER):
        return _native(name, environ)
    return Login(keeps=(name,), helper=f"printenv {name}")


def _native(name: str, environ: Mapping[str, str], *more: str) -> Login:
    return Login(keeps=(name, *more), approved=environ[name][-APPROVED:] if name == KEY else None)


def _account(environ: Mapping[str, str]) -> str | None:
    """What STORAGE has to be for the person's claude.ai login; None when there is none.

    "" means the usual folder, and on macOS the usual entry of the keychain, which no file shows.
    """
    named = environ.get("CLAUDE_CONFIG_DIR", "")
    folder = Path(named) if named else Path(environ.get("HOME") or Path.home()) / ".claude"
    if (folder / CREDENTIALS).is_file():
        return named
    keyless = not any(environ.get(name) for name in (OAUTH, KEY, BEARER))
    return named if sys.platform == "darwin" and keyless else None
