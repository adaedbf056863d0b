"""What a packing may do with the chunks that it is given, and that it can do nothing else."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
import torch
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

from trainer.measure import concluding, conduct, packing
from trainer.measure import data as datas
from trainer.measure.batches import IGNORED, Batches
from trainer.measure.documents import Documents
from trainer.measure.errors import RunFailed
from trainer.measure.packing import Chunk, Packer, Row
from trainer.packing import pack

BOS, T = 99, 8


def rows(lengths: list[int], pack: Callable[[Iterator[Chunk]], object], packer: Packer | None = None) -> list[list[int]]:
    """Tokens of an epoch's rows over chunks of these lengths; the corpus is 0, 1, 2, …"""
    packer = packer or Packer(numpy.arange(sum(lengths)), T, BOS)
    starts = numpy.cumsum(lengths) - lengths
    chunks = zip(starts.tolist(), lengths, strict=True)
    return [packer.row(row).tolist() for row in packer.epoch(chunks, pack)]  # type: ignore[arg-type]


def cropped(chunks: Iterator[Chunk]) -> Iterator[Row]:
    """Chunks in their order until a row is full; what does not fit of the last one is thrown away."""
    row: Row = []
    space = T + 1
    for start, length in chunks:
        served = min(length, space - 1)
        row.append((start, served, length - served))
        space -= served + 1
        if space < 2:
            yield row
            row, space = [], T + 1
    if row:
        yield row


def test_what_is_cropped_is_counted_as_lost() -> None:
    packer = Packer(numpy.arange(18), T, BOS)
    assert rows([5, 4, 6, 3], cropped, packer) == [[BOS, 0, 1, 2, 3, 4, BOS, 5, 6], [BOS, 9, 10, 11, 12, 13, 14, BOS, 15]]
    assert (packer.taken, packer.served, packer.lost, packer.kept_fraction) == (18, 14, 4, 14 / 18)


def test_cropping_shows_in_what_a_run_tells(data: Path) -> None:
    ends = {
        "order": lambda documents, draw: documents.first_chunks() + documents.chunks - 1
    }  # of each document, so that few fill T
    batches = Batches(datas.open_folder(data), seed=1, T=T, batch_tokens=8 * T, pack=lambda chunks, *_: cropped(chunks), **ends)
    served = sum(int((batches.next()[1] != IGNORED).sum()) for _ in range(30))
    told = batches.tally
    assert 0.7 < told.kept_fraction < 0.95
    assert served == pytest.approx(told.epochs * datas.open_folder(data).facts["train_tokens"])


def test_what_is_left_of_a_chunk_may_be_served_later_and_once() -> None:
    def halves(chunks: Iterator[Chunk]) -> Iterator[Row]:
        for start, length in list(chunks):
            yield [(start, 2, 1)]
            yield [(start + 3, length - 3, 0)]

    packer = Packer(numpy.arange(12), T, BOS)
    served = Counter(token for row in rows([7, 5], halves, packer) for token in row if token != BOS)
    assert served == Counter(set(range(12)) - {2, 9})
    assert packer.lost == 2


def test_the_same_chunk_twice_in_an_order_may_be_served_twice() -> None:
    packer = Packer(numpy.arange(6), T, BOS)
    made = packer.epoch(iter([(0, 6), (0, 6)]), lambda chunks: [[(start, length, 0)] for start, length in list(chunks)])
    assert [packer.row(row).tolist() for row in made] == [[BOS, *range(6), BOS, BOS]] * 2
    assert packer.kept_fraction == 1


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([(100, 2, 0)], "nothing begins at token 100"),
        ([(1, 2, 0)], "nothing begins at token 1"),
        ([(5, 2, 0)], "nothing begins at token 5"),  # it was not given yet
        ([(0, 5, 0), (0, 2, 0)], "nothing begins at token 0"),
        ([(0, 2, 3), (2, 2, 0)], "nothing begins at token 2"),
        ([(0, 6, 0)], "6 tokens and 0 lost at token 0, where 5 are left"),
        ([(0, 3, 3)], "3 tokens and 3 lost at token 0, where 5 are left"),
        ([(0, 6, -1)], "6 tokens and -1 lost at token 0"),
        ([(0, 0, 0)], "0 tokens and 0 lost at token 0"),
        ([(0, 1, 0), (1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 0)], "a row of 10 tokens with a BOS for each piece; 9 fit"),
        ([], "an empty row"),
        (((0, 2, 0),), "it answered a tuple"),
        ([[0, 2, 0]], r"a piece is \[0, 2, 0\]"),
        ([(0, 2)], r"a piece is \(0, 2\)"),
        ([(0, True, 0)], r"a piece is \(0, True, 0\)"),
        ([(numpy.int64(0), 2, 0)], "a piece is"),
    ],
)
def test_a_row_of_anything_else_than_given_text_fails_the_run(row: object, told: str) -> None:
    def answer(chunks: Iterator[Chunk]) -> Iterator[object]:
        next(chunks)
        yield row

    with pytest.raises(RunFailed, match=f"packing: .*{told}"):
        rows([5, 4], answer)


