"""The texts of an item: solved examples, then the item with each of its options.

    example context + delimiter + its right continuation, an empty line, … , context + delimiter + continuation

The examples are drawn by a generator of the item's own, from all other items of the task, so that they are the same
whichever items are scored and in whatever order.
"""

import random
from collections.abc import Sequence

from trainer.measure.core.bundle import Item, Task

SEED = 1234  # an item's generator starts from this plus the item's number


def examples(task: Task, items: Sequence[Item], index: int, seed: int = SEED) -> list[Item]:
    """The solved items that the prompt of item `index` shows first."""
    drawn = random.Random(seed + index).sample(range(len(items) - 1), task.shots)
    return [items[number + (number >= index)] for number in drawn]


def texts(task: Task, item: Item, shown: Sequence[Item]) -> list[str]:
    """The whole text of each option."""
    opening = _opening(task, shown)
    return [f"{opening}{context}{task.delimiter}{continuation}" for context, continuation in item.options]


def question(task: Task, item: Item, shown: Sequence[Item]) -> str:
    """The text before the continuation, without the space that a tokenizer takes into the next word."""
    return f"{_opening(task, shown)}{item.options[0][0]}{task.delimiter}".strip()


def _opening(task: Task, shown: Sequence[Item]) -> str:
    solved = (example.options[example.gold] for example in shown)
    return "".join(f"{context}{task.delimiter}{continuation}\n\n" for context, continuation in solved)
