"""The loop of a pane: typed words at any time, a person's hold, errors that are said once; and the pane's program whole."""

import json
import os
import pty
import queue
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from offline_lab import IDENTITY, RECIPE, OfflineLab

from org.agents import hooks
from org.agents.offline import commands
from org.agents.offline.junior import Junior
from org.agents.offline.loop import Loop
from org.model.agent import ControlEvent, State
from org.model.idea import Idea
from org.model.message import Kind
from org.store.tables import IDEAS


def loop(place: OfflineLab) -> Loop:
    desk = place.desk()
    return Loop(desk, Junior(desk))


def shown(place: OfflineLab) -> str:
    return place.output.getvalue()


def test_held_by_a_person_an_agent_does_nothing_and_says_so_once(place):
    place.control(ControlEvent.TAKE)
    place.letter(Kind.STANDUP, "Standup", "office", id="standup-1-junior-1")
    held = loop(place)
    for _ in range(4):
        held.tick()
        place.later()
    assert place.calls() == []
    assert shown(place).count("a person has this pane (mira): mail and proposals are held; `back` hands it back") == 1
    report = hooks.read(place.layout.hooks("junior-1"))[0][-1]
    assert report.state is State.WAITING


def test_after_the_hand_back_it_reads_its_one_message_and_goes_on(place):
    place.control(ControlEvent.TAKE)
    held = loop(place)
    held.tick()
    place.control(ControlEvent.HAND_BACK)
    place.letter(Kind.HANDBACK, "mira handed junior-1 back\nCommits: none")
    held.tick()
    assert "mira handed junior-1 back" in shown(place)
    assert [e.id for e in place.experiments()] == ["E1"]
    assert place.calls("reply") == []


def test_a_requested_takeover_starts_nothing_new(place):
    place.control(ControlEvent.REQUEST)
    loop(place).tick()
    assert place.calls() == []


def test_typed_words_are_answered_while_a_person_has_the_pane(place):
    place.control(ControlEvent.TAKE)
    held = loop(place)
    held.tick("status")
    assert "in the hands of a person (mira)" in shown(place)
    held.tick("back")
    assert place.raw_calls() == [{"agent": None, "args": ["handback", "junior-1"]}]


@pytest.mark.parametrize(
    ("line", "args"),
    [
        ("take", ["takeover", "junior-1"]),
        ("pause", ["pause", "junior-1", "--reason", "from its pane"]),
        ("resume", ["resume", "junior-1"]),
        ("idea softcap = 20", ["idea", "softcap = 20", "--program", "schedule"]),
        ("say the loss looks odd", ["send", "chief", "the loss looks odd", "the loss looks odd"]),
        ("say human hello there", ["send", "human", "hello there", "hello there"]),
        ("SAY chief x", ["send", "chief", "x", "x"]),
    ],
)
def test_a_typed_verb_is_spoken_as_the_person(place, line, args):
    desk = place.desk()
    commands.obey(line, desk, Junior(desk))
    assert place.raw_calls() == [{"agent": None, "args": args}]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("help", "say [TO] TEXT"),
        ("inbox", "chief: You work on schedule"),
        ("status", "junior-1: idle, in the hands of the agent, program schedule"),
        ("why", "nothing is open"),
        ("ideas", "4 softcap = 20 (mira)"),
        ("diff", "+softcap: 16.0"),
        ("idea", "write the idea behind the word"),
        ("say", "write the words behind it"),
        ("quit", "quit is no command here; `help` lists them"),
    ],
)
def test_a_typed_question_is_answered_in_the_pane(place, line, words):
    place.letter(Kind.ASSIGNMENT, "You work on schedule", "chief")
    with place.book.transaction() as tx:
        IDEAS.insert(tx, Idea(4, "softcap = 20", "mira", place.now))
    place.recipe.write_text(RECIPE.replace("softcap: 15.0", "softcap: 16.0"))
    desk = place.desk()
    commands.obey(line, desk, Junior(desk))
    assert words in shown(place)
    assert place.calls() == []


def test_an_unknown_word_costs_one_line(place):
    desk = place.desk()
    researcher = Junior(desk)
    before = shown(place)
    commands.obey("frobnicate now", desk, researcher)
    assert len(shown(place).removeprefix(before).splitlines()) == 2  # what was typed, and the answer