def test_text_of_another_epoch_is_not_there_any_more() -> None:
    packer, kept = Packer(numpy.arange(9), T, BOS), []

    def hoarding(chunks: Iterator[Chunk]) -> Iterator[Row]:
        kept.extend(chunks)
        yield [(0, 5, 0)]
        if len(kept) > 2:
            yield [(*kept[1], 0), (*kept[3], 0)]

    assert len(rows([5, 4], hoarding, packer)) == 1
    assert packer.lost == 4, "the epoch has ended"
    with pytest.raises(RunFailed, match="nothing begins at token 5"):
        rows([5, 4], hoarding, packer)


def test_an_epoch_without_a_row_fails_the_run() -> None:
    with pytest.raises(RunFailed, match="it made no row"):
        rows([5, 4], lambda chunks: [])


def test_of_chunks_that_are_not_taken_out_all_are_lost() -> None:
    packer = Packer(numpy.arange(9), T, BOS)
    rows([5, 4], lambda chunks: [[(*next(chunks), 0)]], packer)
    assert (packer.taken, packer.served, packer.lost) == (9, 5, 4)


def test_of_too_many_that_wait_the_oldest_are_lost() -> None:
    packer, count = Packer(numpy.arange(packing.HELD + 1), T, BOS), packing.HELD + 1

    def late(chunks: Iterator[Chunk]) -> Iterator[Row]:
        given = list(chunks)
        yield [(*given[-1], 0)]
        assert packer.lost == 1
        yield [(*given[0], 0)]

    with pytest.raises(RunFailed, match="nothing begins at token 0"):
        rows([1] * count, late, packer)


def test_a_row_that_changes_after_it_was_answered_changes_nothing() -> None:
    row: Row = []

    def moving(chunks: Iterator[Chunk]) -> Iterator[Row]:
        for start, length in chunks:
            row[:] = [(start, length, 0)]
            yield row

    assert rows([2, 3], moving) == [[BOS, 0, 1, *[BOS] * 6], [BOS, 2, 3, 4, *[BOS] * 5]]
    packer = Packer(numpy.arange(5), T, BOS)
    kept = list(packer.epoch(iter([(0, 2), (2, 3)]), moving))
    assert kept == [[(0, 2, 0)], [(2, 3, 0)]]


def test_what_a_packing_computes_on_a_model_is_counted(data: Path) -> None:
    """Beside a compiler, which has to hear nothing of it."""
    opened = datas.open_folder(data)
    counted = conduct.Conduct(opened)

    def learning(chunks: Iterator[Chunk], *known: object) -> Iterator[Row]:
        torch.ones(4, 8) @ torch.ones(8, 16)
        assert not is_in_torch_dispatch_mode()
        yield from pack(chunks, *known)  # type: ignore[arg-type]

    batches = Batches(opened, seed=1, T=T, batch_tokens=8 * T, pack=learning, around=counted.fed)
    batches.next()
    torch.ones(4, 8) @ torch.ones(8, 16)
    one = SimpleNamespace(everyones=lambda value: [value])
    run = SimpleNamespace(ranks=one, batches=batches, flops_per_step=512, last_batch=None, conduct=counted)
    concluding.conclude(run)  # type: ignore[arg-type]
    assert "training computed outside its steps what 2 steps compute" in counted.found


def test_a_packing_draws_from_the_run_s_own_seed_and_looks_at_the_text(data: Path) -> None:
    def by_chance(chunks: Iterator[Chunk], T: int, documents: Documents, draw: numpy.random.Generator) -> Iterator[Row]:
        for start, length in chunks:
            assert documents.tokens[start : start + length].size == length
            yield [(start, int(draw.integers(1, length, endpoint=True)), 0)]

    def told(seed: int) -> int:
        batches = Batches(datas.open_folder(data), seed=seed, T=T, batch_tokens=8 * T, pack=by_chance)
        batches.skip(20)
        return batches.tally.rows

    assert told(1) == told(1) != told(2)
