"""The grid: made, adopted, respawned in place, rebuilt; what lives is left alone."""

import os
import signal
from pathlib import Path

import psutil
import pytest
from tmux_lab import dead, eventually, screen_of_a_person, shell, sleeper

from org.model.errors import TerminalError
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec


def test_twenty_agents_fill_windows_of_at_most_nine(grid: Grid, folder: Path) -> None:
    specs = [sleeper(f"junior-{n}", folder) for n in range(20)] + [sleeper("office", folder, "office")]
    assert len(grid.ensure(specs).created) == 21
    panes = grid.panes()
    per_window = {name: sum(p.window == name for p in panes) for name in {p.window for p in panes}}
    assert per_window == {"grid-1": 9, "grid-2": 9, "grid-3": 2, "office": 1}
    assert not any(p.dead for p in panes)


def test_the_panes_of_a_window_are_tiled_in_order_to_a_readable_size(grid: Grid, folder: Path) -> None:
    grid.ensure([sleeper(f"j{n}", folder) for n in range(9)])
    sizes = grid.tmux.run(["list-panes", "-a", "-F", "#{pane_width} #{pane_height}"])
    assert all(int(w) >= 100 and int(h) >= 30 for w, h in (size.split() for size in sizes))
    assert [pane.agent for pane in grid.panes()] == [f"j{n}" for n in range(9)]


def test_a_second_ensure_adopts_what_lives(grid: Grid, folder: Path) -> None:
    specs = [sleeper(a, folder) for a in ("chief", "junior-1")]
    grid.ensure(specs)
    before = {p.agent: p.pid for p in grid.panes()}
    done = Grid(grid.socket_path, grid.session, grid.conf).ensure(specs[:1])
    assert (done.created, done.adopted, done.respawned, done.left) == ((), ("chief",), (), ("junior-1",))
    assert {p.agent: p.pid for p in grid.panes()} == before


def test_a_killed_pane_is_respawned_in_place_with_its_title(grid: Grid, folder: Path) -> None:
    specs = [sleeper(a, folder) for a in ("chief", "junior-1")]
    grid.ensure(specs)
    grid.set_titles({"junior-1": "junior-1 [working] e17"})
    old = grid.find("junior-1")
    os.kill(old.pid, signal.SIGKILL)
    assert eventually(lambda: dead(grid, "junior-1"))
    assert grid.ensure(specs).respawned == ("junior-1",)
    new = grid.find("junior-1")
    assert (new.pane_id, new.title, new.dead) == (old.pane_id, "junior-1 [working] e17", False)
    assert new.pid != old.pid


def test_a_killed_server_has_no_panes_and_is_rebuilt(grid: Grid, folder: Path) -> None:
    specs = [sleeper(a, folder) for a in ("chief", "junior-1")]
    assert grid.panes() == [] and not grid.alive()
    grid.ensure(specs)
    grid.tmux.ask(["kill-server"])
    assert len(grid.ensure(specs).created) == 2
    assert {p.agent for p in grid.panes()} == {"chief", "junior-1"}


def test_a_server_that_crashed_is_rebuilt(grid: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder)])
    [pid] = grid.tmux.run(["display-message", "-p", "#{pid}"])
    os.kill(int(pid), signal.SIGKILL)
    assert eventually(lambda: not grid.alive())
    assert grid.panes() == []
    assert grid.ensure([sleeper("chief", folder)]).created == ("chief",)


def test_every_exit_status_is_kept(grid: Grid, folder: Path) -> None:
    specs = [shell(f"j{n}", folder, f"exit {n}") for n in range(9)]
    grid.ensure(specs)
    assert eventually(lambda: all(p.dead for p in grid.panes()))
    assert {p.agent: p.exit_status for p in grid.panes()} == {f"j{n}": n for n in range(9)}
    assert (folder / "exits/j7").read_text() == "7\n"


def test_an_exit_by_signal_and_a_missing_program_have_their_status(grid: Grid, folder: Path) -> None:
    missing = PaneSpec("gone", ["no-such-program"], folder, {}, "grid-1", folder / "exits/gone")
    grid.ensure([shell("killed", folder, "kill -9 $$"), missing])
    assert eventually(lambda: all(p.dead for p in grid.panes()))
    assert {p.agent: p.exit_status for p in grid.panes()} == {"killed": 137, "gone": 127}
    assert "no-such-program: No such file" in grid.capture("gone")


def test_panes_have_their_own_environment_and_nothing_of_the_callers_agent(
    grid: Grid, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CODEX_HOME", "ORG_AGENT", "GIT_DIR"):
        monkeypatch.setenv(name, "the caller's")
    script = "env > env.$ORG_AGENT; echo done; exec sleep 60"
    grid.ensure(
        [
            shell("first", folder, script, ORG_AGENT="first", SECRET="x; #{pid}"),
            shell("second", folder, script, ORG_AGENT="second"),
        ]
    )
    assert eventually(lambda: all("done" in grid.capture(a) for a in ("first", "second")))
    first, second = ((folder / f"env.{a}").read_text() for a in ("first", "second"))
    assert "SECRET=x; #{pid}\n" in first and "SECRET" not in second
    assert "the caller's" not in first + second
    assert "HOME=" in first


def test_the_program_is_in_the_foreground_under_its_own_name_and_gets_ctrl_c(grid: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder)])
    assert eventually(lambda: grid.find("chief").foreground == "sleep")
    grid.tmux.run(["send-keys", "-t", grid.find("chief").pane_id, "C-c"])
    assert eventually(lambda: dead(grid, "chief"))
    assert grid.find("chief").exit_status == 130


