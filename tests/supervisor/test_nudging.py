"""Nudges: sent once, confirmed by the agent itself, never typed over a person or into a dialog."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta

from manned_office import AGENT, Manned

from org.agents.backend import Nudging
from org.lab import control
from org.model.agent import Control
from org.model.message import HUMAN, Kind
from org.model.nudge import State, Way
from org.store.tables import EVENTS
from org.supervisor import nudging
from org.supervisor.desk import Desk

Build = Callable[..., Manned]


def test_a_letter_is_announced_by_one_line_that_the_agent_takes_up(manned: Build) -> None:
    lab = manned()
    lab.letter("look at the tail of the curve")
    lab.eventually(lambda: lab.nudge() and lab.nudge().state is State.DELIVERED)
    assert lab.prompts() == ["ORG-1: 1 new letter (chief: look at the tail of the curve). Read it: org inbox"]
    assert EVENTS.count(lab.lab.ledger.reader, "WHERE kind = 'nudge.delivered'") == 1
    assert lab.agent().control is Control.AGENT, "its own line is no person's"
    for _ in range(5):
        lab.step()
    assert len(lab.prompts()) == 1


def test_thirty_letters_one_after_the_other_are_announced_once_each(manned: Build) -> None:
    lab = manned()
    for n in range(30):
        lab.letter(f"thought {n}")
        lab.eventually(lambda n=n: len(lab.prompts()) == n + 1)
    lab.eventually(lambda: lab.nudge().state is State.DELIVERED)
    assert [nudge.state for nudge in lab.all_nudges()] == [State.DELIVERED] * 30
    assert [p.split(":")[0] for p in lab.prompts()] == [f"ORG-{n + 1}" for n in range(30)]


def test_letters_that_come_together_are_announced_together(manned: Build) -> None:
    lab = manned()
    for n in range(3):
        lab.letter(f"thought {n}")
    lab.eventually(lambda: lab.nudge() and lab.nudge().state is State.DELIVERED)
    assert lab.prompts() == ["ORG-1: 3 new letters (chief: thought 0; chief: thought 1; …). Read them: org inbox"]


def test_nothing_is_typed_into_a_dialog_and_it_is_told_what_is_waited_for(manned: Build) -> None:
    lab = manned("dialog")
    lab.eventually(lambda: lab.agent().cause == "permission")
    lab.letter(kind=Kind.STEERING, sender=HUMAN)
    for _ in range(10):
        lab.step()
    assert lab.events("Approved") == [] and lab.prompts() == []
    lab.type("\r")
    lab.eventually(lambda: lab.nudge() and lab.nudge().state is State.DELIVERED)
    assert len(lab.events("Approved")) == 1


def test_an_open_nudge_says_why_it_waits(manned: Build) -> None:
    lab = manned()
    lab.draft("a half-typed thou")
    control.take(lab.lab, AGENT, "me", lab.now())
    control.hand_back(lab.lab, AGENT, "me", lab.now())
    lab.office.desks[AGENT] = Desk(lab.office.desks[AGENT].seat, NoStash(), lab.office.desks[AGENT].watcher)
    lab.eventually(lambda: lab.nudge() and lab.nudge().reason == "a draft stands in its input box")
    assert lab.prompts() == []


def test_a_draft_is_put_aside_and_comes_back(manned: Build) -> None:
    lab = manned()
    lab.draft("a half-typed thou")
    lab.letter()
    lab.eventually(lambda: lab.nudge() and lab.nudge().state is State.DELIVERED)
    assert lab.prompts() == ["ORG-1: 1 new letter (chief: a thought). Read it: org inbox"]
    lab.eventually(lambda: "box> a half-typed thou" in lab.screen())


def test_a_prompt_that_the_office_did_not_send_is_a_persons_and_takes_the_pane(manned: Build) -> None:
    lab = manned()
    lab.type("what did you find?\r")
    lab.eventually(lambda: lab.agent().control is Control.HUMAN)
    assert lab.agent().controlled_by == HUMAN and lab.lab.layout.hold(AGENT).exists()
    lab.letter()
    for _ in range(5):
        lab.step()
    assert lab.prompts() == ["what did you find?"], "mail is held"
    control.hand_back(lab.lab, AGENT, HUMAN, lab.now())
    assert not lab.lab.layout.hold(AGENT).exists()
    lab.eventually(lambda: lab.nudge() and lab.nudge().state is State.DELIVERED)
    assert "2 new letters" in lab.prompts()[-1]


def test_a_pane_that_a_person_left_is_handed_back_but_not_over_a_draft(manned: Build) -> None:
    lab = manned()
    lab.type("one question\r")
    lab.eventually(lambda: lab.agent().control is Control.HUMAN)
    lab.draft("and another th")
    lab.offset += timedelta(minutes=31)
    lab.step()
    lab.leases()
    assert lab.agent().control is Control.HUMAN, "a draft stands in the box"
    lab.type("ing\r")
    lab.eventually(lambda: len(lab.prompts()) == 2 and lab.screen().rstrip().endswith("box>"))
    lab.step()
    lab.leases()
    assert lab.agent().control is Control.AGENT
    lab.eventually(lambda: lab.nudge() and lab.nudge().state is State.DELIVERED)


def test_old_prompts_are_no_news_to_an_office_that_starts_again(manned: Build) -> None:
    lab = manned()
    lab.type("hello\r")
    lab.eventually(lambda: lab.agent().control is Control.HUMAN)
    control.hand_back(lab.lab, AGENT, HUMAN, lab.now())
    desk = lab.office.desks[AGENT]
    lab.office.desks[AGENT] = Desk(desk.seat, desk.backend, desk.backend.watcher(desk.seat))
    for _ in range(3):
        lab.step()
    assert lab.agent().control is Control.AGENT


def test_a_busy_agent_is_told_when_its_turn_ends_unless_a_person_steers(manned: Build) -> None:
    lab = manned()
    lab.type("slow\r")
    lab.eventually(lambda: lab.agent().control is Control.HUMAN)
    control.hand_back(lab.lab, AGENT, HUMAN, lab.now())  # its letter may be queued: it lifts old orders
    lab.eventually(lambda: any(n.state is State.QUEUED for n in lab.all_nudges()))
    assert len(lab.prompts()) == 1
    lab.type("\x05")
    lab.eventually(lambda: lab.nudge().state is State.DELIVERED)
    assert len(lab.prompts()) == 2


def test_a_nudge_without_a_sign_is_doubted_and_never_typed_again(manned: Build) -> None:
    lab = manned()
    deaf = lab.office.desks[AGENT]
    lab.office.desks[AGENT] = Desk(deaf.seat, deaf.backend, Deaf())
    lab.letter()
    lab.eventually(lambda: lab.nudge() and lab.nudge().state is State.SENT)
    lab.offset += nudging.DOUBT + timedelta(seconds=1)
    lab.step()
    assert lab.nudge().state is State.UNCONFIRMED and "no sign of it" in lab.nudge().reason
    lab.eventually(lambda: len(lab.prompts()) == 1)
    for _ in range(3):
        lab.step()
    assert len(lab.all_nudges()) == 1 and len(lab.prompts()) == 1


def test_letters_left_unread_are_announced_again_at_most_three_times(manned: Build) -> None:
    lab = manned()
    lab.letter()
    for times in (1, 2, 3):
        lab.eventually(lambda times=times: len(lab.prompts()) == times and lab.nudge().state is State.DELIVERED)
        lab.offset += nudging.AGAIN + timedelta(minutes=1)
    for _ in range(5):
        lab.step()
    assert len(lab.prompts()) == 3


def test_a_dead_pane_gets_nothing_and_takes_nobody_with_it(manned: Build) -> None:
    lab = manned()
    assert lab.office.grid is not None
    os.kill(lab.office.grid.find(AGENT).pid, signal.SIGKILL)
    lab.eventually(lambda: lab.office.grid is not None and lab.office.grid.find(AGENT).dead)
    lab.letter()
    lab.eventually(lambda: lab.nudge() and lab.nudge().reason == "its program has ended")
    assert lab.office.grid.alive() and lab.prompts() == []


def test_a_hook_that_waits_gets_the_line_and_no_key_is_pressed(manned: Build) -> None:
    lab = manned(way=Nudging.WAKE)
    lab.letter()
    lab.eventually(lambda: (lab.lab.layout.wake(AGENT) / "1.txt").exists())
    wake = lab.lab.layout.wake(AGENT)
    (wake / "1.txt").rename(wake / "claimed" / "1.txt")
    lab.eventually(lambda: lab.nudge().state is State.SENT)
    lab.offset += nudging.NO_HOOK * 2
    lab.step()
    assert lab.prompts() == [] and lab.nudge().way is Way.WAKE


def test_a_line_that_no_hook_takes_is_typed_once(manned: Build) -> None:
    lab = manned(way=Nudging.WAKE)
    lab.letter()
    lab.eventually(lambda: (lab.lab.layout.wake(AGENT) / "1.txt").exists())
    lab.offset += nudging.NO_HOOK * 2
    lab.eventually(lambda: lab.nudge().state is State.DELIVERED)
    assert lab.nudge().way is Way.TYPED and len(lab.prompts()) == 1
    assert [p.name for p in (lab.lab.layout.wake(AGENT) / "withdrawn").iterdir()] == ["1.txt"]


class Deaf:
    """A watcher that hears nothing."""

    def look(self, screen: object, now: object) -> object:
        from org.agents.observation import NOTHING_NEW

        return NOTHING_NEW


class NoStash:
    """The tiny backend without a key that puts a draft aside."""

    def __init__(self) -> None:
        from tiny_backend import TinyBackend

        self._inner = TinyBackend()

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def stash(self) -> None:
        return None
