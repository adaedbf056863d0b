"""People at the lab's tmux: the keys, attaching, watching; the socket's place; tmux itself."""

import os
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tmux_lab import eventually, screen_of_a_person, sleeper

from org.model.errors import TerminalError
from org.runs import processes
from org.terminal import address, attach, server
from org.terminal import grid as grid_module
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec


def press(outside: Grid, *keys: str) -> None:
    """Keys of the person, who sits in a tmux with the same prefix: send-keys goes to the inner one directly."""
    outside.tmux.run(["send-keys", "-t", outside.find("person").pane_id, *keys])


def attached(grid: Grid, outside: Grid, read_only: bool = False) -> attach.Client:
    screen_of_a_person(outside, grid, read_only)
    return eventually(lambda: attach.clients(grid))[0]


def test_a_key_runs_the_labs_command_for_the_pane_it_was_pressed_in(grid: Grid, outside: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder), sleeper("junior-2", folder)])
    grid.select("junior-2")
    attached(grid, outside)
    press(outside, "C-b", "T")
    assert eventually(lambda: "did #(date) takeover junior-2 100%" in outside.capture("person", 200)), outside.capture(
        "person", 200
    )
    press(outside, "C-b", "H")
    assert eventually(lambda: (folder / "calls").read_text().count("\n") == 2)
    home = folder / "my lab"
    assert (folder / "calls").read_text() == f"{home} takeover junior-2\n{home} handback junior-2\n"
    assert not grid.find("junior-2").in_mode


def test_the_keys_say_so_in_a_pane_of_no_agent(grid: Grid, outside: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder)])
    grid.split_shell("chief", folder, {})
    attached(grid, outside)
    press(outside, "C-b", "T")
    assert eventually(lambda: "no agent works in this pane" in outside.capture("person", 200))
    assert not (folder / "calls").exists()


def test_the_dashboard_key_shows_the_dashboard_and_leaving_leaves_the_lab(grid: Grid, outside: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder), sleeper("dashboard", folder, "dashboard")])
    attached(grid, outside)
    press(outside, "C-b", "D")
    assert eventually(lambda: grid.tmux.run(["display-message", "-p", "-t", "=lab:", "#{window_name}"]) == ["dashboard"])
    press(outside, "C-b", "d")
    assert eventually(lambda: attach.clients(grid) == [])
    assert grid.alive()


def test_an_attached_terminal_is_listed_with_its_last_input(grid: Grid, outside: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder)])
    assert attach.clients(grid) == []
    client = attached(grid, outside)
    assert (client.readonly, client.pane_id) == (False, grid.find("chief").pane_id)
    assert timedelta(0) <= datetime.now(UTC) - client.activity < timedelta(minutes=1)


def test_one_who_watches_types_nothing(grid: Grid, outside: Grid, folder: Path) -> None:
    reader = PaneSpec("chief", ["sh", "-c", "read -r line; exit 5"], folder)
    grid.ensure([reader])
    assert attached(grid, outside, read_only=True).readonly
    press(outside, "typed", "Enter")
    assert grid.tmux.run(["display-message", "-p", "-t", "=lab:", "#{window_width}"]) == ["320"]
    assert not eventually(lambda: grid.find("chief").dead, seconds=1)


def test_no_server_has_no_clients(grid: Grid) -> None:
    assert attach.clients(grid) == []


def test_how_to_attach_is_a_line_for_a_shell_and_warns_inside_another_tmux(folder: Path) -> None:
    line = attach.how_to_attach(folder / "a b", "lab", {})
    assert line == f"tmux -u -S '{folder}/a b' attach-session -t =lab"
    nested = attach.how_to_attach(folder / "s", "lab", {"TMUX": "/elsewhere,1,0"})
    assert nested.startswith("env -u TMUX tmux") and "press it twice" in nested


def test_attaching_from_within_the_lab_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", f"{folder / 's'},123,0")
    with pytest.raises(TerminalError, match="in the lab already"):
        attach.attach(folder / "s", "lab")


def test_a_short_socket_path_is_taken_as_it_is(folder: Path) -> None:
    assert address.socket_path(folder / "comms" / "tmux.sock") == folder / "comms" / "tmux.sock"
    assert (folder / "comms").is_dir()


def test_a_path_too_long_for_a_socket_has_a_short_one_that_works_and_stays_the_same(grid: Grid, folder: Path) -> None:
    long = folder / ("x" * 120) / "tmux.sock"
    short = address.socket_path(long)
    assert len(os.fsencode(short)) <= 107 and short == address.socket_path(long)
    assert short != address.socket_path(folder / ("y" * 120) / "tmux.sock")
    lab = Grid(short, "lab", grid.conf)
    lab.ensure([sleeper("chief", folder)])
    assert lab.alive()
    lab.kill_server()
    short.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("version", "old"),
    [("tmux 3.1c", True), ("tmux 2.9", True), ("tmux 3.2", False), ("tmux next-3.7", False), ("tmux master", False)],
)
def test_an_old_tmux_is_known(version: str, old: bool) -> None:
    assert server.too_old(version) is old


def test_a_missing_tmux_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.require()
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(TerminalError, match=r"tmux is missing.*apt install tmux.*brew install tmux"):
        server.require()


def test_an_old_tmux_is_refused_by_its_version(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tmux").write_text("#!/bin/sh\necho tmux 3.0a\n")
    (folder / "tmux").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    with pytest.raises(TerminalError, match=r"tmux 3\.0a is too old"):
        server.require()


def test_an_error_of_tmux_names_the_command_and_not_its_environment(grid: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder)])
    with pytest.raises(TerminalError, match="tmux split-window ended with 1") as caught:
        grid.tmux.run(["split-window", "-t", "%99", "-e", "KEY=secret"])
    assert "secret" not in str(caught.value)


def test_a_command_line_too_long_for_tmux_names_the_way_out(grid: Grid, folder: Path) -> None:
    with pytest.raises(TerminalError, match="hand long texts over in a file"):
        grid.ensure([PaneSpec("chief", ["echo", "x" * 20_000], folder)])


def test_a_pane_that_vanished_is_an_error_of_the_lab(grid: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder)])
    with pytest.raises(TerminalError, match="%99"), grid.tmux.pane("%99") as pane:
        pane.capture_pane()


def test_a_program_that_missed_the_hang_up_gets_one_more(tmp_path: Path) -> None:
    deaf_once = f'trap "trap - HUP; touch {tmp_path}/missed" HUP; touch {tmp_path}/ready; while :; do sleep 0.02; done'
    # A shell cannot trap what it was started to ignore, and under nohup that is this signal.
    hears = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)
    program = subprocess.Popen(["sh", "-c", deaf_once], start_new_session=True, preexec_fn=hears)
    try:
        assert eventually((tmp_path / "ready").exists)
        os.kill(program.pid, signal.SIGHUP)
        assert eventually((tmp_path / "missed").exists)
        found = processes.identify(program.pid)
        assert found is not None
        grid_module._wait_gone([found], seconds=60.0, again_after=0.0)
        assert program.wait() == -signal.SIGHUP
    finally:
        program.kill()
        program.wait()
