"""metrics.jsonl: one step a line, each written at once, so that a reader never sees half a line."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from trainer.measure import files


class Metrics:
    """The open file. A new run refuses one that exists; a run that goes on drops what was written after it was saved."""

    def __init__(self, path: Path, after: int = 0) -> None:
        """after: steps that the run has done already, the lines to keep."""
        if after:
            lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
            files.write(path, b"".join(line for line in lines if line.endswith(b"\n") and json.loads(line)["step"] <= after))
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if after else os.O_EXCL), 0o644)

    def write(self, row: dict[str, Any]) -> None:
        """Append one line."""
        os.write(self._file, (json.dumps(row) + "\n").encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._file)
