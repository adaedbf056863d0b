"""Texts as tokens, and the span of them that is scored.

multiple_choice scores what follows the tokens that all options begin with, schema the tokens that all end with, language
modeling what follows the question. What does not fit the model is cut from the left; the first token stays, for no row
that a model was trained on began without it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy

from trainer.measure.core import prompts
from trainer.measure.core.bundle import Item, Kind, Task

Encode = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Row:
    """tokens: (n,) int64, the document mark first. tokens[start:] are scored, up to `stop`; cut: whether one of them is not."""

    tokens: numpy.ndarray
    start: int
    stop: int
    cut: bool = False


def of_item(task: Task, item: Item, shown: Sequence[Item], encode: Encode, *, bos: int, context: int) -> list[Row]:
    """One row an option. context: tokens that the model takes."""
    tokens = [[bos, *encode(text)] for text in prompts.texts(task, item, shown)]
    match task.kind:
        case Kind.MULTIPLE_CHOICE:
            first = min(common_start(tokens), min(map(len, tokens)) - 1)  # where one option begins another: its last token
            starts = [first] * len(tokens)
        case Kind.SCHEMA:
            starts = [len(row) - common_end(tokens) for row in tokens]
        case Kind.LANGUAGE_MODELING:
            starts = [common_start([tokens[0], [bos, *encode(prompts.question(task, item, shown))]])]
    return [fitted(row, max(start, 1), context) for row, start in zip(tokens, starts, strict=True)]


def fitted(tokens: list[int], start: int, context: int) -> Row:
    """The row as the model can take it: the last token is only predicted, so context + 1 tokens fit."""
    over = max(len(tokens) - context - 1, 0)
    kept = numpy.array(tokens if not over else [tokens[0], *tokens[over + 1 :]], dtype=numpy.int64)
    return Row(kept, max(start - over, 1), len(kept), cut=start - over < 1)


def common_start(rows: Sequence[list[int]]) -> int:
    """Tokens that all rows begin with: those that the first and the last of them in sorted order do."""
    low, high = min(rows), max(rows)
    return next((place for place, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))


def common_end(rows: Sequence[list[int]]) -> int:
    """Tokens that all rows end with."""
    return common_start([row[::-1] for row in rows])
