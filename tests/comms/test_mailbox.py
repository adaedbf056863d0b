"""Mailboxes: delivered once its file is in new/, seen again until archived, and no bad file holds up the others."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.comms import letter, mailbox
from org.model.errors import OrgError
from org.model.message import Kind, Message

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def message(id: str = "m1", **changes: object) -> Message:
    made = Message(id, "chief", "junior-1", Kind.NOTE, "About E1", "It works.", NOW, ("E1",), None)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_message_that_was_put_is_read_as_it_was_written(tmp_path):
    sent = message(subject="yes: no --- #1", body="---\nid: other\n---\n\nwords\n", reply_to="m0")
    assert mailbox.put(tmp_path, sent)
    assert mailbox.unread(tmp_path) == mailbox.Mail((sent,))


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


@given(subject=TEXT, body=TEXT, refs=st.lists(TEXT, max_size=3).map(tuple))
def test_any_text_survives_the_letter(subject, body, refs):
    sent = message(subject=subject, body=body, refs=refs)
    assert letter.read(letter.write(sent), "x") == sent


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\ufeff", "\x00", 'say "no" \\ #1', "null", "true", "1e3", "ü → 🙂"])
def test_odd_characters_survive_the_front_matter(odd):
    sent = message(subject=odd, refs=(odd,), reply_to=odd)
    assert letter.read(letter.write(sent), "x") == sent


def test_mail_is_read_oldest_first(tmp_path):
    for number in (3, 1, 2):
        mailbox.put(tmp_path, message(f"m{number}", sent_at=NOW + timedelta(minutes=number)))
    assert [m.id for m in mailbox.unread(tmp_path).messages] == ["m1", "m2", "m3"]


def test_a_message_is_delivered_once_however_often_it_is_put(tmp_path):
    assert [mailbox.put(tmp_path, message()) for _ in range(3)] == [True, False, False]
    mailbox.archive(tmp_path, "m1")
    assert not mailbox.put(tmp_path, message())
    assert mailbox.unread(tmp_path).messages == ()


def test_two_writers_of_one_message_deliver_one_file(tmp_path):
    threads = [threading.Thread(target=mailbox.put, args=(tmp_path, message())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailbox.unread(tmp_path).messages) == 1
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_writer_killed_before_the_rename_delivered_nothing_and_the_next_put_does(tmp_path):
    script = (
        "import os, signal, sys\nfrom org.comms import mailbox\nfrom test_mailbox import message\nfrom pathlib import Path\n"
        "os.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\nmailbox.put(Path(sys.argv[1]), message())\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env={**os.environ, "PYTHONPATH": path})
    assert ended.returncode == -9
    assert mailbox.unread(tmp_path).messages == ()
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    assert mailbox.put(tmp_path, message())
    assert len(mailbox.unread(tmp_path).messages) == 1


def test_what_dead_writers_left_is_swept_by_age(tmp_path):
    mailbox.make(tmp_path)
    left = tmp_path / "tmp" / "m1.md.1.x"
    left.write_text("half")
    assert mailbox.sweep(tmp_path, NOW - timedelta(days=3650)) == 0
    assert mailbox.sweep(tmp_path, datetime.now(UTC) + timedelta(minutes=1)) == 1
    assert not left.exists()


def test_a_reader_that_died_before_archiving_sees_the_message_again(tmp_path):
    mailbox.put(tmp_path, message())
    first = mailbox.unread(tmp_path)
    assert mailbox.unread(tmp_path) == first
    assert mailbox.archive(tmp_path, "m1")
    assert mailbox.unread(tmp_path).messages == ()
    assert mailbox.is_archived(tmp_path, "m1") and not mailbox.is_archived(tmp_path, "m2")
    assert not mailbox.archive(tmp_path, "m1")


def test_a_message_delivered_around_an_archive_is_not_seen_twice(tmp_path):
    mailbox.put(tmp_path, message())
    text = (tmp_path / "new" / "m1.md").read_text()
    mailbox.archive(tmp_path, "m1")
    (tmp_path / "new" / "m1.md").write_text(text)
    assert mailbox.unread(tmp_path).messages == ()


BAD = {
    "no fence": ("hello", 1),
    "open fence": ("---\nid: bad\nfrom: x\n", 4),
    "no yaml": ("---\nid: bad\nfrom: [x\n---\n\nbody\n", 3),
    "missing keys": ("---\nid: bad\n---\n\nbody\n", 1),
    "unknown kind": ("---\nid: bad\nfrom: x\nto: y\nkind: shout\nsubject: s\nsent_at: 2026-01-01T00:00:00+00:00\n---\n\n", 5),
    "naive time": ("---\nid: bad\nfrom: x\nto: y\nkind: note\nsubject: s\nsent_at: '2026-01-01T00:00:00'\n---\n\n", 7),
    "another id": ("---\nid: m9\nfrom: x\nto: y\nkind: note\nsubject: s\nsent_at: '2026-01-01T00:00:00Z'\n---\n\n", 2),
    "id that climbs": ("---\nid: ../m9\nfrom: x\nto: y\nkind: note\nsubject: s\nsent_at: '2026-01-01T00:00:00Z'\n---\n\n", None),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_its_line_and_blocks_nothing(tmp_path, name):
    text, line = BAD[name]
    mailbox.put(tmp_path, message())
    (tmp_path / "new" / "bad.md").write_text(text)
    mail = mailbox.unread(tmp_path)
    assert [m.id for m in mail.messages] == ["m1"]
    (sentence,) = mail.bad
    assert line is None or f"new/bad.md:{line}:" in sentence
    assert (tmp_path / "new" / "bad.md").exists()


def test_bytes_that_are_not_text_are_named_with_their_line(tmp_path):
    mailbox.make(tmp_path)
    (tmp_path / "new" / "bad.md").write_bytes(b"---\nid: \xff\n")
    assert ":2: not UTF-8" in mailbox.unread(tmp_path).bad[0]


@pytest.mark.parametrize("id", ["../m1", "a/b", "", ".hidden", "a..b", "x" * 200, "a\n", "/etc/passwd"])
def test_an_id_that_would_leave_the_mailbox_is_refused(tmp_path, id):
    with pytest.raises(OrgError, match="cannot name a message"):
        mailbox.put(tmp_path / "box", message(id))
    with pytest.raises(OrgError, match="cannot name a message"):
        mailbox.archive(tmp_path / "box", id)
    assert list(tmp_path.rglob("*.md")) == []


def test_a_mailbox_that_is_not_there_yet_is_empty(tmp_path):
    assert mailbox.unread(tmp_path / "nobody") == mailbox.Mail(())
    assert mailbox.waiting(tmp_path / "nobody") == ()
