"""The backends by name. Another one is a class like these and a line here."""

from collections.abc import Mapping

from org.agents.api.backend import ApiBackend
from org.agents.backend import Backend
from org.agents.claude.backend import Claude
from org.agents.codex.backend import Codex
from org.agents.command.backend import Command
from org.agents.human import Human
from org.agents.own_pane import OwnPane
from org.model.errors import ConfigError

BACKENDS: Mapping[str, Backend] = {
    backend.name: backend
    for backend in (
        OwnPane("offline"),
        OwnPane("replay", needs_script=True),
        ApiBackend(),
        Claude(),
        Codex(),
        Command(),
        Human(),
    )
}


def named(name: str, known: Mapping[str, Backend] = BACKENDS) -> Backend:
    """The backend of that name; ConfigError names the ones there are."""
    try:
        return known[name]
    except KeyError:
        raise ConfigError(f"there is no backend {name!r}; this version has {', '.join(sorted(known))}") from None
