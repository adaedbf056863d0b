"""Many things of which each is done apart from the others: one that cannot be done is not in the way of the next, and is
told once all had their turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Apart:
    """`with Apart() as apart:` around all, `with apart.one():` around each. At the end the first error is raised; given
    another Apart, all are handed to that one, which raises in its turn."""

    def __init__(self, outer: "Apart | None" = None) -> None:
        self.outer = outer
        self.errors: list[Exception] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        """What is raised within is kept."""
        try:
            yield
        except Exception as error:  # raised at the end: nothing is swallowed
            self.errors.append(error)

    def __enter__(self) -> "Apart":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.outer is not None:
            self.outer.errors += self.errors
        elif kind is None and self.errors:
            raise self.errors[0]
