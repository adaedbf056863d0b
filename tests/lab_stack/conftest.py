"""A lab with an open program whose played runs are worth what their recipe says."""

from collections.abc import Callable

import pytest
from heads_of import Heads


@pytest.fixture
def played(founded_as: Callable[..., Heads]) -> Heads:
    return founded_as(Heads)