def test_why_tells_hypothesis_and_prediction(place):
    desk = place.desk()
    researcher = Junior(desk)
    researcher.step()
    commands.obey("why", desk, researcher)
    assert "because: Nobody in this program" in shown(place) and "predicted: " in shown(place)


def test_a_refused_verb_is_said_in_one_line(place):
    place.refuse(takeover="another person has it")
    desk = place.desk()
    commands.obey("take", desk, Junior(desk))
    assert "✗ another person has it" in shown(place)


def test_nothing_is_done_between_two_changes(place):
    one = loop(place)
    one.tick()
    place.now = place.now
    before = len(place.raw_calls())
    for _ in range(5):
        one.tick()
    assert len(place.raw_calls()) <= before + 2  # the second proposal, once


def test_an_error_of_the_outside_is_said_once_and_survived(place):
    one = loop(place)
    moved = place.recipe.rename(place.recipe.with_suffix(".away"))
    place.recipe.write_text("not: [flat]\n")
    for _ in range(4):
        one.tick()
        place.later()
    assert "refused" in shown(place) or "recipe" in shown(place)
    place.recipe.unlink()
    moved.rename(place.recipe)
    place.later()
    one.tick()
    place.later()
    one.tick()
    assert place.experiments() != []


# --- the whole program in a terminal of its own ---------------------------------------------------------------------

PROGRAM = """
import os, sys
from pathlib import Path
from org.agents import verbs
from org.agents.checkout import Checkout
from org.agents.offline import loop
from org.store.layout import Layout

home, fake = Path(sys.argv[1]), sys.argv[2]
layout = Layout(home, home / "comms", home / "worktrees")
worktree = layout.worktree("junior-1")
org = verbs.for_agent((sys.executable, fake), worktree, "junior-1", "lab", os.environ)
loop.run("junior-1", layout=layout, org=org, worktree=Checkout(worktree, os.environ), recipe_path="trainer/recipe.yaml",
         briefs=list, has=(), stdin=sys.stdin, stdout=sys.stdout)
"""


def eventually(fact, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "this never became true"
        time.sleep(0.05)


class Terminal:
    """The pane's program on a pseudo-terminal, as tmux would run it."""

    def __init__(self, place: OfflineLab) -> None:
        self._master, slave = pty.openpty()
        os.set_blocking(self._master, False)
        fake = Path(__file__).with_name("fake_org.py")
        environment = {
            **os.environ, **IDENTITY, "FAKE_ORG": str(place.home), "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm",
            "COLUMNS": "100",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(place.home), str(fake)], stdin=slave, stdout=slave, stderr=slave,
            env=environment, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def read(self) -> str:
        try:
            while data := os.read(self._master, 65536):
                self.text += re.sub(r"\x1b\[[0-9;]*m", "", data.decode("utf-8", "replace"))
        except (BlockingIOError, OSError):
            pass
        return self.text

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def test_a_pane_works_answers_typing_survives_interrupts_and_goes_on_after_kill_9(place):
    terminal = Terminal(place)
    try:
        eventually(lambda: len(place.experiments()) == 2)
        terminal.type("statux\x7fs\r")
        eventually(lambda: "program schedule" in terminal.read() and "› status" in terminal.text)
        os.killpg(terminal.process.pid, signal.SIGINT)
        eventually(lambda: "this agent is the lab's" in terminal.read())
        assert terminal.process.poll() is None
    finally:
        terminal.kill()
    place.discard("E1")
    again = Terminal(place)
    try:
        eventually(lambda: len(place.experiments()) == 3)
        assert "E3 proposed" in again.read() or eventually(lambda: "E3 proposed" in again.read()) is None
        reports = [json.loads(line)["state"] for line in place.layout.hooks("junior-1").read_text().splitlines()]
        assert reports[0] == "starting" and "working" in reports
    finally:
        again.kill()


def test_lines_of_a_pipe_are_read_to_the_end():
    import io

    from org.agents.offline import typed

    lines: queue.SimpleQueue[str] = typed.start(io.StringIO("help\nstatus\n"), lambda _: None)
    assert [lines.get(timeout=120), lines.get(timeout=120)] == ["help", "status"]
