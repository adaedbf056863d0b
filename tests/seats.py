"""A seat for a backend under test, in a folder of its own."""

import sys
from collections.abc import Mapping
from pathlib import Path

from org.agents.backend import Seat
from org.config import AgentConfig


def seat_in(folder: Path, agent: str = "junior-1", environment: Mapping[str, str] | None = None, **entry: object) -> Seat:
    """A junior's seat whose every path lies below folder. entry: keys of its config entry (backend, model, …)."""
    box = folder / "comms" / agent
    return Seat(
        agent, "junior", folder / "worktrees" / agent, folder, ("org",), "comms", box / "hooks.jsonl", box / "home",
        box / "role.md", box, box / "wake", box / "hold", sys.executable,
        AgentConfig.model_validate({"role": "junior", **entry}), environment or {},
    )  # fmt: skip
