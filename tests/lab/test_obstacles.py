"""What goes wrong with one thing must not be in the way of the others: a mailbox, a request, a device."""

import shutil

import pytest
from laboratory import git
from played import Played

from org.comms import mailbox
from org.lab import post, schedule
from org.lab import requests as lab_requests
from org.lab.apart import each
from org.model.errors import IllegalMove
from org.model.message import Kind
from org.model.request import State
from org.runs import devices
from org.store import mail, requests
from org.store.tables import MESSAGES, QUESTIONS, REQUESTS


def test_a_mailbox_that_cannot_be_written_keeps_only_its_own_mail(played: Played) -> None:
    lab = played.lab
    box = lab.layout.mailbox("junior-1")
    assert not box.exists()
    box.write_text("somebody's file")
    with lab.ledger.transaction() as tx:
        for number, to in enumerate(("junior-1", "junior-2")):
            mail.post(tx, "human", to, Kind.NOTE, "hello", "words", played.now(), id=f"m-{number}")
        asked = mail.ask(tx, "junior-2", "May I?", played.now(), "yes", played.now())
    with pytest.raises(ExceptionGroup) as raised:  # its earlier mail is as stuck
        post.step(lab, played.now())
    assert all(isinstance(error, OSError) for error in each(raised.value))
    delivered = {m.id: m.delivered_at is not None for m in MESSAGES.select(lab.ledger.reader)}
    assert delivered["m-1"] and not delivered["m-0"]
    assert QUESTIONS.get(lab.ledger.reader, asked.id).answer == "yes"
    box.unlink()
    post.step(lab, played.now())
    assert (box / "new" / "m-0.md").exists()


def test_a_request_that_cannot_be_done_is_answered_and_the_next_one_too(played: Played) -> None:
    lab = played.lab
    git(lab.layout.root, "update-ref", "-d", "refs/heads/org/test/head")
    with lab.ledger.transaction() as tx:
        tx.execute("UPDATE programs SET state = 'backlog'")
        first = requests.ask(tx, "program", "human", played.now(), slug="free", what="open")
        second = requests.ask(tx, "pause", "human", played.now(), target=None)
        third = requests.ask(tx, "program", "human", played.now(), slug="free", what="headline", runs=[])
    lab_requests.step(lab, played.now())
    answers = [REQUESTS.get(lab.ledger.reader, asked.id) for asked in (first, second, third)]
    assert [answer.state for answer in answers] == [State.REFUSED, State.DONE, State.REFUSED]
    assert "org/test/head is gone" in answers[0].answer


def test_a_start_that_the_ledger_refuses_lets_go_of_its_device(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.held = True
    played.ticks(2)
    run, device = played.runs(made.id)[0], played.lab.devices[0]
    played.start(run)
    with pytest.raises(IllegalMove):  # as a full disk or a locked ledger would do at the same place
        schedule._start(played.lab, run, [device], played.now())
    assert devices.holder(device.name, played.lab.locks) is None


def test_a_question_that_cannot_be_settled_hides_neither_what_was_read_nor_a_mailbox_that_cannot_be_written(
    played: Played,
) -> None:
    lab = played.lab
    with lab.ledger.transaction() as tx:
        mail.post(tx, "human", "junior-2", Kind.NOTE, "hello", "words", played.now(), id="m-1")
    post.step(lab, played.now())
    mailbox.archive(lab.layout.mailbox("junior-2"), "m-1")
    shutil.rmtree(lab.layout.mailbox("junior-1"))
    lab.layout.mailbox("junior-1").write_text("somebody's file")
    with lab.ledger.transaction() as tx:
        mail.post(tx, "human", "junior-1", Kind.NOTE, "hello", "words", played.now(), id="m-2")
        mail.ask(tx, "junior-2", "May I?", played.now(), "yes", played.now())
        tx.execute("CREATE TRIGGER stuck BEFORE UPDATE ON questions BEGIN SELECT RAISE(ABORT, 'stuck'); END")
    with pytest.raises(ExceptionGroup) as raised:
        post.step(lab, played.now())
    assert [isinstance(error, OSError) for error in each(raised.value)] == [True, False]
    assert MESSAGES.get(lab.ledger.reader, "m-1").read_at is not None
