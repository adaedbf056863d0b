"""Configs and spaces of the labs in these tests."""

SPACE = {"lr": {"low": 0.01, "high": 1.0, "log": True}, "decay": {"low": 0.0, "high": 0.5}, "degree": [1, 2, 3, 5, 7]}


def with_chief(text: str) -> str:
    """A chief on a backend with a model, who reviews."""
    text = text.replace("structure: solo", "structure: chief")
    text = text.replace("agents:\n", "agents:\n  - {role: chief_scientist, backend: claude}\n")
    return text + "protocol: {approve: chief}\n"
