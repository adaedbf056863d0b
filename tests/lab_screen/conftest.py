"""Labs whose ideas are screened before they race, with played keepers."""

from collections.abc import Callable

import pytest
from played import Played


@pytest.fixture
def labs(founded_as: Callable[..., Played]) -> Callable[..., Played]:
    """A lab with an open program; protocol as YAML."""

    def build(protocol: str = "{screen: on}", command: str | None = None) -> Played:
        def configure(text: str) -> str:
            text = text if command is None else text.replace("--budget {budget}", command)
            return text + f"protocol: {protocol}\n"

        return founded_as(Played, configure=configure)

    return build


@pytest.fixture
def screened(labs: Callable[..., Played]) -> Played:
    """The screen is on."""
    return labs()
