"""Every look is a frame, whatever happens to the ledger or its folder."""

import json
import shutil
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import ledgers
import pytest
from standing import Build

from org.dashboard.follower import Follower, setting_of, told
from org.dashboard.palette import Palette
from org.dashboard.state import DeviceLine, LabState, Level, Wanted
from org.dashboard.widgets.devices_table import DevicesTable, Row
from org.model import experiment
from org.model.agent import State as AgentState
from org.model.experiment import State
from org.model.idle import Cause, Interval
from org.model.merge import Kind as Moved
from org.model.merge import Merge
from org.model.merge import State as Done
from org.model.study import Kind, Study
from org.model.study import State as StudyState
from org.store import experiments, ledger, meta
from org.store.layout import Layout
from org.store.tables import AGENTS, EXPERIMENTS, MERGES, STUDIES


def follower(layout: Layout, later: float = 0.0) -> Follower:
    return Follower(layout.ledger, layout, ledgers.CONFIG, lambda: ledgers.NOW + timedelta(seconds=later))


def words(lab: LabState) -> str:
    return " | ".join(note.text for note in lab.notes)


def test_a_lab_that_is_not_there_yet_is_a_note(tmp_path: Path) -> None:
    seen = follower(ledgers.layout_of(tmp_path)).look()
    assert not seen.connected
    assert "`org start`" in words(seen)


def test_a_lab_without_experiments_is_a_frame(lab: Build) -> None:
    seen = follower(lab(0, 1)).look()
    assert seen.connected
    assert (len(seen.agents), seen.points, seen.totals.verdicts, seen.sigma) == (2, (), 0, (0.0, 0.0))


def test_a_config_that_was_applied_while_it_is_open_counts(lab: Build) -> None:
    layout = lab(0, 1)
    looking = follower(layout)
    assert looking.look().setting.limits == setting_of(ledgers.CONFIG).limits
    book = ledger.open_existing(layout.ledger)
    with book.transaction() as tx:
        meta.put(tx, "config", json.dumps(ledgers.CONFIG | {"limits": {"device_hours": 1.5}}))
    assert looking.look().setting.limits == (("device-hours", 1.5),)
    book.close()
    looking.close()


def test_a_device_that_idles_says_why_in_words() -> None:
    idle = Interval(7, "cpu:0", ledgers.NOW, None, Cause.NOTHING, "no program is open")
    [column] = [c for c in DevicesTable(full=False).fitting(200) if c.title == "Runs"]
    row = Row(DeviceLine("cpu:0", "cpu", idle=idle), None, None)
    assert column.cell(row, Palette(*["#000000"] * 6), 60).plain == "○ nothing proposed: no program is open"


def test_agents_show_their_run_and_how_far_it_is(lab: Build) -> None:
    seen = follower(lab()).look()
    line = seen.agents[2]
    assert line.run is not None and line.experiment is not None
    assert (line.agent.name, line.experiment.id, line.look) == ("junior-2", "E12", 2)
    progress = seen.progress[line.run.id]
    assert (progress.step, progress.steps) == (85, 400)
    assert progress.left_seconds == pytest.approx(315 * 0.7)


def test_of_two_open_experiments_an_agent_shows_the_one_that_runs(lab: Build) -> None:
    layout = lab()
    with ledger.open_existing(layout.ledger).transaction() as con:
        con.execute("UPDATE experiments SET author = 'junior-2' WHERE id IN ('E11', 'E13')")
        con.execute("UPDATE runs SET state = 'lost' WHERE experiment IN ('E11', 'E13') AND state = 'running'")
    line = follower(layout).look().agents[2]
    assert line.experiment is not None and line.experiment.id == "E12"


def test_devices_show_baseline_runs_too(lab: Build) -> None:
    devices = {line.device: line for line in follower(lab()).look().devices}
    assert list(devices) == [f"cuda:{n}" for n in range(8)]
    run = devices["cuda:7"].run
    assert run is not None and run.purpose == "pool"
    assert devices["cuda:5"].run is None


def test_the_noise_is_that_of_the_pools(lab: Build) -> None:
    sigma, df = follower(lab(60, 8)).look().sigma
    assert sigma == pytest.approx(ledgers.SIGMA, rel=0.35)
    assert df >= 9


