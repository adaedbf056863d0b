"""Many things of which each is done apart from the others: one that cannot be done is not in the way of the next, and is
told once all had their turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Apart:
    """`with Apart() as apart:` around all, `with apart.one():` around each. At the end the error is raised, several as an
    ExceptionGroup; given another Apart, all are handed to that one, which raises in its turn."""

    def __init__(self, outer: "Apart | None" = None) -> None:
        self.outer = outer
        self.errors: list[Exception] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        """What is raised within is kept."""
        try:
            yield
        except Exception as error:  # a home of a broad except: raised at the end, nothing is swallowed
            self.errors.append(error)

    def __enter__(self) -> "Apart":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.outer is not None:
            self.outer.errors += self.errors
        elif kind is None and self.errors:
            raise self.errors[0] if len(self.errors) == 1 else ExceptionGroup("several could not be done", self.errors)


def each(error: Exception) -> Iterator[Exception]:
    """The errors of a group and of the groups within; any other is itself."""
    if isinstance(error, ExceptionGroup):
        for one in error.exceptions:
            yield from each(one)
    else:
        yield error
