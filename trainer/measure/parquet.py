"""The door to pyarrow, an extra: the texts of a parquet file, some hundred at a time, whatever its size."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.measure.errors import UsageError

DOCUMENTS = 512  # read at once


def texts(path: Path, column: str) -> Iterator[list[str]]:
    """The documents of one file in its order, row group by row group; empty ones are left out. Raises UsageError."""
    arrow = _door()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            _check(arrow, path, column, file.schema_arrow)
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(DOCUMENTS, row_groups=[group], columns=[column]):
                    yield [text for text in batch.column(0).to_pylist() if text]
    except (arrow.ArrowException, OSError) as error:
        raise UsageError(f"{path}: not a whole parquet file: {' '.join(str(error).split())}") from error


def _check(arrow: Any, path: Path, column: str, schema: Any) -> None:
    if column not in schema.names:
        raise UsageError(f"{path}: no column {column}; choose one with --column: {', '.join(schema.names)}")
    kind = schema.field(column).type
    if not (arrow.types.is_string(kind) or arrow.types.is_large_string(kind)):
        raise UsageError(f"{path}: column {column} holds {kind}, not text; choose another with --column")


def _door() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError("a parquet corpus needs pyarrow; run: pip install 'research-org[data]'") from None
    return pyarrow
