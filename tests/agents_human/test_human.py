"""A person as an agent: a real shell in a real pane."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from seats import seat_in

from org.agents import human
from org.agents.backend import Nudging, Seat
from org.agents.human import Human
from org.agents.observation import Composer
from org.cli import main
from org.model.agent import State
from org.terminal import conf
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec

HUMAN = Human()


@pytest.fixture
def grid() -> Iterator[Grid]:
    folder = Path(tempfile.mkdtemp(prefix="org-h-"))
    made = Grid(folder / "s", "lab", conf.write(folder / "conf", folder / "s", "demo", folder, ["true"]))
    yield made
    made.kill_server()
    shutil.rmtree(folder, ignore_errors=True)


def seated(folder: Path, shell: str = "bash") -> Seat:
    seat = seat_in(folder / "it's a lab", "junior-3", {"PATH": os.environ["PATH"], "SHELL": shell}, backend="human")
    seat.worktree.mkdir(parents=True)
    (seat.mailbox / "new").mkdir(parents=True)
    seat.prompt.write_text("Rules for agents.\n# The brief\nDoes warmup help?\n")
    return seat


def started(grid: Grid, seat: Seat) -> None:
    HUMAN.prepare(seat)
    command = HUMAN.pane_command(seat)
    env = {"PATH": os.environ["PATH"], "HOME": str(seat.root), **command.environment}
    grid.ensure([PaneSpec(seat.agent, command.argv, command.cwd, env, keeps=command.keeps)])


def eventually(ask: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def typed(grid: Grid, text: str) -> None:
    grid.tmux.run(
        ["send-keys", "-t", grid.find("junior-3").pane_id, "-l", text],
        ["send-keys", "-t", grid.find("junior-3").pane_id, "Enter"],
    )


def test_the_shell_greets_with_brief_and_verbs_and_its_prompt_names_the_agent(tmp_path, grid):
    seat = seated(tmp_path)
    started(grid, seat)
    eventually(lambda: "[junior-3] junior-3" in grid.screen("junior-3"))
    screen = grid.screen("junior-3")
    assert "You are junior-3, a junior of this lab." in screen and "Does warmup help?" in screen
    assert "Rules for agents" not in screen and "org propose" in screen


def test_without_a_program_it_says_how_to_take_one(tmp_path):
    seat = seated(tmp_path)
    seat.prompt.write_text("Rules for agents.\n")
    HUMAN.prepare(seat)
    greeting = subprocess.run(["sh", seat.home / "greeting.sh"], capture_output=True, text=True, check=True).stdout
    assert "You have no program yet." in greeting and "`org program assign SLUG junior-3` takes one" in greeting


def test_letters_that_wait_stand_in_the_prompt(tmp_path, grid):
    seat = seated(tmp_path)
    (seat.mailbox / "new" / "1").touch()
    (seat.mailbox / "new" / "2").touch()
    started(grid, seat)
    eventually(lambda: "[junior-3 2 new letter(s): org inbox]" in grid.screen("junior-3"))


def test_a_command_that_runs_is_work_and_the_prompt_is_idle(tmp_path, grid):
    seat = seated(tmp_path)
    started(grid, seat)
    watcher, states = HUMAN.watcher(seat), []

    def told(state: State) -> bool:
        states.append(watcher.look(lambda: "", datetime.now(UTC)).state)
        return state in states

    eventually(lambda: told(State.IDLE))
    states.clear()
    typed(grid, "sleep 1; echo agent=$ORG_AGENT device=[$CUDA_VISIBLE_DEVICES]")
    eventually(lambda: told(State.WORKING))
    eventually(lambda: told(State.IDLE))
    assert "agent=junior-3 device=[]" in grid.screen("junior-3")


def test_another_shell_greets_and_is_started_as_it_is(tmp_path, grid):
    seat = seated(tmp_path, "/bin/sh")
    started(grid, seat)
    eventually(lambda: "Does warmup help?" in grid.screen("junior-3") and grid.find("junior-3").foreground == "sh")


def test_nothing_is_typed_into_it_and_a_shell_that_is_missing_is_bash(tmp_path):
    assert HUMAN.nudging is Nudging.NONE and HUMAN.stash() is None and HUMAN.composer("$ ") is Composer.UNKNOWN
    seat = seated(tmp_path, "no-such-shell")
    assert HUMAN.check(seat) == [] and HUMAN.pane_command(seat).argv[0].endswith("bash")
    assert "install bash" in HUMAN.check(seat_in(tmp_path, environment={"PATH": str(tmp_path)}, backend="human"))[0]


def test_the_verbs_of_the_greeting_exist():
    named = re.findall(r"\borg ([a-z]+)", human.VERBS)
    assert len(named) == 8 and set(named) <= set(main.VERBS)
