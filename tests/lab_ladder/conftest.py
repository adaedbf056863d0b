"""A lab whose ladder has three rungs, with played keepers."""

from collections.abc import Callable

import pytest
from climbing import LADDER, PROTOCOL, Climbing


@pytest.fixture
def configure() -> Callable[[str], str]:
    """What the test's config says beside its ladder."""
    return lambda text: text


@pytest.fixture
def lab(founded_as: Callable[..., Climbing], configure: Callable[[str], str]) -> Climbing:
    task = "ladder: [{run_budget: 100step}]"
    return founded_as(Climbing, configure=lambda text: configure(text.replace(task, LADDER) + PROTOCOL))
