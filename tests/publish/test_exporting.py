"""`org export`: every column is told, every value is the ledger's, and nothing of others is touched."""

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import many
import pyarrow.parquet as parquet
import pytest
from click.testing import Result

from org.lab.export import exporting
from org.lab.export import parquet as exporting_parquet
from org.lab.export.columns import CURVES, TABLES, Table, Type
from org.lab.lab import Lab
from org.model import run as run_model
from org.model.errors import OrgError, Refused
from org.model.experiment import State
from org.model.idle import Cause
from org.store import events, idle, ledger, runs
from org.store.tables import RUNS

Say = Callable[..., Result]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return many.opened(many.build(tmp_path / "lab", 40, 3))


def read(folder: Path, table: Table) -> list[dict[str, object]]:
    path = folder / table.name if table.grows else folder / f"{table.name}.parquet"
    rows: list[dict[str, object]] = parquet.read_table(path).to_pylist()
    return rows


@pytest.mark.parametrize("table", [t for t in TABLES if t is not CURVES], ids=lambda t: t.name)
def test_the_dictionary_tells_every_column_of_the_ledger(lab: Lab, table: Table) -> None:
    there = {row[1] for row in lab.ledger.reader.execute(f"PRAGMA table_info({table.name})")}
    told = {column.source or column.name for column in table.columns}
    assert told | set(table.left_out) == there
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names)) and all(c.meaning and c.meaning[-1] != "." for c in table.columns)


def test_what_belongs_to_runs_and_verdicts_is_exported() -> None:
    assert {"runs", "experiments", "verdicts", "events", "curves", "pools"} <= {table.name for table in TABLES}


def test_every_value_is_the_ledgers(lab: Lab, tmp_path: Path) -> None:
    found = exporting.export(lab, tmp_path / "out")
    con = lab.ledger.reader
    for table in TABLES:
        rows = read(tmp_path / "out", table)
        assert len(rows) == found.rows[table.name]
        if table is CURVES:
            continue
        kept = con.execute(f"SELECT * FROM {table.name} ORDER BY {table.order}").fetchall()
        assert len(rows) == len(kept)
        for row, original in zip(rows, kept, strict=True):
            for column in table.columns:
                if not column.key:
                    assert row[column.name] == plain(original[column.source or column.name], column.type), column.name


def plain(value: object, type: Type) -> object:
    if value is None:
        return None
    return datetime.fromisoformat(str(value)) if type is Type.TIME else bool(value) if type is Type.BOOLEAN else value


def test_numbers_inside_records_and_decisions_are_columns(lab: Lab, tmp_path: Path) -> None:
    exporting.export(lab, tmp_path / "out")
    by_id = {row["id"]: row for row in read(tmp_path / "out", TABLES[1])}
    raced = next(row for row in by_id.values() if row["decision"] not in (None, "{}"))
    decision = json.loads(str(raced["decision"]))
    assert raced["measured_gain"] == decision["gain"] and raced["candidate_runs"] == decision["candidate_runs"]
    run = next(row for row in read(tmp_path / "out", TABLES[2]) if row["state"] == "succeeded")
    assert run["flops"] == json.loads(str(run["record"]))["flops"] and run["self_reported"] is False
    assert run["energy_joules"] is None


def test_curves_are_the_whole_lines_of_the_metrics(lab: Lab, tmp_path: Path) -> None:
    run = RUNS.select(lab.ledger.reader, "WHERE state = 'succeeded' LIMIT 1")[0]
    folder = lab.layout.run(run.id)
    folder.mkdir(parents=True)
    lines = [{"step": 1, "loss": 5.5, "flops": 1e12, "mine": [1]}, {"step": 2, "loss": None}, {"step": "three", "loss": "nan"}]
    (folder / "metrics.jsonl").write_text("\n".join(json.dumps(x) for x in lines) + '\n[1]\n{"step": 4')
    exporting.export(lab, tmp_path / "out")
    mine = [row for row in read(tmp_path / "out", CURVES) if row["run"] == run.id]
    assert [(row["step"], row["loss"]) for row in mine] == [(1, 5.5), (2, None), (None, None)]
    assert mine[0]["flops"] == 1e12 and mine[0]["more"] == '{"mine": [1]}' and mine[1]["more"] is None


def test_the_readme_and_the_schema_come_from_the_same_dictionary(lab: Lab, tmp_path: Path) -> None:
    exporting.export(lab, tmp_path / "out")
    readme = (tmp_path / "out" / "README.md").read_text()
    schema = json.loads((tmp_path / "out" / "schema.json").read_text())["$defs"]
    for table in TABLES:
        file = f"{table.name}/000001.parquet" if table.grows else f"{table.name}.parquet"
        stored = parquet.read_schema(tmp_path / "out" / file)
        assert stored.names == [c.name for c in table.columns] == list(schema[table.name]["properties"])
        for column in table.columns:
            assert f"| `{column.name}` | {column.type.value} | {column.unit} | {column.meaning}" in readme
            assert schema[table.name]["properties"][column.name]["description"] == column.meaning
            assert stored.field(column.name).metadata[b"meaning"].decode() == column.meaning
    assert "`val_bpb` (lower is better)" in readme


