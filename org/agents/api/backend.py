"""The backend `api`: our own agent in the pane, on a provider's API. `org pane NAME` plays it (play.py)."""

import importlib.util
import re
from dataclasses import dataclass

from org.agents.api import options
from org.agents.api.watcher import ApiWatcher
from org.agents.backend import Nudging, PaneCommand, Seat
from org.agents.observation import Composer
from org.model.errors import ConfigError

PROMPT = "› "  # what the input box begins with
BAR = "┄┄"  # what the toolbar below it begins with
INSTALL = "pip install 'research-org[api]'"
# A machine that reaches its provider through a proxy or with certificates of its own says so in these.
NETWORK = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class ApiBackend:
    """Our own agent."""

    name: str = "api"
    nudging: Nudging = Nudging.NONE

    def check(self, seat: Seat) -> list[str]:
        """The SDK is installed, the key is there, the arguments are known."""
        try:
            told = options.read(seat.entry)
        except ConfigError as error:
            return [f"agent {seat.agent}: {error}"]
        found = []
        if missing := [name for name in (told.provider, "prompt_toolkit") if importlib.util.find_spec(name) is None]:
            found.append(f"agent {seat.agent}: backend api needs {' and '.join(missing)}; {INSTALL}")
        if not seat.environment.get(told.key_env):
            found.append(f"agent {seat.agent}: {missing_key(told)}")
        return found

    def prepare(self, seat: Seat) -> None:
        """A home for its conversation."""
        seat.home.mkdir(parents=True, exist_ok=True)

    def pane_command(self, seat: Seat) -> PaneCommand:
        """`org pane NAME` in the agent's worktree, with its key."""
        told = options.read(seat.entry)
        environment = {"ORG_AGENT": seat.agent, "ORG_LAB": seat.lab}
        return PaneCommand((*seat.org, "pane", seat.agent), seat.worktree, environment, (told.key_env, *NETWORK))

    def watcher(self, seat: Seat) -> ApiWatcher:
        """It reads the hooks file."""
        return ApiWatcher(seat)

    def composer(self, screen: str) -> Composer:
        """What stands between the last prompt mark and the bar below it."""
        rows = screen.rstrip().splitlines()
        bar = next((i for i in reversed(range(len(rows))) if rows[i].startswith(BAR)), None)
        box = next((i for i in reversed(range(bar or 0)) if re.match(PROMPT.rstrip(), rows[i])), None)
        if bar is None or box is None:
            return Composer.UNKNOWN
        typed = [rows[box].removeprefix(PROMPT.rstrip()), *rows[box + 1 : bar]]
        return Composer.DRAFT if any(row.strip() for row in typed) else Composer.EMPTY

    def close(self, screen: str) -> str | None:
        """None."""
        return None

    def stash(self) -> str | None:
        """None: nothing is ever typed into it."""
        return None


def missing_key(told: options.Options) -> str:
    """The one line about a key that is not there."""
    server = f" (any value, if {told.base_url} wants none)" if told.base_url else ""
    return f"{told.key_env} is not set: export it{server} before `org start`, or name another variable with `key_env`"
