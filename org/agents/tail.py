"""New lines of a file that grows."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Tail:
    """Goes on where the last look ended. A last line without its end waits; a file that shrank is read from its start."""

    path: Path
    offset: int = 0

    def lines(self) -> list[bytes]:
        """The whole lines that are new; [] while there is no file."""
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return []
        if size == self.offset:
            return []
        found, self.offset = after(self.path, self.offset if size > self.offset else 0)
        return found


def after(path: Path, offset: int) -> tuple[list[bytes], int]:
    """The whole lines from byte offset on, and where to read next; none while there is no file."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], offset
    end = data.rfind(b"\n") + 1
    return data[:end].splitlines(), offset + end
