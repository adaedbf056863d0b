"""State machines as data: a table from (state, event) to the next state. Illegal moves raise IllegalMove."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from org.model.errors import IllegalMove

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


def advance(table: Mapping[tuple[S, E], S], state: S, event: E, subject: str) -> S:
    """The state after event. Raises IllegalMove, naming what is possible from here."""
    try:
        return table[state, event]
    except KeyError:
        possible = sorted(e.value for s, e in table if s is state)
        raise IllegalMove(
            f"{subject} is {state}: {event} is not possible here ({', '.join(possible) or 'this is final'})"
        ) from None
