"""One page of the experiments: found, sorted and cut by the ledger."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from standing import Build

from org.dashboard import listing, month, palette
from org.dashboard.machines import uses
from org.dashboard.screens.standup import sections_of
from org.dashboard.state import Listing, Query, Sort
from org.dashboard.thread import thread_of
from org.dashboard.widgets.prose import Prose
from org.model.idle import Cause
from org.store import idle, ledger, reads
from org.store.ledger import Ledger
from org.store.tables import EXPERIMENTS


@pytest.fixture
def book(lab: Build) -> Iterator[Ledger]:
    found = ledger.open_existing(lab(250, 8).ledger)
    yield found
    found.close()


def found(book: Ledger, words: str = "", sort: Sort = Sort.NEWEST, offset: int = 0) -> Listing:
    return listing.read(book.reader, Query(words, sort, offset))


def test_a_page_holds_no_more_than_its_rows_and_the_next_goes_on(book: Ledger) -> None:
    first, second = found(book), found(book, offset=listing.ROWS)
    assert (len(first.lines), len(second.lines), first.found, first.total) == (200, 58, 258, 258)
    ids = [line.experiment.id for line in (*first.lines, *second.lines)]
    assert ids == [f"E{number}" for number in range(258, 0, -1)]


def test_every_word_must_be_found_and_a_field_narrows(book: Ledger) -> None:
    by_hand = [e for e in EXPERIMENTS.select(book.reader) if e.author == "junior-2" and "rope" in e.subject]
    assert {line.experiment.id for line in found(book, "ROPE author:junior-2").lines} == {e.id for e in by_hand} != set()
    assert all(line.experiment.state.value == "racing" for line in found(book, "state:racing").lines)
    assert found(book, "E12").found == 1 and found(book, "e12").lines[0].experiment.id == "E12"
    assert found(book, "nothing-like-it").lines == ()


@pytest.mark.parametrize("words", ["%", "_", "'", '"', "\\", "state:%", "a:b:c", ":", "--"])
def test_what_sql_would_read_otherwise_is_just_words(book: Ledger, words: str) -> None:
    of_hand = [e for e in EXPERIMENTS.select(book.reader) if words in f"{e.subject} {e.label} {e.author} {e.program} {e.claim}"]
    assert found(book, words).found == len(of_hand)


def test_sorts_order_as_they_say(book: Ledger) -> None:
    gains = [line.experiment.gain for line in found(book, sort=Sort.GAIN).lines if line.experiment.gain is not None]
    assert gains == sorted(gains, reverse=True) and len(gains) > 100
    assert found(book, sort=Sort.OLDEST).lines[0].experiment.id == "E1"
    authors = [line.experiment.author for line in found(book, sort=Sort.AUTHOR).lines]
    assert authors == sorted(authors)


def test_values_of_the_page_are_those_of_its_runs(book: Ledger) -> None:
    values = reads.race_values(book.reader)
    assert all(line.values == values.get(line.experiment.id, ()) for line in found(book).lines)


def test_device_hours_of_a_day_are_runs_and_idle_by_cause(book: Ledger) -> None:
    now = max(run.started_at for run in reads.running(book.reader) if run.started_at)
    with book.transaction() as con:
        con.execute("UPDATE runs SET device = 'cuda:6' WHERE device = 'cuda:7'")
        begin = now.replace(minute=0)
        idle.change(con, "cuda:7", Cause.NOTHING, "", begin)
        idle.change(con, "cuda:7", Cause.RATE_LIMIT, "", begin.replace(minute=10))
    use = next(use for use in uses(book.reader, begin.replace(minute=15)) if use.device == "cuda:7")
    assert use.busy_seconds == 0 and use.idle == (("nothing proposed", 600.0), ("rate limit", 300.0))


def test_a_thread_is_what_is_answered_and_every_answer(lab: Build) -> None:
    book = ledger.open_existing(lab().ledger)
    first, *others = reads.latest_messages(book.reader, 10)
    answer = replace(first, id="a", reply_to=first.id)
    again = replace(first, id="b", reply_to="a")
    for selected in (first, answer, again):
        assert [m.id for m in thread_of(selected, [first, *others, answer, again])] == [first.id, "a", "b"]
    loop = replace(first, id="x", reply_to="y"), replace(first, id="y", reply_to="x")
    assert {m.id for m in thread_of(loop[0], loop)} == {"x", "y"}
    book.close()


def test_a_month_marks_the_days_with_a_page_and_the_chosen_one() -> None:
    colours = palette.Palette(*["#000000"] * 6)
    shown = month.month_of("2026-03-13", {"2026-03-12", "2026-03-13"}, colours)
    assert "March 2026" in shown.plain and "›13" in shown.plain
    assert [shown.plain[span.start : span.end] for span in shown.spans if "underline" in str(span.style)] == ["12"]


def test_sections_of_a_standup_are_its_headings() -> None:
    page = "# Standup\n\n## Questions to you\n\nNone.\n\n## junior-1\n\n### Wrong turns\n\n```\n# no heading\n```\n"
    found = sections_of(Prose(page).headings)
    assert [str(option.prompt) for option in found] == ["Questions to you", "junior-1", "  Wrong turns"]
