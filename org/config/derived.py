"""What follows from a config: everybody's name, the lab's timezone, the organization's digest."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

from org.config.sections import AgentConfig, Config


def organization_digest(paths: Iterable[Path]) -> str:
    """The digest of config, roles and prompts: what the organization is. Order does not matter."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def agent_names(config: Config) -> list[tuple[str, AgentConfig]]:
    """Every agent with its name, in the order of the file: chief, junior-1, junior-2, …"""
    names: list[tuple[str, AgentConfig]] = []
    counters: dict[str, int] = {}
    for entry in config.agents:
        stem = entry.name or {"chief_scientist": "chief"}.get(entry.role, entry.role.replace("_", "-"))
        numbered = entry.count > 1 or (entry.name is None and stem != "chief")
        for _ in range(entry.count):
            counters[stem] = counters.get(stem, 0) + 1
            names.append((f"{stem}-{counters[stem]}" if numbered or counters[stem] > 1 else stem, entry))
    return names


def timezone(config: Config) -> ZoneInfo:
    return ZoneInfo(config.standup.timezone)
