"""Labs whose played runs report what they spent."""

from collections.abc import Callable

import pytest
from spending import Spender


@pytest.fixture
def labs(founded_as: Callable[..., Spender]) -> Callable[..., Spender]:
    """A lab with an open program: its protocol as YAML, fields of its brief, and whether there is a chief."""

    def build(protocol: str = "{}", chief: bool = False, **brief: object) -> Spender:
        def configure(text: str) -> str:
            if chief:
                text = text.replace("structure: solo", "structure: chief")
                text = text.replace("agents:\n", "agents:\n  - {role: chief_scientist, backend: offline}\n")
            return text + f"protocol: {protocol}\n"

        return founded_as(Spender, configure=configure, **brief)

    return build
