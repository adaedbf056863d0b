"""Every table keeps its dataclass to the last field; illegal moves raise and change nothing."""

import dataclasses
import itertools
import typing
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from types import UnionType
from typing import Any

import pytest

from org.model import agent as agent_model
from org.model.errors import IllegalMove, OrgError
from org.model.experiment import RULES, Claim, Event, Experiment, State
from org.model.program import Event as ProgramEvent
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.run import RULES as RUN_RULES
from org.model.run import Event as RunEvent
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.store import agents, events, experiments, programs, reads, rows, runs, tables
from org.store.ledger import Ledger
from org.store.tables import AGENTS, EXPERIMENTS, PROGRAMS, RUNS, Table

NOW = datetime(2030, 1, 2, 3, 4, 5, 678000, UTC)
TABLES = sorted((t for t in vars(tables).values() if isinstance(t, Table)), key=lambda t: t.name)


def sample(hint: Any, number: int) -> Any:
    """Some value of a field's type that no default has."""
    if isinstance(hint, UnionType):
        return sample(typing.get_args(hint)[0], number)
    origin = typing.get_origin(hint) or hint
    if isinstance(origin, type) and issubclass(origin, Enum):
        return list(origin)[-1]
    values = {
        str: f"text {number} – ü | \n \"'", int: number, float: number + 0.1, bool: True, datetime: NOW,
        tuple: ("a", f"b {number}"), dict: {"key": [number, None, 1.5, {"deep": "ü"}]},
    }  # fmt: skip
    return values[origin]


def full(cls: type) -> Any:
    hints = typing.get_type_hints(cls)
    return cls(**{f.name: sample(hints[f.name], i) for i, f in enumerate(dataclasses.fields(cls))})


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_row_comes_back_as_it_went_in(book: Ledger, table: Table[Any]) -> None:
    book.reader.execute("PRAGMA foreign_keys = OFF")
    value = full(table.cls)
    bare = dataclasses.replace(
        value,
        **{table.key: "other" if isinstance(getattr(value, table.key), str) else 77},
        **{f.name: None for f in dataclasses.fields(value) if f.default is None},
        **({"key": "other"} if table.name == "pools" else {}),
    )
    with book.transaction() as tx:
        table.insert(tx, value)
        table.insert(tx, bare)
    assert table.select(book.reader, "ORDER BY rowid") == [value, bare]
    assert table.get(book.reader, getattr(bare, table.key)) == bare


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_and_its_dataclass_name_the_same_columns(book: Ledger, table: Table[Any]) -> None:
    columns = [row["name"] for row in book.reader.execute(f"PRAGMA table_info({table.name})")]
    assert sorted(columns) == sorted(f.name for f in dataclasses.fields(table.cls))


def test_times_are_kept_in_utc_and_sort_as_text() -> None:
    tokyo = timezone(timedelta(hours=9))
    early, late = datetime(2030, 1, 2, 8, 59, tzinfo=tokyo), datetime(2030, 1, 2, 0, 0, 0, 1000, tzinfo=UTC)
    assert early < late and str(rows.encode(early)) < str(rows.encode(late))


def test_a_stretch_of_time_may_be_asked_for_in_any_timezone(book: Ledger) -> None:
    with book.transaction() as tx:
        run = runs.queue(tx, bare_run())
        runs.move(tx, run.id, RunEvent.START, NOW)
        runs.move(tx, run.id, RunEvent.SUCCEED, NOW, finished_at=NOW, total_seconds=5.0)
    for zone, minutes, found in ((9, -1, 1), (9, 1, 0), (-8, -1, 1), (-8, 1, 0)):
        since = (NOW + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=zone)))
        assert reads.totals(book.reader, since).runs == found


def test_a_name_that_is_no_utf_8_is_kept_readable(book: Ledger) -> None:
    name = b"fit/\xff.py".decode("utf-8", "surrogateescape")
    with book.transaction() as tx:
        events.append(tx, "a", "b", path=name)
    assert events.latest(book.reader)[0].detail == {"path": "fit/?.py"}


