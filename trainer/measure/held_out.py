"""What a parquet corpus is scored on, and its absence from training: the held-out shard (of a single file: documents by a hash
of their text), and every longer line and paragraph of it taken out of the training text where it stands there too.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from trainer.measure import parquet, validation
from trainer.measure.corpora import Shards
from trainer.measure.errors import UsageError

SHARE = 16  # one document in so many, of a corpus in a single file
PASSAGE_CHARACTERS = 100  # shorter ones may stand anywhere
# What ends a passage, and joins what is left: of prose a line is one, of programs and verse a paragraph.
MARKS = ((re.compile(r"\n{2,}"), "\n\n"), (re.compile(r"\n"), "\n"))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """spans: the scored texts. passages: the longer ones of the documents that they open. by_hash: whether documents of the
    training files are held out, too."""

    spans: list[str]
    passages: frozenset[str]
    by_hash: bool

    @classmethod
    def of(cls, shards: Shards, limit: int) -> Self:
        """Choose `limit` bytes; reads no more of the file than it takes. Raises UsageError where there is no text."""
        by_hash = shards.held_out is None
        path = shards.train[0] if shards.held_out is None else shards.held_out
        opened: list[str] = []
        found = (text for texts in parquet.texts(path, shards.column) for text in texts if not by_hash or _is_held_out(text))
        spans = list(validation.span(_noted(found, opened), limit))
        if not spans:
            raise UsageError(f"{path}: no text to score; give the corpus more documents")
        passages = (part for text in opened for mark, _ in MARKS for part in mark.split(text))
        return cls(spans, frozenset(part for part in passages if len(part) >= PASSAGE_CHARACTERS), by_hash)

    def without(self, text: str) -> tuple[str, int]:
        """A training text less what is scored, and how many passages were taken out; nothing is left of a held-out document."""
        if self.by_hash and _is_held_out(text):
            return "", 0
        removed = 0
        for mark, join in MARKS:
            parts = mark.split(text)
            if not self.passages.isdisjoint(parts):
                kept = [part for part in parts if part not in self.passages]
                text, removed = join.join(kept), removed + len(parts) - len(kept)
        return text, removed


def _noted(texts: Iterator[str], seen: list[str]) -> Iterator[str]:
    for text in texts:
        seen.append(text)
        yield text


def _is_held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % SHARE == 0