def test_nothing_new_is_the_same_frame(lab: Build) -> None:
    looking = follower(lab())
    assert looking.look() is looking.look()


def test_a_change_leaves_what_did_not_change(lab: Build) -> None:
    layout = lab()
    looking = follower(layout)
    before = looking.look()
    with ledger.open_existing(layout.ledger).transaction() as con:
        experiments.move(con, "E12", experiment.Event.DISCARD, ledgers.NOW, reason="futile")
    after = looking.look()
    assert after.points[11].state is State.DISCARDED
    assert after.points[10] is before.points[10]
    assert after.programs[0].program is not None and after.pools is before.pools and after.messages is before.messages


def test_new_metrics_change_only_the_progress(lab: Build) -> None:
    layout = lab()
    looking = follower(layout)
    before = looking.look()
    run = before.agents[1].run
    assert run is not None
    ledgers.metrics(layout, run.id, 300)
    after = looking.look()
    assert after.progress[run.id].step == 300
    assert after.agents is before.agents and after.devices is before.devices


def test_an_empty_file_is_a_note(tmp_path: Path) -> None:
    layout = ledgers.layout_of(tmp_path)
    layout.comms.mkdir()
    layout.ledger.touch()
    assert "ledger.db is empty" in words(follower(layout).look())


def test_a_newer_ledger_is_a_note(lab: Build) -> None:
    layout = lab()
    sqlite3.connect(layout.ledger).execute("PRAGMA user_version = 99")
    assert "newer org" in words(follower(layout).look())


def test_a_file_that_is_no_ledger_is_a_note(lab: Build) -> None:
    layout = lab()
    for path in layout.comms.glob("ledger.db*"):
        path.unlink()
    layout.ledger.write_bytes(b"this is a poem, not a database" * 200)
    assert "damaged" in words(follower(layout).look())


def test_a_ledger_damaged_inside_is_a_note(lab: Build) -> None:
    layout = lab(60, 8)
    book = sqlite3.connect(layout.ledger)
    book.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    book.close()
    data = bytearray(layout.ledger.read_bytes())
    data[8192:] = b"\x5a" * (len(data) - 8192)
    layout.ledger.write_bytes(data)
    seen = follower(layout).look()
    assert not seen.connected
    assert "damaged" in words(seen)


def test_a_state_of_another_version_is_a_note(lab: Build) -> None:
    layout = lab()
    book = sqlite3.connect(layout.ledger, isolation_level=None)
    book.execute("UPDATE experiments SET state = 'transcended' WHERE id = 'E3'")
    seen = follower(layout).look()
    assert "transcended" in words(seen) and "another version" in words(seen)


def test_a_missing_table_is_a_note(lab: Build) -> None:
    layout = lab()
    book = sqlite3.connect(layout.ledger, isolation_level=None)
    book.execute("DROP TABLE standups")
    book.execute("DROP TABLE leases")
    assert "leases" in words(follower(layout).look())


def test_a_folder_that_disappears_leaves_the_last_frame_and_says_so(lab: Build) -> None:
    layout = lab()
    looking = follower(layout)
    assert looking.look().connected
    shutil.move(layout.comms, layout.root / "elsewhere")
    gone = looking.look()
    assert not gone.connected and "folder is gone" in words(gone)
    assert len(gone.agents) == 4
    shutil.move(layout.root / "elsewhere", layout.comms)
    assert looking.look().connected


def test_a_ledger_that_took_the_others_place_is_followed(lab: Build, tmp_path: Path) -> None:
    layout = lab()
    looking = follower(layout)
    looking.look()
    other = ledgers.build(tmp_path / "other", 0, 1)
    for path in layout.comms.glob("ledger.db*"):
        path.unlink()
    shutil.copy(other.ledger, layout.ledger)
    assert len(looking.look().agents) == 2