def test_a_program_that_stops_itself_is_continued(grid: Grid, folder: Path) -> None:
    grid.ensure([shell("chief", folder, "kill -STOP $$; echo went on; exec sleep 60")])
    assert eventually(lambda: "went on" in grid.capture("chief"))


def test_a_module_in_the_worktree_cannot_take_the_librarys_place(grid: Grid, folder: Path) -> None:
    (folder / "signal.py").write_text("raise SystemExit(99)")
    grid.ensure([shell("chief", folder, "exit 3", PYTHONPATH=str(folder))])
    assert eventually(lambda: dead(grid, "chief"))
    assert grid.find("chief").exit_status == 3


def test_a_living_program_is_respawned_only_when_it_may_be_killed(grid: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder)])
    before = grid.find("chief")
    with pytest.raises(TerminalError, match="still runs"):
        grid.respawn("chief", sleeper("chief", folder))
    assert grid.find("chief").pid == before.pid
    program = psutil.Process(before.pid).children()
    grid.respawn("chief", sleeper("chief", folder), kill=True)
    after = grid.find("chief")
    assert (after.pane_id, after.dead) == (before.pane_id, False) and after.pid != before.pid
    assert not any(p.is_running() for p in program)


def test_the_end_of_the_server_waits_for_the_programs_and_spares_others(grid: Grid, outside: Grid, folder: Path) -> None:
    grid.ensure([shell("slow", folder, "trap 'sleep 1; exit 0' HUP; while :; do sleep 0.1; done"), sleeper("chief", folder)])
    outside.ensure([sleeper("other", folder)])
    programs = [child for p in grid.panes() for child in psutil.Process(p.pid).children()]
    grid.kill_server()
    grid.kill_server()
    assert programs and not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in programs)
    assert not grid.alive() and not dead(outside, "other")


def test_titles_and_the_note_are_told_and_cannot_colour_the_screen(grid: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder), sleeper("junior-1", folder)])
    grid.set_titles({"chief": "chief\tidle\n#[fg=red]; é;", "nobody": "x"}, note="demo: root weakened on purpose")
    assert grid.find("chief").title == "chief idle # [fg=red]; é;"
    assert grid.find("junior-1").title == "junior-1"
    grid.set_titles({"junior-1": "busy"})
    assert grid.tmux.run(["show-options", "-gv", "@org_note"]) == ["demo: root weakened on purpose"]
    grid.set_note("")
    assert grid.tmux.run(["show-options", "-gv", "@org_note"]) == [""]


def test_the_border_shows_the_title_and_the_status_lines_the_lab_the_note_and_the_keys(
    grid: Grid, outside: Grid, folder: Path
) -> None:
    grid.ensure([sleeper("chief", folder), shell("junior-1", folder, "exit 0")])
    grid.set_titles({"chief": "chief [idle]"}, note="demo: root weakened")
    person = screen_of_a_person(outside, grid)
    wanted = ["chief [idle]", "junior-1 - ended", " demo ", "demo: root weakened"]
    wanted += ["T take over", "H hand back", "D dashboard", "d leave (the lab goes on)"]
    assert eventually(lambda: all(word in outside.capture(person, 200) for word in wanted)), outside.capture(person, 200)


def test_a_pane_is_selected_zoomed_and_captured(grid: Grid, folder: Path) -> None:
    specs = [
        sleeper("chief", folder),
        shell("junior-1", folder, "seq 300; exec sleep 60", "grid-2"),
        sleeper("junior-2", folder, "grid-2"),
    ]
    grid.ensure(specs)
    assert eventually(lambda: grid.capture("junior-1", 3) == "298\n299\n300")
    grid.select("junior-2")
    for _ in range(2):
        grid.zoom("junior-1")
        now = "#{window_name} #{@org_agent} #{window_zoomed_flag}"
        assert grid.tmux.run(["display-message", "-p", "-t", "=lab:", now]) == ["grid-2 junior-1 1"]


def test_adding_a_pane_leaves_the_active_pane_active(grid: Grid, folder: Path) -> None:
    specs = [sleeper(a, folder) for a in ("a", "b", "c")]
    grid.ensure(specs[:2])
    grid.select("b")
    grid.ensure(specs)
    assert grid.tmux.run(["display-message", "-p", "-t", "=lab:", "#{@org_agent}"]) == ["b"]


def test_a_persons_shell_opens_beside_the_agent_and_is_no_agent(
    grid: Grid, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    grid.ensure([sleeper("chief", folder)])
    pane = grid.split_shell("chief", folder, {"ORG_AGENT": "human via chief"})
    grid.tmux.run(["send-keys", "-t", pane, "pwd > where; echo $ORG_AGENT > who; exit", "Enter"])
    assert eventually(lambda: len(grid.tmux.run(["list-panes", "-a"])) == 1)
    assert (folder / "who").read_text() == "human via chief\n"
    assert Path((folder / "where").read_text().strip()).resolve() == folder.resolve()
    assert [p.agent for p in grid.panes()] == ["chief"]


def test_an_agent_without_a_pane_is_named(grid: Grid, folder: Path) -> None:
    grid.ensure([sleeper("chief", folder)])
    with pytest.raises(TerminalError, match="junior-9 has no pane"):
        grid.capture("junior-9")


def test_two_panes_for_one_agent_are_refused(grid: Grid, folder: Path) -> None:
    with pytest.raises(TerminalError, match="'chief'"):
        grid.ensure([sleeper("chief", folder), sleeper("chief", folder)])
