"""org export: the ledger as Parquet. What only grows (events, curves) is written in parts of which whole ones are never
touched again, so that an export of a long lab's second day is as quick as its first."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from org.lab.export import files as exporting_files
from org.lab.export import parquet as exporting_parquet
from org.lab.export import words as exporting_words
from org.lab.export.columns import CURVES, EVENTS, TABLES, Column, Table, Type
from org.lab.export.files import Folder, Made
from org.lab.lab import Lab

EVENTS_A_PART = 100_000
RUNS_A_PART = 500
_PLAIN = {"step", "steps", "loss", "train_seconds", "tokens", "flops", "tok_per_sec", "lr_multiplier", "peak_memory_mb"}


@dataclass(frozen=True, slots=True)
class Exported:
    """rows: by table. written, kept: files."""

    folder: str
    rows: dict[str, int]
    written: int
    kept: int


def export(lab: Lab, path: Path) -> Exported:
    """Write the folder, or bring an earlier export of this lab up to now. Refused where others' files are; OrgError without
    pyarrow. What the ledger's tables say fits together: all of them are read from one state, also while the lab goes on. A
    kill in between leaves whole files, and the next export goes on."""
    exporting_parquet.require()
    folder = exporting_files.open_(path, "export.json", _identity(lab))
    with lab.ledger.snapshot() as con:
        done = {table.name: _of_ledger(folder, table, con) for table in TABLES if table is not CURVES}
        last, settled = _last_run(con), _open_runs(con)
    done[CURVES.name] = _parts(folder, CURVES, last, RUNS_A_PART, lambda a, b: _curves(lab, a, b), lambda b: b < settled)
    rows = {name: count for name, (count, _) in done.items()}
    written = sum(files for _, files in done.values())
    _words(lab, folder, rows)
    return Exported(str(path), rows, written, sum(name.endswith(".parquet") for name in folder.files) - written)


def _of_ledger(folder: Folder, table: Table, con: sqlite3.Connection) -> tuple[int, int]:
    """(rows, files written)."""
    if table is EVENTS:
        return _parts(folder, table, _last_event(con), EVENTS_A_PART, lambda a, b: _events(con, a, b), lambda b: True)
    return _whole(folder, table, con), 1


def _identity(lab: Lab) -> str:
    """Two labs of one name began at different times."""
    began = lab.ledger.reader.execute("SELECT at FROM events ORDER BY id LIMIT 1").fetchone()
    return f"an export of lab {lab.config.lab}, begun {began[0] if began else 'never'}"


def _words(lab: Lab, folder: Folder, rows: dict[str, int]) -> None:
    task = lab.config.task
    folder.put("README.md", exporting_words.readme(lab.config.lab, task.metric, task.direction, rows))
    folder.put("schema.json", json.dumps(exporting_words.schema(lab.config.lab), indent=1, ensure_ascii=False) + "\n")


def _whole(folder: Folder, table: Table, con: sqlite3.Connection) -> int:
    name = f"{table.name}.parquet"
    path = folder.claim(name)
    count = exporting_parquet.write(path, table, _rows(con, table))
    folder.note(name, Made(count, path.stat().st_size))
    return count


def _parts(
    folder: Folder, table: Table, last: int, size: int, rows: Callable[[int, int], Iterator[Sequence[Any]]],
    settled: Callable[[int], bool],
) -> tuple[int, int]:  # fmt: skip
    """(rows, files written). Part n holds numbers from n·size + 1 to (n + 1)·size; a full one that is settled is whole."""
    total = written = 0
    for part in range(max((last + size - 1) // size, 1)):
        name, end = f"{table.name}/{part + 1:06d}.parquet", (part + 1) * size
        made = folder.files.get(name)
        if made is not None and made.whole and exporting_parquet.holds(folder.path / name, table):
            total += made.rows or 0
            continue
        path = folder.claim(name)
        count = exporting_parquet.write(path, table, rows(part * size + 1, end))
        folder.note(name, Made(count, path.stat().st_size, end <= last and settled(end)))
        total, written = total + count, written + 1
    return total, written


def _last_event(con: sqlite3.Connection) -> int:
    return int(con.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def _last_run(con: sqlite3.Connection) -> int:
    return int(con.execute("SELECT coalesce(max(CAST(substr(id, 2) AS INTEGER)), 0) FROM runs").fetchone()[0])


def _open_runs(con: sqlite3.Connection) -> int:
    """The first run that has not ended; one after the last when all have."""
    found = con.execute(
        "SELECT min(CAST(substr(id, 2) AS INTEGER)) FROM runs WHERE state IN ('queued', 'running')"
    ).fetchone()[0]  # fmt: skip
    return int(found) if found is not None else _last_run(con) + 1


def _rows(con: sqlite3.Connection, table: Table, where: str = "") -> Iterator[Sequence[Any]]:
    """In the order of the dictionary's columns."""
    needed = dict.fromkeys(column.source or column.name for column in table.columns)
    listed = ", ".join(f'"{name}"' for name in needed)
    for row in con.execute(f"SELECT {listed} FROM {table.name} {where} ORDER BY {table.order}"):
        parsed: dict[str, Any] = {}
        yield [_value(row, column, parsed) for column in table.columns]


def _value(row: Mapping[str, Any] | sqlite3.Row, column: Column, parsed: dict[str, Any]) -> Any:
    raw = row[column.source or column.name]
    if column.key:
        source = column.source
        if source not in parsed:
            parsed[source] = json.loads(raw) if raw else {}
        raw = _inside(parsed[source], column.key)
    return typed(raw, column.type)


def _inside(value: Any, key: str) -> Any:
    """A member of nested objects: `ratios.flops`."""
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def typed(value: Any, type: Type) -> Any:
    """The value as the column's type; None where it is missing or something else: tasks may write what they like."""
    if value is None:
        return None
    match type:
        case Type.TIME:
            return datetime.fromisoformat(value)
        case Type.BOOLEAN:
            return bool(value)
        case Type.INTEGER | Type.NUMBER:
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            whole = isinstance(value, int) or value.is_integer()
            return float(value) if type is Type.NUMBER else int(value) if whole and abs(value) < 2**63 else None
        case _:
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _events(con: sqlite3.Connection, first: int, last: int) -> Iterator[Sequence[Any]]:
    return _rows(con, EVENTS, f"WHERE id BETWEEN {first} AND {last}")


def _curves(lab: Lab, first: int, last: int) -> Iterator[Sequence[Any]]:
    """Every whole line of the runs' metrics; folders that are gone, and torn lines, have nothing to say."""
    for number in range(first, last + 1):
        run = f"R{number}"
        try:
            lines = (lab.layout.run(run) / "metrics.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict):
                yield _point(run, told)


def _point(run: str, told: dict[str, Any]) -> Sequence[Any]:
    more = {key: value for key, value in told.items() if key not in _PLAIN}
    values = told | {"run": run, "more": more or None}
    return [typed(values.get(column.name), column.type) for column in CURVES.columns]