def test_a_locked_ledger_is_said_in_words() -> None:
    assert "locked by another program" in str(told(Path("ledger.db"), sqlite3.OperationalError("database is locked")))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("root_note", "root weakened on purpose: no decay", "root weakened on purpose: no decay"),
        ("paused", "lunch", "The lab is paused: lunch"),
        ("disk_low", "0.4 GB left", "Disk low: 0.4 GB left"),
        ("stopping", "drain", "stopping"),
    ],
)
def test_what_a_person_must_know_is_a_note(lab: Build, key: meta.Key, value: str, said: str) -> None:
    layout = lab()
    with ledger.open_existing(layout.ledger).transaction() as con:
        meta.put(con, key, value)
    assert said in words(follower(layout).look())


def test_a_silent_supervisor_is_a_note_after_half_a_minute(lab: Build) -> None:
    layout = lab()
    assert "supervisor" not in words(follower(layout, later=20).look())
    late = follower(layout, later=300).look()
    assert "not been seen for 5 min" in words(late)
    assert late.notes[0].level is Level.WARNING


def test_an_agent_in_a_persons_hands_is_called_neither_silent_nor_waiting(lab: Build) -> None:
    layout = lab()
    with ledger.open_existing(layout.ledger).transaction() as con:
        for name in ("junior-1", "junior-3"):  # ada has the second
            AGENTS.update(con, name, state=AgentState.STALLED)
    seen = words(follower(layout).look())
    assert "Silent for too long: junior-1. g goes" in seen and "Held by a person: junior-3." in seen


def test_a_supervisor_that_never_ran_is_a_note(lab: Build) -> None:
    layout = lab()
    with ledger.open_existing(layout.ledger).transaction() as con:
        meta.put(con, "supervisor_seen_at", None)
    assert "has not run yet" in words(follower(layout).look())


def test_of_a_finding_no_more_is_said_than_org_findings_says(lab: Build) -> None:
    """A stack has taken E33 and E9; E53 simplifies, and held at a larger scale together with another."""
    layout, rungs = lab(60, 8), {"task": {"metric": "val_bpb", "ladder": [{"depth": 8}, {"depth": 12}]}}
    book = ledger.open_existing(layout.ledger)

    def claims() -> dict[str, str]:
        return {line.experiment.id: line.claim for line in follower(layout).look(wanted=Wanted("findings")).findings}

    before = claims()
    assert before["E9"] == "nothing yet: `org certify` tests it on fresh seeds"
    assert before["E53"].startswith("better by 0.01") and before["E53"].endswith("no claim about learning")
    with book.transaction() as con:
        EXPERIMENTS.update(con, "E53", claim=experiment.Claim.SIMPLIFY, margin=0.001)
        told = {"gain": 0.004, "shrunk_gain": 0.003, "p_not_positive": 0.01, "expected": 0.009}
        STUDIES.insert(con, Study("S90", Kind.STACK, "", StudyState.DONE, "chief", ledgers.NOW, outcome=told))
        move = Merge(MERGES.next_id(con), "S90", "", "head", "a", "b", "c", Done.DONE, ledgers.NOW, ledgers.NOW, Moved.STACK)
        MERGES.insert(con, replace(move, detail={"taken": ["E33", "E9"]}))
    assert claims()["E53"] == "no regression beyond 0.001"
    assert claims()["E33"] == (
        "it is in S90: +0.0040 together (shrunk +0.0030; sum of parts +0.0090); its own gain is not reported"
    )
    with book.transaction() as con:
        meta.put(con, "config", json.dumps(ledgers.CONFIG | rungs))
        plan = {"rung": 1, "depth": 12, "bundle": True, "experiments": ["E53", "E9"]}
        STUDIES.insert(con, Study("S91", Kind.RUNG, "", StudyState.DONE, "chief", ledgers.NOW, None, plan, {"held": True}))
    assert claims()["E53"] == "no regression beyond 0.001; confirmed only together with 1 other"
    assert claims()["E33"] == "nothing yet: `org promote E33` tests it at a larger scale"
    book.close()


def test_the_settings_come_from_the_config() -> None:
    setting = setting_of({"task": {"metric": "acc", "direction": "higher"}, "standup": {"timezone": "Europe/Paris"}})
    assert (setting.metric, setting.higher_is_better, str(setting.zone)) == ("acc", True, "Europe/Paris")
    assert str(setting_of({"standup": {"timezone": "Mars/Olympus"}}).zone) == "UTC"
    assert not setting_of({}).higher_is_better
