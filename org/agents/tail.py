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
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                if size == self.offset:
                    return []
                self.offset = self.offset if size > self.offset else 0
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            return []
        end = data.rfind(b"\n") + 1
        self.offset += end
        return data[:end].splitlines()
