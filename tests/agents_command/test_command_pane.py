"""A program of one's own in a real pane, driven by nothing but its description."""

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_seat import repository
from seats import seat_in

from org.agents.backend import Seat
from org.agents.command.backend import Command
from org.agents.command.watcher import ScreenWatcher
from org.agents.observation import Composer, Observation
from org.model.agent import Cause, State
from org.terminal import conf, delivery
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec

HERE = Path(__file__).parent


class Pane:
    """A tiny agent in a pane. seen: every observation so far."""

    def __init__(self, folder: Path, grid: Grid) -> None:
        bin = folder / "bin"
        bin.mkdir()
        started = shlex.join([sys.executable, "-I", str(HERE / "tiny_agent.py")])
        (bin / "tiny-agent").write_text(f'#!/bin/sh\nexec {started} "$@"\n')
        (bin / "tiny-agent").chmod(0o755)
        self.log, self.path = folder / "log", f"{bin}:{os.environ['PATH']}"
        entry = {"backend": "command", "program_file": str(HERE / "tiny.yaml")}
        self.seat: Seat = seat_in(folder / "lab", "junior-1", {"PATH": self.path}, **entry)
        repository(self.seat)
        self.grid, self.backend = grid, Command()
        self.watcher: ScreenWatcher = self.backend.watcher(self.seat)
        self.seen: list[Observation] = []

    def start(self) -> None:
        self.backend.prepare(self.seat)
        command = self.backend.pane_command(self.seat)
        env = {"PATH": self.path, "TINY_LOG": str(self.log), **command.environment}
        self.grid.ensure([PaneSpec("junior-1", command.argv, command.cwd, env, keeps=command.keeps)])

    def until(self, done: Callable[[], object], seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"never: {self.seen[-4:]}\n{self.screen()}"
            self.seen.append(self.watcher.look(self.screen, datetime.now(UTC)))
            time.sleep(0.1)

    def screen(self) -> str:
        return self.grid.screen("junior-1")

    def type(self, text: str, *keys: str) -> None:
        pane = self.grid.find("junior-1").pane_id
        self.grid.tmux.run(["send-keys", "-t", pane, "-l", text], *(["send-keys", "-t", pane, key] for key in keys))

    @contextmanager
    def held(self) -> Iterator[None]:
        """The turn that begins in the block does not end in it, however slowly we look."""
        hold = self.log.with_name(f"{self.log.name}.hold")
        hold.touch()
        yield
        hold.unlink()

    @property
    def state(self) -> State | None:
        return next((o.state for o in reversed(self.seen) if o.state), None)

    @property
    def prompts(self) -> list[str]:
        return [p.text for o in self.seen for p in o.prompts]

    def took(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def pane(tmp_path_factory: pytest.TempPathFactory, grid_folder: Path) -> Iterator[Pane]:
    grid = Grid(grid_folder / "s", "lab", conf.write(grid_folder / "conf", grid_folder / "s", "demo", grid_folder, ["true"]))
    folder = tmp_path_factory.mktemp("tiny")
    made = Pane(folder, grid)
    yield made
    grid.kill_server()


def test_it_starts_with_the_opening_prompt_and_becomes_idle(pane: Pane) -> None:
    pane.start()
    pane.until(lambda: pane.state is State.IDLE and len(pane.took()) == 2)
    start, prompt = pane.took()
    assert "again=False" in start and "home=" + str(pane.seat.home) in start
    assert prompt.startswith("ORG-0 ") and "stand in your instructions" in prompt and "tiny agent junior-1 []" in pane.screen()
    assert pane.backend.composer(pane.screen()) is Composer.EMPTY and pane.prompts == []


def test_a_nudge_is_a_draft_then_a_prompt_told_once(pane: Pane) -> None:
    pane.start()
    pane.until(lambda: pane.state is State.IDLE)
    assert delivery.paste_line(pane.grid, "junior-1", "ORG-7: 1 new letter. Read it: org inbox", submit=False).delivered
    pane.until(lambda: pane.backend.composer(pane.screen()) is Composer.DRAFT)
    assert pane.prompts == []
    with pane.held():
        assert delivery.press_enter(pane.grid, "junior-1").delivered
        pane.until(lambda: pane.state is State.WORKING)
    pane.until(lambda: pane.state is State.IDLE)
    assert pane.prompts == ["you: ORG-7: 1 new letter. Read it: org inbox"] and sum("ORG-7" in line for line in pane.took()) == 1


def test_a_nudge_behind_a_turn_is_queued_first(pane: Pane) -> None:
    pane.start()
    pane.until(lambda: pane.state is State.IDLE)
    with pane.held():
        pane.type("a thing", "Enter")
        pane.until(lambda: pane.state is State.WORKING)
        delivery.paste_line(pane.grid, "junior-1", "ORG-8: 1 new letter. Read it: org inbox")
        pane.until(lambda: any("ORG-8" in line for o in pane.seen for line in o.queued))
        assert not any("ORG-8" in text for text in pane.prompts)
    pane.until(lambda: any("ORG-8" in text for text in pane.prompts))


def test_what_a_person_types_is_a_prompt_without_a_token(pane: Pane) -> None:
    pane.start()
    pane.until(lambda: pane.state is State.IDLE)
    pane.type("how are you")
    pane.until(lambda: pane.watcher.draft == "how are you")
    pane.type("", "Enter")
    pane.until(lambda: bool(pane.prompts))
    assert pane.prompts == ["how are you"]


def test_a_draft_that_a_person_takes_back_is_no_prompt(pane: Pane) -> None:
    pane.start()
    pane.until(lambda: pane.state is State.IDLE)
    pane.type("hm")
    pane.until(lambda: pane.watcher.draft == "hm")
    pane.type("", "BSpace", "BSpace")
    pane.until(lambda: pane.watcher.draft == "")
    assert pane.prompts == []


def test_a_question_is_a_dialog_that_waits_and_nothing_may_be_typed(pane: Pane) -> None:
    pane.start()
    pane.until(lambda: pane.state is State.IDLE)
    pane.type("please ask me", "Enter")
    pane.until(lambda: pane.state is State.WAITING)
    assert pane.seen[-1].cause is Cause.PERMISSION and pane.backend.composer(pane.screen()) is Composer.DIALOG
    pane.type("y")
    pane.until(lambda: pane.state is State.IDLE)


def test_after_its_end_it_is_started_with_its_last_conversation_and_tokens_are_not_told_again(pane: Pane) -> None:
    pane.start()
    pane.until(lambda: pane.state is State.IDLE)
    delivery.paste_line(pane.grid, "junior-1", "ORG-9: read")
    pane.until(lambda: any("ORG-9" in text for text in pane.prompts))
    pane.watcher = pane.backend.watcher(pane.seat)
    before = len(pane.seen)
    pane.until(lambda: pane.state is State.IDLE and len(pane.seen) > before + 3)
    assert not any(o.prompts for o in pane.seen[before:])
    pane.type("", "C-d")
    pane.until(lambda: pane.grid.find("junior-1").dead)
    assert pane.backend.composer(pane.screen()) is Composer.UNKNOWN
    before = len(pane.seen)
    pane.start()
    pane.until(lambda: any(o.state for o in pane.seen[before:]) and "again=True" in "".join(pane.took()))
    assert "started again" in pane.took()[-1]


def test_only_the_keys_that_the_description_names_reach_it(pane: Pane) -> None:
    pane.grid.remember({"TINY_KEY": "mine", "OTHER_KEY": "another's"})
    pane.start()
    pane.until(lambda: bool(pane.took()))
    assert "key=mine" in pane.took()[0]
    assert json.dumps(pane.backend.pane_command(pane.seat).keeps) == '["TINY_KEY"]'
