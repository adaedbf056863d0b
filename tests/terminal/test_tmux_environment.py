"""What a pane's program sees: the terminal's basics, its own variables, its own key, and nobody else's."""

from dataclasses import replace
from pathlib import Path

import pytest
from tmux_lab import dead, eventually, shell

from org.terminal.grid import Grid


def test_a_pane_sees_the_key_it_keeps_and_no_other_agents(grid: Grid, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEBODYS_SECRET", "not for agents")
    grid.ensure([shell("office", folder, "exec sleep 300", "office")])
    grid.remember({"MY_KEY": "sk-1 'x' \"y\" $HOME #{pane_id}", "OTHER_KEY": "sk-2"})
    out = folder / "env"
    spec = shell("junior-1", folder, f"env > {out}.new; mv {out}.new {out}; exec sleep 300", ORG_AGENT="junior-1")
    grid.ensure([replace(spec, keeps=("MY_KEY",))])
    assert eventually(out.exists)
    seen = dict(line.split("=", 1) for line in out.read_text().splitlines() if "=" in line)
    assert seen["MY_KEY"] == "sk-1 'x' \"y\" $HOME #{pane_id}" and seen["ORG_AGENT"] == "junior-1"
    assert "OTHER_KEY" not in seen and "SOMEBODYS_SECRET" not in seen
    assert seen["TMUX_PANE"].startswith("%") and "PATH" in seen


def test_a_pane_and_a_shell_beside_it_have_the_path_that_they_are_given(grid: Grid, folder: Path) -> None:
    path = f"{folder}:/usr/bin:/bin"
    for name in ("pane", "shell"):
        (folder / f"say-{name}").write_text(
            f'#!/bin/sh\necho "$PATH" > {folder}/{name}.new; mv {folder}/{name}.new {folder}/{name}\n'
        )
        (folder / f"say-{name}").chmod(0o755)
    grid.ensure([shell("junior-1", folder, "say-pane; exec sleep 300", PATH=path)])
    assert eventually((folder / "pane").exists)
    assert (folder / "pane").read_text().strip() == path
    beside = grid.split_shell("junior-1", folder, {"PATH": path})
    grid.tmux.run(["send-keys", "-t", beside, "say-shell", "Enter"])
    assert eventually((folder / "shell").exists)


def test_a_pane_that_keeps_everything_sees_the_servers_environment(
    grid: Grid, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_HOME", "somewhere")
    out = folder / "env"
    grid.ensure([shell("office", folder, f"env > {out}.new; mv {out}.new {out}; exec sleep 300", "office")])
    assert eventually(out.exists)
    assert "CUDA_HOME=somewhere" in out.read_text()


def test_the_screen_is_what_the_pane_shows_now(grid: Grid, folder: Path) -> None:
    grid.ensure([shell("junior-1", folder, "printf 'one\\ntwo\\n'; exec sleep 300")])
    assert eventually(lambda: grid.screen("junior-1").splitlines()[:2] == ["one", "two"])


def test_a_program_that_has_ended_shows_nothing_even_where_tmux_wrote_nothing_over_its_last_screen(
    grid: Grid, folder: Path
) -> None:
    grid.ensure([shell("chief", folder, "exec sleep 300"), shell("junior-1", folder, "printf '> say something'; read line")])
    grid.tmux.run(["set-option", "-g", "remain-on-exit-format", ""])  # as when it missed the SIGCHLD
    assert eventually(lambda: "> say something" in grid.screen("junior-1"))
    pane = grid.find("junior-1").pane_id
    grid.tmux.run(["send-keys", "-t", pane, "Enter"])
    assert eventually(lambda: dead(grid, "junior-1"))
    assert "> say something" in "\n".join(grid.tmux.run(["capture-pane", "-p", "-t", pane]))
    assert grid.screen("junior-1") == ""


def test_a_living_pane_that_was_made_from_something_else_is_told_and_left(grid: Grid, folder: Path) -> None:
    spec = replace(shell("junior-1", folder, "exec sleep 300"), fingerprint="one")
    grid.ensure([spec])
    assert grid.ensure([spec]).outdated == ()
    done = grid.ensure([replace(spec, fingerprint="two")])
    assert (done.adopted, done.outdated) == (("junior-1",), ("junior-1",))
    grid.respawn("junior-1", replace(spec, fingerprint="two"), kill=True)
    assert grid.ensure([replace(spec, fingerprint="two")]).outdated == ()
