"""Which texts speak of the same thing: search by words (SQLite's full-text index, in memory), and how alike two titles are."""

import difflib
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing

from org.model.errors import UsageError

SAYS_NOTHING = frozenset(
    {"a", "an", "and", "as", "at", "be", "by", "for", "from", "in", "is", "it", "no", "not", "of", "on", "or",
     "the", "to", "try", "we", "with"}
)  # fmt: skip
WORD = re.compile(r"[^\W_]+")  # as the index cuts: adam_beta1 is adam and beta1


def search(query: str, texts: Mapping[str, Sequence[str]], weights: Sequence[float]) -> list[tuple[str, float]]:
    """(id, score) of the texts that share a word with the query, the likest first; rare words count most (bm25).

    texts: id → its fields; weights: how much a word in each field counts. Words match by stem and beginning; one that no
    text has is taken for the nearest that some text has. UsageError for a query without a word.
    """
    spoken = [word.lower() for word in WORD.findall(query)]
    words = [word for word in spoken if word not in SAYS_NOTHING] or spoken
    if not words:
        raise UsageError(f"--like {query!r}: give a word or two of what you look for")
    if not texts:
        return []
    with closing(sqlite3.connect(":memory:")) as con:
        columns = ", ".join(f"f{i}" for i in range(len(weights)))
        con.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (id UNINDEXED, {columns}, tokenize = 'porter unicode61')")
        marks = ", ".join("?" * (len(weights) + 1))
        con.executemany(f"INSERT INTO texts VALUES ({marks})", [(id, *fields) for id, fields in texts.items()])
        known = sorted({word.lower() for fields in texts.values() for field in fields for word in WORD.findall(field)})
        match = " OR ".join(f'"{word}"*' if len(word) > 2 else f'"{word}"' for word in _known(words, known))
        rank = f"bm25(texts, 0, {', '.join(str(w) for w in weights)})"
        found = con.execute(f"SELECT id, -{rank} FROM texts WHERE texts MATCH ? ORDER BY 2 DESC, rowid DESC", (match,))
        return [(str(id), float(score)) for id, score in found]


def titles(one: str, other: str) -> float:
    """How alike two one-line titles are, 0 to 1, the order of their words aside."""
    left, right = (" ".join(sorted(word.lower() for word in WORD.findall(text))) for text in (one, other))
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() > 0.5 else 0.0


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of what either has that both have, 0 to 1."""
    return len(one & other) / len(one | other) if one and other else 0.0


def _known(words: Sequence[str], known: Sequence[str]) -> list[str]:
    """The words, each with its nearest known one where no text begins like it."""
    found = []
    for word in words:
        near = [] if any(other[:4] == word[:4] for other in known) else difflib.get_close_matches(word, known, 1, 0.75)
        found += [word, *near]
    return list(dict.fromkeys(found))
