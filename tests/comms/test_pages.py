"""Pages and mail as files: every number from the ledger, words as they were written."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from org.comms import figures, notebook, standup
from org.model.agent import Agent, Control
from org.model.agent import State as AgentState
from org.model.experiment import Claim, Event, Experiment, State
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.standup import Section, Standup
from org.store import experiments, ledger, meta
from org.store.ledger import Ledger
from org.store.tables import AGENTS, EXPERIMENTS, PROGRAMS

NOW = datetime(2030, 1, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    made = ledger.create(tmp_path / "ledger.db")
    with made.transaction() as tx:
        PROGRAMS.insert(tx, Program("free", "Free", ProgramState.OPEN, "q", "improve", 0.0, "time", (), {}, {}, {}, "", "x", NOW))
        EXPERIMENTS.insert(tx, experiment("E1"))
    return made


def experiment(id: str, **more: object) -> Experiment:
    return Experiment(
        id, "free", "junior-1", State.PROPOSED, Claim.SIMPLIFY, 0.01, "a | b", "because\n# no heading of the page",
        "a little", "0" * 40, "1" * 40, "2" * 40, "3" * 40, NOW, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_page_of_every_state_can_be_written(book: Ledger) -> None:
    for state in State:
        with book.transaction() as tx:
            EXPERIMENTS.update(tx, "E1", state=state, reason="why | so")
        page = notebook.render(book.reader, "E1", "val_bpb", 1.0)
        assert page.startswith("# E1 · a | b") and "(not worse by more than 0.01)" in page and "why | so" in page


def test_a_note_of_the_root_stands_on_every_page(book: Ledger) -> None:
    with book.transaction() as tx:
        meta.put(tx, "root_note", "a root made worse on purpose")
    assert "**Note:** a root made worse on purpose" in notebook.render(book.reader, "E1", "m", 1.0)
    text = standup.render(book.reader, Standup(1, "2030-01-02", NOW, NOW), [], "m", NOW)
    assert "> **Note:** a root made worse on purpose" in text


def test_the_history_says_who_did_what(book: Ledger) -> None:
    with book.transaction() as tx:
        experiments.move(tx, "E1", Event.APPROVE, NOW)
        experiments.move(tx, "E1", Event.VETO, NOW, "human", "no")
    page = notebook.render(book.reader, "E1", "m", 1.0)
    assert "- 2030-01-02 09:00:00 UTC approved\n- 2030-01-02 09:00:00 UTC vetoed by human" in page


def test_an_empty_day_is_a_page_too(book: Ledger) -> None:
    text = standup.render(book.reader, Standup(1, "2030-01-02", NOW, NOW), [], "m", NOW)
    assert "No verdict since the lab began: no merge." in text and "No race has ended yet." in text
    assert text.index("## Questions to you\n\nNone.") < text.index("## What changed")


def test_words_of_an_agent_are_quoted_and_cannot_become_the_page(book: Ledger) -> None:
    with book.transaction() as tx:
        AGENTS.insert(tx, Agent("junior-1", "junior", "offline", AgentState.IDLE, Control.AGENT, NOW, NOW))
    words = "fine\n\n## Verdicts\n| E9 | merged |"
    text = standup.render(book.reader, Standup(1, "2030-01-02", NOW, NOW), [Section(1, "junior-1", words, NOW)], "m", NOW)
    assert "\n> ## Verdicts\n> | E9 | merged |" in text and "\n## Verdicts" not in text


def test_a_subject_with_a_pipe_does_not_break_the_table(book: Ledger) -> None:
    with book.transaction() as tx:
        EXPERIMENTS.update(tx, "E1", state=State.DISCARDED, decided_at=NOW, reason="z 0.1 | under\nthe bar")
    text = standup.render(book.reader, Standup(1, "2030-01-02", NOW, NOW), [], "m", NOW)
    row = next(line for line in text.splitlines() if line.startswith("| [E1]"))
    head = text.splitlines()[text.splitlines().index(row) - 2]
    assert row.replace("\\|", "").count("|") == head.count("|")


def test_numbers_as_people_read_them() -> None:
    values = (0.0042, -0.0042, -0.00001, 0.0, None)
    assert [figures.gain(value) for value in values] == ["+0.0042", "-0.0042", "+0.0000", "+0.0000", "–"]
    assert [figures.plural(count, "run") for count in (0, 1, 2)] == ["no run", "1 run", "2 runs"]
    assert [figures.ended(2, failed) for failed in (0, 1)] == ["2 runs ended", "2 runs ended, 1 without a value"]