def test_a_second_export_leaves_whole_parts_alone_and_adds_what_is_new(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "EVENTS_A_PART", 100)
    monkeypatch.setattr(exporting, "RUNS_A_PART", 2)
    out = tmp_path / "out"
    first = exporting.export(lab, out)
    stamps = {p: p.stat().st_mtime_ns for p in out.rglob("*/*.parquet")}
    with lab.ledger.transaction() as tx:
        events.append(tx, "lab.paused", "main", "human", many.NOW, reason="lunch")
        running = RUNS.select(tx, "WHERE state = 'running'")[0]
        runs.move(tx, running.id, run_model.Event.SUCCEED, many.NOW, metric=2.0, finished_at=many.NOW)
    second = exporting.export(lab, out)
    assert second.rows["events"] == first.rows["events"] + 2 and second.kept > 3
    same = {p for p, stamp in stamps.items() if p.stat().st_mtime_ns == stamp}
    events_parts = sorted((out / "events").glob("*.parquet"))
    assert len(events_parts) > 3 and set(events_parts[:-2]) <= same
    number = (int(running.id[1:]) - 1) // 2 + 1
    assert out / "curves" / f"{number:06d}.parquet" not in same, "a part with a running run is written again"
    assert [row["id"] for row in read(out, TABLES[-2])] == list(range(1, second.rows["events"] + 1))


def test_an_export_is_of_one_moment_while_the_lab_goes_on(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes between two tables is in none of them; the next export has it."""
    before = {
        t.name: lab.ledger.reader.execute(f"SELECT count(*) FROM {t.name}").fetchone()[0] for t in TABLES if t is not CURVES
    }
    other, write = ledger.open_existing(lab.layout.ledger), exporting_parquet.write

    def meanwhile(path: Path, table: Table, rows: Iterable[Sequence[Any]]) -> int:
        with other.transaction() as tx:
            events.append(tx, "lab.paused", "main", "human", many.NOW, reason=table.name)
            idle.change(tx, f"cuda:{table.name}", Cause.NOTHING, "", many.NOW)
        return write(path, table, rows)

    monkeypatch.setattr(exporting_parquet, "write", meanwhile)
    found = exporting.export(lab, tmp_path / "out")
    assert {name: count for name, count in found.rows.items() if name != "curves"} == before
    assert exporting.export(lab, tmp_path / "out").rows["idle"] > before["idle"]
    other.close()


def test_whole_parts_of_an_older_org_are_written_again(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "EVENTS_A_PART", 100)
    part = tmp_path / "out" / "events" / "000001.parquet"
    exporting.export(lab, tmp_path / "out")
    stored = parquet.read_table(part)
    parquet.write_table(stored.drop_columns(["actor"]), part)
    told = json.loads((tmp_path / "out" / "export.json").read_text())
    told["files"]["events/000001.parquet"]["bytes"] = part.stat().st_size
    (tmp_path / "out" / "export.json").write_text(json.dumps(told))
    exporting.export(lab, tmp_path / "out")
    assert parquet.read_table(part).equals(stored)


def test_times_have_their_zone_and_words_of_a_kind_are_words(lab: Lab, tmp_path: Path) -> None:
    exporting.export(lab, tmp_path / "out")
    stored = parquet.read_schema(tmp_path / "out" / "experiments.parquet")
    assert str(stored.field("decided_at").type) == "timestamp[ms, tz=UTC]" and str(stored.field("state").type) == "string"
    states = {row["state"] for row in read(tmp_path / "out", TABLES[1])}
    assert states <= {state.value for state in State} and "discarded" in states
    backends = {row["name"]: row["backend"] for row in read(tmp_path / "out", next(t for t in TABLES if t.name == "agents"))}
    assert backends["chief"] and backends["junior-1"] in ("claude", "codex")


def test_a_killed_export_is_gone_on_with(lab: Lab, tmp_path: Path) -> None:
    out = tmp_path / "out"
    exporting.export(lab, out)
    told = json.loads((out / "export.json").read_text())
    told["files"]["runs.parquet"] = {"rows": None, "bytes": None, "whole": False}
    (out / "export.json").write_text(json.dumps(told))
    (out / "runs.parquet").write_bytes(b"half")
    exporting.export(lab, out)
    assert len(read(out, TABLES[2])) == RUNS.count(lab.ledger.reader)


def test_nothing_that_org_did_not_write_is_touched(lab: Lab, tmp_path: Path, say: Say) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "runs.parquet").write_text("precious")
    done = say(lab.layout.comms, "export", "--to", str(mine))
    assert isinstance(done.exception, Refused) and "holds something else" in str(done.exception)
    assert [p.name for p in mine.iterdir()] == ["runs.parquet"]
    out = tmp_path / "out"
    assert say(lab.layout.comms, "export", "--to", str(out)).exit_code == 0
    (out / "notes.md").write_text("mine")
    with (out / "pools.parquet").open("ab") as file:
        file.write(b"edited")
    with pytest.raises(Refused, match=r"pools\.parquet was changed"):
        exporting.export(lab, out)
    other = many.opened(many.build(tmp_path / "other", 0, 3))
    with pytest.raises(Refused, match="not an export of lab main, begun"):
        exporting.export(other, out)
    assert (out / "notes.md").read_text() == "mine"


def test_without_pyarrow_the_verb_says_what_to_type(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OrgError, match=r'pip install "research-org\[export\]"'):
        exporting_parquet.require()
    with pytest.raises(OrgError):
        exporting.export(lab, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_labs_key_stays_at_home(lab: Lab, tmp_path: Path) -> None:
    with lab.ledger.transaction() as tx:
        tx.execute("UPDATE meta SET value = 'the-very-secret-seed-key' WHERE key = 'seed_key'")
    exporting.export(lab, tmp_path / "out")
    assert all(b"the-very-secret-seed-key" not in p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file())


def test_an_empty_lab_exports_empty_tables(tmp_path: Path) -> None:
    lab = many.opened(many.build(tmp_path / "lab", 0, 3))
    found = exporting.export(lab, tmp_path / "out")
    assert found.rows["runs"] == 0 and read(tmp_path / "out", TABLES[2]) == []
    assert isinstance(lab.ledger.reader, sqlite3.Connection)
