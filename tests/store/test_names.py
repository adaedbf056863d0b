"""A name from outside never leads out of the folder that it names a file of."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from org.comms import mailbox
from org.model import names
from org.model.errors import OrgError
from org.model.message import Kind, Message
from org.store import ledger, mail
from org.store.layout import Layout

OUTSIDE = ["..", ".", "", "../x", "a/../../b", "/etc/passwd", "a/b", ".hidden", "a\x00b", "a\n", "a..b", "-rf", "~", "x" * 200]
NOW = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_path_of_the_layout_takes_a_name_that_leads_outside(tmp_path: Path, name: str) -> None:
    at = Layout(tmp_path, tmp_path / "comms", tmp_path / "worktrees")
    takers = [
        at.run, at.snapshot, at.worktree, at.mailbox, at.hooks, at.home, at.prompt, at.wake, at.hold, at.exit_status, at.page,
        at.standup,
    ]  # fmt: skip
    for taker in takers:
        with pytest.raises(OrgError, match="cannot name"):
            taker(name)


def test_every_way_of_the_layout_that_takes_a_name_is_tested_above() -> None:
    takes = {n for n, f in vars(Layout).items() if callable(f) and not n.startswith("_")}
    assert takes == {
        "run", "snapshot", "worktree", "mailbox", "hooks", "home", "prompt", "wake", "hold", "exit_status", "page", "standup",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["junior-1", "E41", "R7", "2026-01-31", "20260131T090000-ab12cd34", "a_b.c", "3f78" * 10])
def test_ordinary_names_pass(name: str) -> None:
    assert names.part("a thing", name) == name


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_message_id_never_names_a_file_outside_its_box(tmp_path: Path, name: str) -> None:
    box = tmp_path / "box"
    with pytest.raises(OrgError, match="cannot name"):
        mailbox.put(box, Message(name, "a", "b", Kind.NOTE, "s", "b", NOW))
    with pytest.raises(OrgError, match="cannot name"):
        mailbox.archive(box, name)
    assert not list(tmp_path.rglob("*.md"))


@pytest.mark.parametrize("name", OUTSIDE)
def test_nobody_is_written_to_whose_mailbox_would_lie_outside(tmp_path: Path, name: str) -> None:
    book = ledger.create(tmp_path / "ledger.db")
    with book.transaction() as tx:
        with pytest.raises(OrgError, match="cannot name a mailbox"):
            mail.post(tx, "junior-1", name, Kind.NOTE, "s", "b", NOW)
        assert mail.undelivered(tx) == []
    book.close()