def test_an_unknown_column_and_a_missing_row_are_named(book: Ledger) -> None:
    with pytest.raises(OrgError, match="there is no run R9"):
        RUNS.get(book.reader, "R9")
    with pytest.raises(KeyError, match="runs has no column colour"), book.transaction() as tx:
        RUNS.update(tx, "R9", colour="red")


def bare_run() -> Run:
    return Run("", Purpose.POOL, RunState.QUEUED, "tree", 1, 0, 0, None, "1step", NOW)


def program() -> Program:
    return Program("free", "t", ProgramState.BACKLOG, "q", "improve", 0.0, "time", (), {}, {}, {}, "", "x", NOW)


def agent() -> agent_model.Agent:
    return agent_model.Agent("j", "junior", "offline", agent_model.State.IDLE, agent_model.Control.AGENT, NOW, NOW)


def experiment(state: State) -> Experiment:
    return Experiment("E1", "free", "j", state, Claim.IMPROVE, 0.0, "s", "b", "p", "0", "1", "2", "3", NOW)


def test_every_illegal_move_of_an_experiment_raises_and_changes_nothing(book: Ledger) -> None:
    with book.transaction() as tx:
        PROGRAMS.insert(tx, program())
        EXPERIMENTS.insert(tx, experiment(State.PROPOSED))
    for state, event in itertools.product(State, Event):
        with book.transaction() as tx:
            EXPERIMENTS.update(tx, "E1", state=state, reason="", decided_at=None)
        count = len(events.latest(book.reader, 10_000))
        if (state, event) in RULES:
            with book.transaction() as tx:
                assert experiments.move(tx, "E1", event, NOW).state is RULES[state, event]
            assert len(events.latest(book.reader, 10_000)) == count + 1
            continue
        with pytest.raises(IllegalMove, match=f"E1 is {state}: {event} is not possible"), book.transaction() as tx:
            experiments.move(tx, "E1", event, NOW, gain=1.0)
        assert EXPERIMENTS.get(book.reader, "E1").state is state and EXPERIMENTS.get(book.reader, "E1").gain is None
        assert len(events.latest(book.reader, 10_000)) == count


def test_every_illegal_move_of_a_run_raises_and_changes_nothing(book: Ledger) -> None:
    with book.transaction() as tx:
        run = runs.queue(tx, bare_run())
    for state, event in itertools.product(RunState, RunEvent):
        if (state, event) in RUN_RULES:
            continue
        with book.transaction() as tx:
            RUNS.update(tx, run.id, state=state)
        with pytest.raises(IllegalMove), book.transaction() as tx:
            runs.move(tx, run.id, event, NOW, metric=1.0)
        assert (RUNS.get(book.reader, run.id).state, RUNS.get(book.reader, run.id).metric) == (state, None)


def test_programs_and_takeovers_refuse_what_makes_no_sense(book: Ledger) -> None:
    with book.transaction() as tx:
        PROGRAMS.insert(tx, program())
        AGENTS.insert(tx, agent())
    told = r"program free is backlog: pause is not possible here \(close, open\)"
    with pytest.raises(IllegalMove, match=told), book.transaction() as tx:
        programs.move(tx, "free", ProgramEvent.PAUSE, NOW, "x")
    with pytest.raises(IllegalMove), book.transaction() as tx:
        agents.set_control(tx, "j", agent_model.ControlEvent.HAND_BACK, NOW, "x")


def test_the_same_state_again_is_no_event(book: Ledger) -> None:
    with book.transaction() as tx:
        AGENTS.insert(tx, agent())
        for _ in range(3):
            agents.set_state(tx, "j", agent_model.State.WORKING, NOW)
    assert len(events.latest(book.reader)) == 1


def test_names_are_never_used_twice_and_count_past_nine(book: Ledger) -> None:
    with book.transaction() as tx:
        assert [runs.queue(tx, bare_run()).id for _ in range(12)] == [f"R{n}" for n in range(1, 13)]
    assert [r.id for r in runs.in_state(book.reader, RunState.QUEUED)][-1] == "R12"
