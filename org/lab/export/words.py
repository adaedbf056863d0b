"""README and JSON schema of an export, from its dictionary."""

from typing import Any

from org.comms.figures import table
from org.lab.export.columns import TABLES, Column, Table, Type

_JSON_TYPES = {Type.TIME: "string", Type.JSON: "string"}


def readme(lab: str, metric: str, direction: str, rows: dict[str, int]) -> str:
    """What is in the folder. rows: by table."""
    better = "lower is better" if direction == "lower" else "higher is better"
    parts = [
        f"# The ledger of lab {lab}",
        f"Parquet files, one a table; of `events` and `curves` a folder of numbered parts. The metric is `{metric}` "
        f"({better}); where a unit says `metric` it is that. Gains are positive when the candidate is better. Times are "
        "UTC. A column of type json holds text with one JSON value. `schema.json` says the same for programs.",
        "```python\nimport pyarrow.dataset as ds\n\nruns = ds.dataset('runs.parquet').to_table().to_pandas()\n"
        "curves = ds.dataset('curves').to_table().to_pandas()\n```",
        "A number in `experiments.measured_gain` comes from the runs that selected the experiment and flatters it. What may "
        "be claimed is in `studies`, kind `certificate`: fresh runs that selected nothing.",
        *(_section(one, rows.get(one.name, 0)) for one in TABLES),
    ]
    return "\n\n".join(parts) + "\n"


def schema(lab: str) -> dict[str, Any]:
    """JSON schema (2020-12): one definition a table, a row each."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"The ledger of lab {lab}",
        "$defs": {one.name: _rows(one) for one in TABLES},
    }  # fmt: skip


def _section(one: Table, rows: int) -> str:
    body = [(f"`{c.name}`", c.type.value, c.unit, c.meaning) for c in one.columns]
    return f"## {one.name}\n\n{rows} rows; each is {one.rows}.\n\n" + table(("column", "type", "unit", "meaning"), body)


def _rows(one: Table) -> dict[str, Any]:
    return {
        "type": "object", "description": one.rows, "additionalProperties": False,
        "properties": {column.name: _property(column) for column in one.columns},
    }  # fmt: skip


def _property(column: Column) -> dict[str, Any]:
    told: dict[str, Any] = {"type": [_JSON_TYPES.get(column.type, column.type.value), "null"], "description": column.meaning}
    if column.unit:
        told["unit"] = column.unit
    if column.type is Type.TIME:
        told["format"] = "date-time"
    if column.type is Type.JSON:
        told["contentMediaType"] = "application/json"
    return told
