"""Keys never reach the ledger, and so no page, letter or standup that is rendered from it."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from org.comms import letter
from org.model.message import Kind
from org.store import events, ledger, mail, meta, secrets
from org.store.tables import EVENTS, MESSAGES

NOW = datetime(2026, 8, 1, 9, 0, tzinfo=UTC)
VALUE = "correct-horse-battery"
SHAPES = [
    "sk-ant-api03-" + "aB3_" * 8,
    "sk-proj-" + "Zz09-" * 6,
    "sk-" + "A1b2" * 12,
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "11AB_" * 6,
    "hf_" + "abCD" * 9,
    "xoxb-1234567890-abcdef",
    "AKIA" + "ABCD1234" * 2,
    "AIza" + "Sy0_" * 9,
]


@pytest.fixture
def con(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A ledger of a process that holds a key."""
    monkeypatch.setenv("SOMEBODYS_API_KEY", VALUE)
    secrets.mine.cache_clear()
    book = ledger.create(tmp_path / "ledger.db")
    with book.transaction() as tx:
        yield tx
    book.close()
    secrets.mine.cache_clear()


@pytest.mark.parametrize("key", SHAPES)
def test_what_looks_like_a_key_is_concealed(key: str) -> None:
    assert secrets.conceal(f"export KEY={key}; run", {}) == "export KEY=[secret]; run"


def test_a_private_key_goes_whole_also_when_its_end_was_cut() -> None:
    body = "\n".join(["MIIEvQIBADANBg"] * 3)
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    assert secrets.conceal(f"a\n{begin}\n{body}\n{end}\nb", {}) == "a\n[secret]\nb"
    assert secrets.conceal(f"a\n{begin}\n{body}", {}) == "a\n[secret]"


@pytest.mark.parametrize(
    "words",
    [
        "ask-scikit-learn-for-a-better-name-of-this-branch",
        "org/main/junior/junior-1/sk-learn-warmup-of-the-rates",
        "3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "token 12 of 400, tokens: 5e7tok, api_key_env: ANTHROPIC_API_KEY",
    ],
)
def test_ordinary_words_stay(words: str) -> None:
    assert secrets.conceal(words, {}) == words


def test_variables_are_known_by_their_names_and_short_values_are_not_searched_for() -> None:
    environ = {
        "OPENAI_API_KEY": "first-of-them", "HF_TOKEN": "second-of-them", "AWS_SECRET_ACCESS_KEY": "third-of-them",
        "DB_PASSWORD": "short", "PATH": "/usr/bin:/usr/local", "TOKENIZERS_PARALLELISM": "false-or-true",
    }  # fmt: skip
    assert set(secrets.of(environ).values()) == {"OPENAI_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY"}
    said = secrets.conceal("with first-of-them, second-of-them", secrets.of(environ))
    assert said == "with [OPENAI_API_KEY], [HF_TOKEN]"
    assert secrets.conceal(said, secrets.of(environ)) == said


def test_a_key_inside_a_longer_one_hides_nothing() -> None:
    known = secrets.of({"A_TOKEN": "inner-value", "B_TOKEN": "inner-value-and-more"})
    assert secrets.conceal("inner-value-and-more", known) == "[B_TOKEN]"


def test_a_letter_with_a_key_is_posted_without_it(con: sqlite3.Connection) -> None:
    sent = mail.post(con, "junior-1", "human", Kind.NOTE, f"my key is {VALUE}", f"use {SHAPES[0]}\nor {VALUE}", NOW)
    stored = MESSAGES.get(con, sent.id)
    written = letter.write(stored)
    assert VALUE not in written and SHAPES[0] not in written
    assert "[SOMEBODYS_API_KEY]" in written and "[secret]" in written


def test_an_event_with_a_key_keeps_its_json_whole(con: sqlite3.Connection) -> None:
    cut = "-----BEGIN PRIVATE KEY-----\nMIIE"
    events.append(con, "run.failed", "R1", at=NOW, reason=f"401 for {VALUE}", log=[{"line": cut}], after="it goes on")
    row = EVENTS.select(con)[-1]
    assert row.detail == {"reason": "401 for [SOMEBODYS_API_KEY]", "log": [{"line": "[secret]"}], "after": "it goes on"}
    raw = con.execute("SELECT group_concat(detail) FROM events").fetchone()[0]
    assert VALUE not in raw and "MIIE" not in raw and json.loads(raw)


def test_the_lab_s_own_facts_are_kept_as_they_are(con: sqlite3.Connection) -> None:
    meta.put(con, "seed_key", VALUE)
    assert meta.get(con, "seed_key") == VALUE
