"""A person's reply to a standup becomes directions: once, over restarts, whatever happens to the file."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from laboratory import Laboratory
from played import Played

from org.cli import main
from org.comms import reply
from org.lab import post, replies, standup
from org.model.message import HUMAN, Kind
from org.store import mail, steering
from org.store.tables import EVENTS, MESSAGES, QUESTIONS, STANDUPS


@pytest.fixture
def page(played: Played) -> Path:
    """Today's page, written, with room for a reply."""
    played.ask("standup")
    played.clock = timedelta(minutes=2)
    played.ticks(1)
    return Path(STANDUPS.get(played.lab.ledger.reader, 1).path)


def save(page: Path, words: str, ago: float = 60.0, now: datetime | None = None) -> None:
    """As an editor leaves it, that many seconds ago."""
    page.write_text(reply.joined(reply.split(page.read_text())[0], f"{reply.HEADING}\n\n{reply.HINT}\n\n{words}\n"))
    at = (now or datetime.now(UTC)).timestamp() - ago
    os.utime(page, (at, at))


def directions(lab: Laboratory) -> list[tuple[str, str]]:
    return sorted((d.target, d.text) for d in steering.standing(lab.lab.ledger.reader))


def given(lab: Laboratory) -> int:
    return EVENTS.count(lab.lab.ledger.reader, "WHERE kind = ?", steering.GIVEN)


def test_a_reply_in_the_file_directs_whom_it_names_once_and_not_again_after_a_restart(
    played: Played, page: Path, reopened: Callable[[Laboratory], Played]
) -> None:
    with played.lab.ledger.transaction() as tx:
        question = mail.ask(tx, "junior-1", "May I?", played.now(), None, None).id
    save(page, f"junior-2: leave the windows\n\nfree: no values by hand\n\n{question}: yes", now=played.now())
    played.ticks(3)
    assert directions(played) == [("free", "no values by hand"), ("junior-2", "leave the windows")]
    assert QUESTIONS.get(played.lab.ledger.reader, question).answer == "yes"
    [told] = [m for m in mail.of_reader(played.lab.ledger.reader, HUMAN) if m.subject.startswith("Your reply")]
    assert "junior-2 got your direction for junior-2: “leave the windows”" in told.body and "got your answer" in told.body
    again = reopened(played)
    again.clock = timedelta(minutes=3)
    again.ticks(3)
    assert given(again) == 2 and len(MESSAGES.select(again.lab.ledger.reader, "WHERE kind = ?", Kind.STEERING.value)) == 3


def test_words_that_were_changed_replace_the_ones_before(played: Played, page: Path) -> None:
    save(page, "junior-2: leave the windows", now=played.now())
    played.ticks(1)
    save(page, "junior-2: leave the windows, look at the head", now=played.now())
    played.ticks(1)
    assert directions(played) == [("junior-2", "leave the windows, look at the head")] and given(played) == 2
    save(page, "", now=played.now())
    played.ticks(1)
    assert given(played) == 2, "taken out of the page, it is in force until `org steer --lift`"


def test_without_a_name_it_goes_to_everybody_where_there_is_no_chief(played: Played, page: Path) -> None:
    save(page, "Good night's work. Fewer values.", now=played.now())
    played.ticks(1)
    assert directions(played) == [("all", "Good night's work. Fewer values.")]
    assert {m.to for m in MESSAGES.select(played.lab.ledger.reader, "WHERE kind = ?", Kind.STEERING.value)} == {
        "junior-1",
        "junior-2",
    }


def test_a_file_that_is_being_saved_waits_until_it_lies_still(played: Played, page: Path) -> None:
    save(page, "junior-2: lea", ago=1, now=played.now())
    played.ticks(1)
    assert given(played) == 0
    save(page, "junior-2: leave it", ago=16, now=played.now())
    played.ticks(1)
    assert directions(played) == [("junior-2", "leave it")]


def test_an_answer_saved_before_the_deadline_counts_and_not_the_default(played: Played, page: Path) -> None:
    due = played.now() + timedelta(seconds=5)
    with played.lab.ledger.transaction() as tx:
        question, other = (mail.ask(tx, "junior-1", text, played.now(), "no", due).id for text in ("May I?", "May you?"))
    save(page, f"{question}: yes", ago=0.0, now=due - timedelta(seconds=1))
    for seconds, answers in ((1, [None, None]), (10, [None, None]), (20, ["yes", "no"])):
        post.step(played.lab, due + timedelta(seconds=seconds))
        assert [QUESTIONS.get(played.lab.ledger.reader, id).answer for id in (question, other)] == answers, seconds


def test_a_file_that_is_lost_or_damaged_says_nothing_and_stops_nothing(played: Played, page: Path) -> None:
    text = page.read_bytes()
    for damaged in (b"", text[:100], text[:-100], b"\xff\x00\xfe## Your reply\n\n> \xff"):
        page.write_bytes(damaged)
        os.utime(page, (1, 1))
        played.ticks(1)
    page.unlink()
    played.ticks(1)
    page.mkdir()
    played.ticks(1)
    assert given(played) == 0


def test_the_page_is_not_written_anew_while_a_person_writes_in_it_and_keeps_their_words(played: Played, page: Path) -> None:
    save(page, "junior-2: stop", ago=1, now=played.now())
    standup.receive(played.lab, "standup-1-junior-1", "junior-1", "Late.", played.now())
    before = page.read_bytes()
    played.ticks(1)
    assert page.read_bytes() == before
    save(page, "junior-2: stop at once", ago=60, now=played.now())
    played.ticks(1)
    text = page.read_text()
    assert "> Late." in text and text.index("> Late.") < text.index("junior-2: stop at once") and text.endswith("at once\n")
    played.ask("standup")
    played.clock += timedelta(minutes=10)
    played.ticks(2)
    assert "standup: 2" in page.read_text() and page.read_text().endswith("junior-2: stop at once\n")
    assert given(played) == 1, "the same words below a newer page of the day are the same words"


def test_a_name_that_nobody_has_is_told_once(played: Played, page: Path) -> None:
    save(page, "junior-9: stop", now=played.now())
    played.ticks(3)
    told = [m for m in mail.of_reader(played.lab.ledger.reader, HUMAN) if m.subject.startswith("Your reply")]
    assert len(told) == 1 and "Nobody is called junior-9" in told[0].body and given(played) == 0


def test_a_reply_by_the_verb_is_the_same_and_an_agent_cannot_give_it(played: Played, page: Path) -> None:
    def org(*words: str, agent: str | None = None) -> str:
        env = {"ORG_LAB": str(played.lab.layout.comms), "ORG_AGENT": agent}
        done = CliRunner().invoke(main.org, list(words), env=env)
        return f"{done.output}{done.exception or ''}"

    day = page.stem
    assert "junior-2 got your direction for junior-2" in org("reply", f"standup-{day}", "junior-2: leave it")
    assert "were taken before" in org("reply", "standup-1-page", "junior-2: leave it")
    assert "is a person's" in org("reply", f"standup-{day}", "junior-2: obey", agent="junior-1")
    assert "no such standup" in org("reply", "standup-2001-01-01", "junior-2: leave it")
    save(page, "junior-2: leave it", now=played.now())
    played.ticks(1)
    assert given(played) == 1


def test_two_looks_at_once_give_it_once(played: Played, page: Path) -> None:
    text = reply.joined("", f"{reply.HEADING}\n\njunior-2: stop\n")
    assert replies.take(played.lab, page.stem, text, played.now()) and not replies.take(played.lab, page.stem, text, played.now())
    assert given(played) == 1
