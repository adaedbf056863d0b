"""The CORE metric's items as texts, as tokens of which some are scored, and in batches."""

import random
from pathlib import Path

import numpy
from bundles import BOS, CHOICES, CONTEXTS, LM, MC, SCHEMA, SENTENCES, VOCAB, letters
from hypothesis import given
from hypothesis import strategies as st

from trainer.measure.core import batches, bundle, prompts, rows
from trainer.measure.exchange import Shape


def task(kind: str, shots: int, delimiter: str = " ") -> bundle.Task:
    return bundle.Task("t", bundle.Kind(kind), shots, delimiter, 0.0, Path("t.jsonl"))


def test_prompts_show_solved_examples_before_the_item() -> None:
    several = [bundle._item(bundle.Kind.MULTIPLE_CHOICE, line, "") for line in CHOICES[:2]]
    asked = task(MC, 1, "\nAnswer: ")
    shown = prompts.examples(asked, several, 0)
    assert prompts.texts(asked, several[0], shown) == ["ab\nAnswer: cxx\n\nab\nAnswer: c", "ab\nAnswer: cxx\n\nab\nAnswer: q"]
    several = [bundle._item(bundle.Kind.SCHEMA, line, "") for line in CONTEXTS[:2]]
    shown = prompts.examples(task(SCHEMA, 1), several, 1)
    assert prompts.texts(task(SCHEMA, 1), several[1], shown) == ["abc d\n\nabc no", "abc d\n\nklm no"]
    several = [bundle._item(bundle.Kind.LANGUAGE_MODELING, line, "") for line in SENTENCES[:2]]
    shown = prompts.examples(task(LM, 1), several, 1)
    assert prompts.texts(task(LM, 1), several[1], shown) == ["abc def\n\nab cdf"]
    assert prompts.question(task(LM, 1), several[1], shown) == "abc def\n\nab"


def test_examples_are_others_drawn_by_the_item_s_own_generator() -> None:
    several = [bundle.Item((("q", str(number)),)) for number in range(30)]
    asked = task(LM, 5)
    shown = [prompts.examples(asked, several, index) for index in range(30)]
    assert all(len(set(examples)) == 5 and several[index] not in examples for index, examples in enumerate(shown))
    assert shown == [prompts.examples(asked, several, index) for index in range(30)]
    assert len({tuple(examples) for examples in shown}) > 25
    assert shown[0] != prompts.examples(asked, several, 0, seed=1)
    others = [item for item in several if item is not several[7]]
    assert shown[7] == random.Random(1234 + 7).sample(others, 5)  # as others draw them, so that numbers compare


def of_item(kind: str, item: bundle.Item, delimiter: str = " ") -> list[str]:
    """What is scored, as text."""
    found = rows.of_item(task(kind, 0, delimiter), item, [], letters, bos=BOS, context=64)
    return ["".join(map(chr, row.tokens[row.start : row.stop])) for row in found]


def test_what_is_scored_begins_where_options_differ() -> None:
    assert of_item(MC, bundle.Item((("Is it", "cold"), ("Is it", "calm")))) == ["old", "alm"]
    assert of_item(MC, bundle.Item((("Is it", "a"), ("Is it", "ab")))) == ["a", "ab"]  # one option begins another
    assert of_item(SCHEMA, bundle.Item((("the cat sat", "on it"), ("the dog lay", "on it")))) == [" on it", " on it"]
    assert of_item(LM, bundle.Item((("one two", "three"),))) == [" three"]
    assert of_item(LM, bundle.Item((("one two", "three"),)), "\nA: ") == [" three"]


def test_a_text_that_is_too_long_is_cut_from_the_left_behind_its_first_token() -> None:
    short = rows.fitted([BOS, 1, 2, 3, 4], 3, context=4)
    assert (short.tokens.tolist(), short.start, short.stop, short.cut) == ([BOS, 1, 2, 3, 4], 3, 5, False)
    long = rows.fitted([BOS, 1, 2, 3, 4], 3, context=2)
    assert (long.tokens.tolist(), long.start, long.stop, long.cut) == ([BOS, 3, 4], 1, 3, False)
    over = rows.fitted([BOS, 1, 2, 3, 4], 2, context=2)
    assert (over.tokens.tolist(), over.start, over.stop, over.cut) == ([BOS, 3, 4], 1, 3, True)


@given(
    st.lists(st.tuples(st.integers(2, 100), st.integers(1, 99)), min_size=1, max_size=40),
    st.sampled_from([1, 3]),
    st.sampled_from([99, 150]),
)
def test_batches_score_every_row_once_behind_what_came_before(lengths: list[tuple[int, int]], high: int, places: int) -> None:
    several = [
        rows.Row(numpy.arange(length) + 1000 * number, min(start, length - 1), length)
        for number, (length, start) in enumerate(lengths)
    ]
    largest, scored = Shape(high, 99, VOCAB, places), dict[int, list[int]]()
    for batch in batches.of_rows(several, largest, BOS):
        assert batch.inputs.size <= high * 99 and len(batch.places) <= places
        assert (batch.inputs.ravel()[batch.places] == batch.targets - 1).all()  # tokens count up: what is read came before
        widths = {batches.width(len(several[owner].tokens) - 1, largest) for owner in batch.owners}
        assert widths == {batch.inputs.shape[1]}
        for owner, target in zip(batch.owners, batch.targets, strict=True):
            scored.setdefault(int(owner), []).append(int(target))
    assert scored == {number: row.tokens[row.start : row.stop].tolist() for number, row in enumerate(several)}
