"""What a parquet corpus is scored on, and its absence from training: the held-out shard (of a single file: documents by a hash
of their text). Of the training text its documents are taken out, and its longer lines and paragraphs wherever they stand.
White space is not looked at: copies of a page differ in their line ends, their indents and what joins their lines.
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
PASSAGE_CHARACTERS = 80  # without white space: some 100 with it; shorter ones may stand anywhere
OPENING_CHARACTERS, OPENING_WITHIN = 24, 64
# What ends a passage, and joins what is left: of prose a line is one, of programs and verse a paragraph.
MARKS = ((re.compile(r"(?>\r\n?|\n)(?:[ \t]*(?>\r\n?|\n))+"), "\n\n"), (re.compile(r"\r\n?|\n"), "\n"))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """spans: the scored texts. passages: the documents that they open and their longer lines and paragraphs, without white
    space. openings: how those begin. by_hash: whether documents of the training files are held out, too."""

    spans: list[str]
    passages: frozenset[str]
    openings: frozenset[str]
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
        parts = {_bare(part) for text in opened for mark, _ in MARKS for part in mark.split(text)}
        passages = {part for part in parts if len(part) >= PASSAGE_CHARACTERS} | {_bare(text) for text in opened}
        return cls(spans, frozenset(passages), frozenset(part[:OPENING_CHARACTERS] for part in passages), by_hash)

    def without(self, text: str) -> tuple[str, int]:
        """A training text less what is scored, and how many passages were taken out; nothing is left of a held-out document."""
        if self.by_hash and _is_held_out(text):
            return "", 0
        if self._is_scored(text):
            return "", 1
        removed = 0
        for mark, join in MARKS:
            parts = mark.split(text)
            kept = [part for part in parts if len(part) < PASSAGE_CHARACTERS or not self._is_scored(part)]
            if len(kept) < len(parts):
                text, removed = join.join(kept), removed + len(parts) - len(kept)
        return text if not removed or text.strip() else "", removed

    def _is_scored(self, part: str) -> bool:
        """Whether this is one of the passages. Its opening decides nearly always, for a tenth of the time."""
        opening = _bare(part.lstrip()[:OPENING_WITHIN])[:OPENING_CHARACTERS]
        return (len(opening) < OPENING_CHARACTERS or opening in self.openings) and _bare(part) in self.passages


def _noted(texts: Iterator[str], seen: list[str]) -> Iterator[str]:
    for text in texts:
        seen.append(text)
        yield text


def _bare(text: str) -> str:
    return "".join(text.split())


def _is_held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % SHARE == 0
