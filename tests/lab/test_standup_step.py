"""The standup: asked, answered or silent, written around everybody's words."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from played import Played

from org.cli import main
from org.comms import reply
from org.config import StandupConfig
from org.lab import standup
from org.model.agent import State
from org.model.errors import Refused, UsageError
from org.model.experiment import State as ExperimentState
from org.store import agents, mail, meta
from org.store.tables import STANDUPS


def page(lab: Played) -> str:
    return lab.lab.layout.standup(STANDUPS.select(lab.lab.ledger.reader)[-1].day).read_text()


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2030, 1, day, hour, minute, tzinfo=UTC)


def test_everybody_is_asked_and_silence_is_recorded(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(made.id))
    assert played.experiment(made.id).state is ExperimentState.MERGED
    played.ask("standup")
    assert "is being answered" in played.ask("standup").answer
    question = next(m for m in mail.of_reader(played.lab.ledger.reader, "junior-1") if m.kind == "standup")
    words = "I tried E1. It improved by 99.99 | really."
    assert standup.receive(played.lab, question.id, "junior-1", words, played.now())
    assert not standup.receive(played.lab, question.id, "junior-2", "not mine", played.now())
    assert not standup.receive(played.lab, "standup-x-junior-1", "junior-1", "no such", played.now())
    played.ticks(1)
    assert not STANDUPS.select(played.lab.ledger.reader, "WHERE written_at IS NOT NULL"), "it waits for the other one"
    played.clock = timedelta(minutes=2)
    played.ticks(2)
    text = page(played)
    assert f"> {words}" in text and "### junior-2\n\n> No answer in time." not in text
    assert "### junior-2\n\nNo answer in time." in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert any("[E1](../notebook/E1.md)" in line and "merged" in line for line in table)
    assert not any("99.99" in line for line in table), "no number of an agent's prose gets into a table"
    assert "1 verdict since the lab began: 1 merge" in text
    assert "| junior-1 | 1 of 1 | 27% to 100% | – | – | 100% |" in text, "a change of recipe values and nothing else"
    assert len([m for m in mail.of_reader(played.lab.ledger.reader, "human") if m.subject.startswith("Standup")]) == 1
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert links and all((played.lab.layout.standup("1999-01-01").parent / link).is_file() for link in links)


def test_the_page_is_written_as_soon_as_everybody_who_is_here_has_answered(played: Played) -> None:
    with played.lab.ledger.transaction() as tx:
        agents.set_state(tx, "junior-2", State.STOPPED, played.now(), "no longer in the config")
    played.ask("standup")
    standup.receive(played.lab, "standup-1-junior-1", "junior-1", "Nothing yet.", played.now())
    played.ticks(1)
    assert "Nothing yet." in page(played) and "junior-2" not in page(played)


def test_words_that_come_late_are_added_to_the_page_once_and_its_numbers_stay(played: Played) -> None:
    played.ask("standup")
    standup.receive(played.lab, "standup-1-junior-1", "junior-1", "In time.", played.now())
    played.clock = timedelta(minutes=2)
    played.ticks(1)
    before = page(played)
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(made.id))
    assert standup.receive(played.lab, "standup-1-junior-2", "junior-2", "In\n\n## total", played.now())
    played.ticks(2)
    text = page(played)
    above, own = reply.split(before)
    assert text.startswith(above.rstrip("\n")) and text.endswith(own or "?") and "Came late" not in before
    assert text.count("## Came late") == 1 and text.count("> ## total") == 1 and text.index("## In all") < text.index("## Came")
    assert standup.receive(played.lab, "standup-1-junior-2", "junior-2", "In", played.now()), "less words, later"
    played.ticks(2)
    again = page(played)
    assert again.startswith(reply.split(text)[0].rstrip("\n")) and again.count("## Came late") == 1
    assert reply.split(again)[0].endswith("\n\n> In\n\n") and reply.split(again)[1] == own
    played.ticks(2)
    assert page(played) == again


def test_a_kill_between_page_and_ledger_adds_late_words_once(played: Played) -> None:
    played.ask("standup")
    played.clock = timedelta(minutes=2)
    played.ticks(1)
    first = STANDUPS.get(played.lab.ledger.reader, 1)
    standup.receive(played.lab, "standup-1-junior-2", "junior-2", "Late.", played.now())
    played.ticks(1)
    text = page(played)
    with played.lab.ledger.transaction() as tx:
        STANDUPS.update(tx, 1, written_at=first.written_at)
    played.ticks(1)
    assert page(played) == text


def test_a_section_is_on_the_page_or_late_whatever_its_clock_says(played: Played) -> None:
    played.ask("standup")
    early, ahead = played.now(), played.now() + timedelta(minutes=3)
    standup.receive(played.lab, "standup-1-junior-1", "junior-1", "My clock is ahead.", ahead)
    played.clock = timedelta(minutes=2)
    played.ticks(2)
    assert "> My clock is ahead." in page(played) and "Came late" not in page(played)
    standup.receive(played.lab, "standup-1-junior-2", "junior-2", "I waited for the lock.", early)
    played.ticks(1)
    assert page(played).index("Came late") < page(played).index("> I waited for the lock.")


def test_a_person_sees_the_page_without_its_front_matter(played: Played) -> None:
    played.ask("standup")
    played.clock = timedelta(minutes=2)
    played.ticks(1)
    assert page(played).startswith("---\nstandup: 1\n")
    found = {"env": {"ORG_LAB": str(played.lab.layout.comms)}, "catch_exceptions": False}
    shown = CliRunner().invoke(main.org, ["standup"], **found)  # type: ignore[arg-type]
    assert shown.output.startswith("# Standup of")
    told = CliRunner().invoke(main.org, ["standup", "--json"], **found)  # type: ignore[arg-type]
    assert json.loads(told.output)["text"] == page(played)
    day = STANDUPS.get(played.lab.ledger.reader, 1).day
    assert CliRunner().invoke(main.org, ["standup", day], **found).output == shown.output  # type: ignore[arg-type]
    found["catch_exceptions"] = True
    wrong = CliRunner().invoke(main.org, ["standup", "1999-01-01"], **found)  # type: ignore[arg-type]
    assert isinstance(wrong.exception, UsageError) and f"the day of a page: {day}" in str(wrong.exception)
    played.lab.layout.standup(day).unlink()
    gone = CliRunner().invoke(main.org, ["standup"], **found)  # type: ignore[arg-type]
    assert isinstance(gone.exception, Refused) and "cannot be read (No such file" in str(gone.exception)


def test_questions_to_the_person_stand_first(played: Played) -> None:
    with played.lab.ledger.transaction() as tx:
        mail.ask(tx, "junior-1", "May I?", played.now(), "no", played.now() + timedelta(hours=1))
    played.ask("standup")
    played.clock = timedelta(minutes=2)
    played.ticks(1)
    text = page(played)
    assert text.index("May I?") < text.index("## What changed") and "default at" in text


def test_it_is_asked_once_a_day_at_its_time_in_its_timezone(played: Played) -> None:
    zone = played.lab.config.standup.model_copy(update={"timezone": "Asia/Tokyo"})  # 09:00 there is 00:00 UTC
    lab = replace(played.lab, config=played.lab.config.model_copy(update={"standup": zone}))

    def asked(now: datetime) -> int:
        standup.step(lab, now)
        standup.step(lab, now + timedelta(minutes=2))
        return STANDUPS.count(lab.ledger.reader)

    assert asked(at(23, 0, day=1)) == 0, "a lab that starts before its hour has nothing to report yet"
    assert asked(at(0, 1, day=2)) == 1
    assert asked(at(12, 0, day=2)) == 1
    assert asked(at(0, 0, day=3)) == 2
    assert [s.day for s in STANDUPS.select(lab.ledger.reader)] == ["2030-01-02", "2030-01-03"]


def test_one_on_request_in_the_morning_does_not_replace_the_one_at_its_time(played: Played) -> None:
    standup.step(played.lab, at(7))
    standup.ask(played.lab, at(8))
    standup.step(played.lab, at(8, 2))
    standup.step(played.lab, at(9, 1))
    assert STANDUPS.count(played.lab.ledger.reader) == 2


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("hour", "zone", "moments"),
    [
        # Clocks in Berlin jump from 02:00 to 03:00 on 31 March 2030, and back from 03:00 to 02:00 on 27 October.
        ("02:30", BERLIN, ["03-30T01:29 -", "03-30T01:30 03-30", "03-31T00:59 -", "03-31T01:00 03-31", "04-01T00:31 04-01"]),
        ("02:30", BERLIN, ["10-26T00:30 10-26", "10-27T00:29 -", "10-27T00:30 10-27", "10-27T01:31 -", "10-28T01:30 10-28"]),
        ("00:00", "Asia/Tokyo", ["03-01T14:59 03-01", "03-01T15:02 03-02", "03-02T14:59 -", "03-02T15:00 03-03"]),
        ("23:59", "UTC", ["03-01T23:59 03-01", "03-02T23:58 -", "03-03T00:03 03-02", "03-03T23:59 03-03"]),
        ("23:59", "UTC", ["03-01T23:59 03-01", "03-03T06:00 -", "03-03T23:59 03-03"]),
    ],
    ids=["spring", "autumn", "midnight", "a busy minute before midnight", "away over midnight"],
)  # fmt: skip
def test_its_hour_comes_once_a_day_also_where_clocks_are_set_and_at_midnight(
    played: Played, hour: str, zone: str, moments: list[str]
) -> None:
    """moments: UTC, and the day whose standup is asked for then."""
    config = played.lab.config.model_copy(update={"standup": StandupConfig(at=hour, timezone=zone)})
    lab = replace(played.lab, config=config)
    with lab.ledger.transaction() as tx:
        meta.put(tx, "standup_last_day", "2030-02-28")
    for moment in moments:
        at, expected = moment.split()
        now = datetime.fromisoformat(f"2030-{at}:00+00:00")
        before = STANDUPS.count(lab.ledger.reader)
        standup.step(lab, now)
        asked = [s.day for s in STANDUPS.select(lab.ledger.reader, "ORDER BY id")][before:]
        assert asked == ([] if expected == "-" else [f"2030-{expected}"]), moment
        if asked:
            standup.step(lab, now + timedelta(seconds=61))  # nobody answers, and the next day may have begun


def test_times_are_told_in_the_labs_timezone(played: Played) -> None:
    zone = StandupConfig(at="09:00", timezone="Asia/Tokyo")
    lab = replace(played.lab, config=played.lab.config.model_copy(update={"standup": zone}))
    assert "written by 18:01:00 JST" in standup.ask(lab, at(9))
    assert "until 18:01:00 JST" in standup.ask(lab, at(9))
    standup.step(lab, at(9, 2))
    standup.receive(lab, "standup-1-junior-1", "junior-1", "Late.", at(9, 3))
    standup.step(lab, at(9, 4))
    assert "### junior-1, 01-01 18:03:00 JST" in page(played)
