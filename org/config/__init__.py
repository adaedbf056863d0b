"""config.yaml as typed values. A wrong file fails before anything is made, telling every finding at once with its
line, its value and the nearest allowed key.

sections.py   every key with its default
words.py      what has a form of its own: names, budgets, times of day
attention.py  when and how a person is called
reading.py    from the file, and as the ledger keeps it
checks.py     keys that do not fit together; ladder.py: rungs that do not
findings.py   errors as sentences
derived.py    what follows from a config: everybody's name, the organization's digest
"""

from org.config.derived import agent_names, organization_digest, timezone
from org.config.reading import load, restored
from org.config.sections import (
    AgentConfig,
    AgentLimits,
    Config,
    CpuDevices,
    LimitsConfig,
    Price,
    ProtocolConfig,
    RootConfig,
    Rung,
    StandupConfig,
    TakeoverConfig,
    TaskConfig,
)
from org.config.words import BACKENDS

__all__ = [
    "BACKENDS", "AgentConfig", "AgentLimits", "Config", "CpuDevices", "LimitsConfig", "Price", "ProtocolConfig", "RootConfig",
    "Rung", "StandupConfig", "TakeoverConfig", "TaskConfig", "agent_names", "load", "organization_digest", "restored",
    "timezone",
]  # fmt: skip
