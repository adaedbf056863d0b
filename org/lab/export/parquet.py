"""The door to pyarrow: rows into a Parquet file that is whole or not there. An extra, imported only when something is
exported."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from org.lab.export.columns import Column, Table, Type
from org.model.errors import OrgError

INSTALL = 'org export needs one more package: pip install "research-org[export]"'
ROWS = 5_000  # of a row group; so many are in memory at once, each with its JSON


def require() -> Any:
    """pyarrow, or OrgError with what to type."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise OrgError(INSTALL) from error
    return pyarrow


def write(path: Path, table: Table, rows: Iterable[Sequence[Any]]) -> int:
    """Write the rows (values in the order of the table's columns) and return how many there were."""
    arrow = require()
    schema = arrow.schema([_field(arrow, column) for column in table.columns], metadata={"table": table.name})
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    count, batch = 0, []
    try:
        with arrow.parquet.ParquetWriter(beside, schema, compression="zstd") as file:
            for row in rows:
                batch.append(row)
                if len(batch) == ROWS:
                    count += _flush(arrow, file, schema, batch)
            count += _flush(arrow, file, schema, batch)
        beside.replace(path)
    except OSError as error:
        raise OrgError(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
    return count


def holds(path: Path, table: Table) -> bool:
    """Whether the file is there with the columns that the table has now: an older org may have written others."""
    arrow = require()
    try:
        stored = arrow.parquet.read_schema(path)
    except (OSError, arrow.ArrowInvalid):
        return False
    wanted = arrow.schema([_field(arrow, column) for column in table.columns])
    return bool(stored.equals(wanted))  # names and types; a meaning may be told in other words


def _flush(arrow: Any, file: Any, schema: Any, batch: list[Sequence[Any]]) -> int:
    if not batch:
        return 0
    columns = [arrow.array(values, type=f.type) for values, f in zip(zip(*batch, strict=True), schema, strict=True)]
    file.write_table(arrow.Table.from_arrays(columns, schema=schema))
    count = len(batch)
    batch.clear()
    return count


def _field(arrow: Any, column: Column) -> Any:
    types = {
        Type.TEXT: arrow.string(), Type.JSON: arrow.string(), Type.INTEGER: arrow.int64(), Type.NUMBER: arrow.float64(),
        Type.BOOLEAN: arrow.bool_(), Type.TIME: arrow.timestamp("ms", tz="UTC"),
    }  # fmt: skip
    return arrow.field(column.name, types[column.type], metadata={"meaning": column.meaning, "unit": column.unit})
