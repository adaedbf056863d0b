"""The lab as a person meets it: start, watch, take over, hand back, stop, start again; and what survives a kill."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import grid_lab
import psutil
import pytest
from grid_lab import GridLab, eventually, kill

from org import bootstrap
from org.model.run import Purpose
from org.store import mail, reads
from org.store.tables import AGENTS, EXPERIMENTS, MERGES, RUNS


@pytest.fixture(scope="module")
def started() -> Iterator[GridLab]:
    """One started lab with an open program and both juniors on it, in a folder with a short name (socket paths).

    All tests of this file use it in turn: it must survive every kill and go on as one lab.
    """
    with tempfile.TemporaryDirectory(prefix="org-", ignore_cleanup_errors=True) as folder:
        lab = grid_lab.make(Path(folder))
        lab.start()
        try:
            lab.org("program", "new", "brief.md")
            for agent in ("junior-1", "junior-2"):
                lab.org("program", "assign", "brief", agent)
            lab.org("wait", "--for", "verdict", "--count", "1", "--timeout", "240")
            yield lab
        finally:
            lab.close()


def nothing_doubled(lab: GridLab) -> None:
    """No verdict, message or merge exists twice, and every verdict was told."""
    con = lab.lab().ledger.reader
    decided = EXPERIMENTS.select(con, "WHERE decided_at IS NOT NULL")  # before the letters, for the lab goes on
    told = [m.id for m in mail.of_reader(con, "junior-1") + mail.of_reader(con, "junior-2") if m.kind == "verdict"]
    assert len(told) == len(set(told))
    done = [m.experiment for m in MERGES.select(con, "WHERE state = 'done'")]
    assert len(done) == len(set(done))
    for experiment in decided:
        assert any(id.startswith(f"verdict-{experiment.id}-") for id in told), experiment.id
        valid = [r for r in reads.candidate_runs(con, experiment.id, Purpose.RACE) if r.metric is not None]
        assert len({(r.pool, r.slot) for r in valid}) == len(valid), "a seed was counted twice"


def test_offline_juniors_get_verdicts_in_a_real_grid(started: GridLab) -> None:
    panes = {p.agent: p for p in bootstrap.grid(started.lab()).panes()}
    assert set(panes) == {"junior-1", "junior-2", "office", "dashboard"}
    assert not any(p.dead for p in panes.values())
    seen = bootstrap.grid(started.lab()).capture("junior-1", 200)
    assert "predicted" in seen and "commit" in seen and "proposed" in seen
    assert 0 < started.json("status")["totals"]["verdicts"] <= started.verdicts()
    nothing_doubled(started)


def test_the_supervisor_may_be_killed_at_any_time(started: GridLab) -> None:
    kill(started.supervisor())
    assert "queued" in started.org("pause", "junior-2")  # verbs go on working
    before = started.verdicts()
    assert "office" in started.start()
    started.org("resume", "junior-2")
    eventually(lambda: started.verdicts() >= before + 2)
    assert "agent.paused" in [e["kind"] for e in started.json("log", "junior-2", "--last", "200")]
    nothing_doubled(started)


def test_a_killed_pane_comes_back_in_its_place(started: GridLab) -> None:
    place = {p.agent: p.pane_id for p in bootstrap.grid(started.lab()).panes()}
    pid = started.pane_pid("junior-1")
    kill(pid)
    eventually(lambda: started.pane_pid("junior-1") != pid and not _pane(started, "junior-1").dead)
    assert _pane(started, "junior-1").pane_id == place["junior-1"]
    before = started.verdicts()
    eventually(lambda: started.verdicts() >= before + 2)
    nothing_doubled(started)


def test_killed_keepers_and_runs_cost_no_verdict(started: GridLab) -> None:
    eventually(lambda: RUNS.count(started.lab().ledger.reader, "WHERE state = 'running'") > 0)
    for _ in range(3):
        eventually(lambda: _kill_one_keeper(started))
    before = started.verdicts()
    eventually(lambda: started.verdicts() >= before + 2)
    eventually(lambda: RUNS.count(started.lab().ledger.reader, "WHERE state = 'lost'") > 0)
    lost = RUNS.select(started.lab().ledger.reader, "WHERE state = 'lost'")
    assert all("keeper" in r.reason for r in lost)
    nothing_doubled(started)


def test_a_killed_tmux_server_is_rebuilt_and_runs_survive_it(started: GridLab) -> None:
    grid = bootstrap.grid(started.lab())
    server = int(grid.tmux.run(["display-message", "-p", "#{pid}"])[0])
    kill(server)
    assert not grid.alive()
    before = started.verdicts()
    said = started.start()
    assert "junior-1" in said and "office" in said
    eventually(lambda: started.verdicts() >= before + 2)
    nothing_doubled(started)


def test_stop_and_start_again_go_on_where_things_were(started: GridLab) -> None:
    assert "stopped" in started.org("stop")
    assert not bootstrap.grid(started.lab()).alive()
    assert RUNS.count(started.lab().ledger.reader, "WHERE state = 'running'") == 0
    before = started.verdicts()
    started.start()
    eventually(lambda: started.verdicts() >= before + 2)
    nothing_doubled(started)


def test_takeover_holds_and_handback_tells(started: GridLab) -> None:
    assert "human has junior-1" in started.org("takeover", "junior-1", "--note", "let me look")
    started.org("send", "junior-1", "hello", "read this later")
    eventually(lambda: "taken over" in _pane(started, "junior-1").title)
    eventually(lambda: "a person has this pane" in bootstrap.grid(started.lab()).capture("junior-1", 60))
    held = [m for m in mail.of_reader(started.lab().ledger.reader, "junior-1") if m.subject == "hello"]
    assert held[0].delivered_at is None
    started.org("handback", "junior-1", "--note", "go on")
    con = started.lab().ledger.reader
    eventually(lambda: any(m.kind == "handback" and m.read_at for m in mail.of_reader(con, "junior-1")))
    letter = next(m for m in mail.of_reader(con, "junior-1") if m.kind == "handback")
    assert "go on" in letter.body and "hello" in letter.body


def test_a_junior_is_taken_over_by_typing_in_its_pane(started: GridLab) -> None:
    grid = bootstrap.grid(started.lab())
    pane = _pane(started, "junior-2").pane_id
    grid.tmux.run(["send-keys", "-t", pane, "take", "Enter"])
    eventually(lambda: _holder(started, "junior-2") == "human")
    assert next(a for a in started.json("status")["agents"] if a["name"] == "junior-2")["control"] == "human"
    grid.tmux.run(["send-keys", "-t", pane, "back", "Enter"])
    eventually(lambda: _holder(started, "junior-2") == "agent")


def test_a_standup_is_asked_answered_and_shown(started: GridLab) -> None:
    started.org("ask", "May I change the degree?", "--default", "yes", "--after", "2h")
    started.org("standup", "now")
    started.org("wait", "--for", "standup", "--timeout", "240")
    page = started.org("standup")
    assert page.index("May I change the degree?") < page.index("What changed")
    assert "### junior-1" in page and "No answer in time" not in page


def test_an_edited_config_is_applied_by_starting_again(started: GridLab) -> None:
    path = started.root / "config.yaml"
    path.write_text(path.read_text().replace("count: 2", "count: 3"))
    said = started.start()
    assert ("hired junior-3" in said and "count: 2 → 3" in said.replace("agents: ", "")) or "agents" in said
    eventually(lambda: {"junior-3"} <= {p.agent for p in bootstrap.grid(started.lab()).panes()})
    assert "nothing changed" in started.start()


def test_after_an_update_of_org_its_own_programs_are_started_anew_and_nothing_is_lost(started: GridLab) -> None:
    grid, before = bootstrap.grid(started.lab()), {p.agent: p for p in bootstrap.grid(started.lab()).panes()}
    for pane in before.values():
        grid.tmux.run(["set-option", "-p", "-t", pane.pane_id, "@org_made_from", "older"])
    started.org("takeover", "junior-1")
    said = started.start()
    assert "panes started anew, for what they run has changed: junior-2, junior-3, office, dashboard" in said, said
    assert "junior-1 keeps its program while a person has it" in said and "nothing changed" not in said
    started.org("handback", "junior-1")
    after = {p.agent: p for p in grid.panes()}
    assert {name for name, pane in after.items() if pane.pid == before[name].pid} == {"junior-1"}
    assert not any(pane.dead for pane in after.values())
    assert "started anew, for what they run has changed: junior-1" in started.start()
    assert "nothing changed" in started.start()
    nothing_doubled(started)


def _pane(lab: GridLab, agent: str):  # type: ignore[no-untyped-def]
    return next(p for p in bootstrap.grid(lab.lab()).panes() if p.agent == agent)


def _holder(lab: GridLab, name: str) -> str:
    """Who has the agent, from the ledger."""
    with contextlib.closing(lab.lab().ledger) as book:
        return AGENTS.get(book.reader, name).control.value


def _kill_one_keeper(lab: GridLab) -> bool:
    """Kill the keeper of a running run: the parent of its training process."""
    for run in RUNS.select(lab.lab().ledger.reader, "WHERE state = 'running'"):
        pid_file = lab.root / "comms" / "runs" / run.id / "train.pid"
        if not pid_file.exists():
            continue
        try:
            keeper = psutil.Process(json.loads(pid_file.read_text())["pid"]).parent()
        except psutil.NoSuchProcess:
            continue
        if keeper is not None and "org.runs.keeper" in " ".join(keeper.cmdline()):
            os.kill(keeper.pid, 9)
            return True
    return False
