"""metrics.jsonl: one step a line, each written at once, so that a reader never sees half a line."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Metrics:
    """The open file; refuses one that exists."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)

    def write(self, row: dict[str, Any]) -> None:
        """Append one line."""
        os.write(self._file, (json.dumps(row) + "\n").encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._file)
