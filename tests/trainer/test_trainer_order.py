"""The order of the data: the shipped one keeps its bits at any size, another one chooses and is told of, and a thread that
builds ahead changes nothing."""

import hashlib
import shutil
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer import order
from trainer.measure import concluding, conduct, packing, prefetch
from trainer.measure import data as datas
from trainer.measure.batches import Batches
from trainer.measure.documents import Documents, evenly
from trainer.measure.errors import RunFailed
from trainer.measure.prefetch import AHEAD, Prefetch
from trainer.packing import pack

# Of 300 batches of the corpus below, as they were when documents were cut and drawn one by one in Python.
SERVED = "2c7be5094b747f178f78ca49fea5ed8e6614a65b903634a2d3597558d8f146dd"
LENGTHS = numpy.array([(n * n * 7) % 97 + (n % 5 == 0) * 300 for n in range(200)], dtype=numpy.int64)  # some are empty


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> datas.Data:
    """200 documents of 0 to 396 tokens, from two files."""
    folder = tmp_path_factory.mktemp("corpus")
    numpy.save(folder / "train_tokens.npy", (numpy.arange(LENGTHS.sum()) % 499).astype(numpy.uint16))
    numpy.save(folder / "train_lengths.npy", LENGTHS)
    sources = [{"name": "a", "documents": 50}, {"name": "b", "documents": 150}]
    return datas.Data(folder, {"vocab": 500, "request": {"corpus": "x"}, "sources": sources})


def served(batches: Batches | Prefetch, count: int) -> str:
    total = hashlib.sha256()
    for _ in range(count):
        for tensor in batches.next():
            total.update(tensor.numpy().tobytes())
    return total.hexdigest()


@pytest.mark.parametrize("more", [{}, {"order": order.order}])
def test_the_shipped_order_has_the_bits_it_always_had(corpus: datas.Data, more: dict) -> None:
    assert served(Batches(corpus, seed=7, T=32, batch_tokens=256, pack=pack, **more), 300) == SERVED


def one_by_one(counts: list[int], draw: numpy.random.Generator) -> numpy.ndarray:
    """What `evenly` means."""
    places = [(draw.permutation(count) + draw.random()) / count for count in counts if count]
    return numpy.argsort(numpy.concatenate([numpy.empty(0), *places]), kind="stable")


@settings(deadline=None, database=None)
@given(st.lists(st.integers(1, 9) | st.just(1), min_size=1, max_size=60), st.integers(0, 2**32))
def test_the_even_order_is_the_one_drawn_document_by_document(counts: list[int], seed: int) -> None:
    want = one_by_one(counts, numpy.random.default_rng(seed))
    assert evenly(numpy.array(counts), numpy.random.default_rng(seed)).tolist() == want.tolist()


@settings(deadline=None, database=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.integers(2, 9))
def test_chunks_lie_where_cutting_document_by_document_puts_them(lengths: list[int], T: int) -> None:
    ends = numpy.cumsum(lengths).tolist()
    want = [(at, min(T, end - at)) for end, length in zip(ends, lengths, strict=True) for at in range(end - length, end, T)]
    cut = packing.Cut(numpy.array(lengths), T)
    starts, sizes = cut.bounds(numpy.arange(len(cut)))
    assert list(zip(starts.tolist(), sizes.tolist(), strict=True)) == want


def test_millions_of_documents_cost_arrays_and_no_objects() -> None:
    cut = packing.Cut(numpy.full(2_000_000, 7000), 5120)
    assert len(cut) == 4_000_000
    starts, sizes = cut.bounds(numpy.array([3_999_998, 3_999_999]))
    assert (starts.tolist(), sizes.tolist()) == ([13_999_993_000, 13_999_998_120], [5120, 1880])


def short_ones_twice(documents: Documents, draw: numpy.random.Generator) -> numpy.ndarray:
    """Of the second file, and only what fits a row."""
    first, rows = documents.first_chunks(), documents.sources["b"]
    chosen = [first[d] for d in rows if documents.chunks[d] == 1]
    return numpy.array(chosen + chosen)


def test_an_order_selects_and_repeats_and_the_record_says_so(corpus: datas.Data) -> None:
    short = int(LENGTHS[50:][(LENGTHS[50:] > 0) & (LENGTHS[50:] <= 32)].sum())
    batches = Batches(corpus, seed=7, T=32, batch_tokens=64, pack=pack, order=short_ones_twice)
    while batches.tally.epochs * LENGTHS.sum() < 4 * short:
        batches.next()
    told = batches.tally
    assert told.selected_fraction == short / LENGTHS.sum()
    assert (told.distinct_tokens, told.kept_fraction) == (short, 1)
    assert 4 <= told.passes < 5


def test_an_order_sees_the_text_and_cannot_change_it(corpus: datas.Data) -> None:
    def curious(documents: Documents, draw: numpy.random.Generator) -> numpy.ndarray:
        begin = documents.first_tokens()[3]
        assert documents.tokens[begin : begin + documents.lengths[3]].tolist() == [n % 499 for n in range(begin, begin + 63)]
        with pytest.raises(ValueError, match="read-only"):
            documents.tokens[0] = 1
        documents.lengths[:] = documents.chunks[:] = 0
        return evenly(packing.Cut(LENGTHS, 32).counts, draw)

    assert served(Batches(corpus, seed=7, T=32, batch_tokens=256, pack=pack, order=curious), 300) == SERVED


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([1, 2], "it answered list"),
        (numpy.array([0.5]), r"float64 \(1,\)"),
        (numpy.zeros((2, 2), dtype=int), r"int64 \(2, 2\)"),
        (numpy.array([], dtype=int), "none of 767 chunks"),
        (numpy.array([0, 767]), "named chunk 767; there are 0 to 766"),
        (numpy.array([-1]), "named chunk -1"),
    ],
)
def test_an_order_that_is_none_fails_the_run(corpus: datas.Data, answer: object, told: str) -> None:
    with pytest.raises(RunFailed, match=told):
        Batches(corpus, seed=1, T=32, batch_tokens=64, pack=pack, order=lambda *_: answer).next()  # type: ignore[arg-type,return-value]


class Alive(numpy.ndarray):
    """Numbers that compute whenever somebody looks at them."""

    looked = 0

    def __getitem__(self, key):  # type: ignore[no-untyped-def]
        Alive.looked += 1
        return numpy.asarray(self)[key]

    def astype(self, *given, **more):  # type: ignore[no-untyped-def]
        return self


def test_an_order_that_computes_when_it_is_looked_up_fails_the_run(corpus: datas.Data) -> None:
    """Its code would run between the steps, where nobody counts."""
    with pytest.raises(RunFailed, match="it answered Alive; want a numpy array"):
        Batches(corpus, seed=1, T=32, batch_tokens=64, pack=pack, order=lambda *_: numpy.arange(767).view(Alive)).next()
    assert Alive.looked == 0


def test_an_order_that_changes_its_answer_afterwards_changes_nothing(corpus: datas.Data) -> None:
    def after_one_batch(given: numpy.ndarray, later: int) -> str:
        batches = Batches(corpus, seed=1, T=32, batch_tokens=64, pack=pack, order=lambda *_: given)
        batches.next()
        given[:] += later
        return served(batches, 50)

    assert after_one_batch(numpy.arange(700), later=60) == after_one_batch(numpy.arange(700), later=0)


def test_orders_that_differ_late_have_different_digests(corpus: datas.Data) -> None:
    def digest(*late: int) -> str:
        """After the first batch, which is more than 64 rows and the same for all."""
        numbers = numpy.concatenate([numpy.arange(760), numpy.array(late)])
        batches = Batches(corpus, seed=1, T=32, batch_tokens=32 * 128, pack=pack, order=lambda *_: numbers)
        batches.next()
        return batches.tally.order_digest

    assert digest(765, 766) == digest(765, 766) != digest(766, 765)


def ahead(corpus: datas.Data, **more: object) -> Prefetch:
    return Prefetch(Batches(corpus, seed=7, T=32, batch_tokens=256, pack=pack, **more), torch.device("cpu"))  # type: ignore[arg-type]


def test_batches_that_were_built_ahead_are_the_same(corpus: datas.Data) -> None:
    with closing(ahead(corpus)) as batches:
        assert served(batches, 300) == SERVED
        assert (batches.rows_per_batch, batches.tokens_per_batch) == (8, 256)


def test_what_is_told_is_of_served_batches(corpus: datas.Data) -> None:
    plain = Batches(corpus, seed=7, T=32, batch_tokens=256, pack=pack)
    with closing(ahead(corpus)) as batches:
        assert batches.tally == plain.tally
        for _ in range(2 * AHEAD):
            batches.next(), plain.next()
            assert batches.tally == plain.tally


def test_what_was_served_before_is_skipped_ahead_of_the_thread(corpus: datas.Data) -> None:
    plain = Batches(corpus, seed=7, T=32, batch_tokens=256, pack=pack)
    plain.skip(5)
    with closing(ahead(corpus)) as batches:
        batches.skip(5)
        assert torch.equal(batches.next()[0], plain.next()[0])
        assert batches.tally == plain.tally


def test_an_error_of_the_thread_is_raised_where_the_batch_is_asked_for(corpus: datas.Data) -> None:
    answers = iter([numpy.arange(16), numpy.array([-1])])
    with closing(ahead(corpus, order=lambda *_: next(answers))) as batches:
        batches.next()
        for _ in range(2):
            with pytest.raises(RunFailed, match="named chunk -1"):
                while True:
                    batches.next()


def test_the_thread_begins_with_the_first_batch_and_ends_with_the_run(corpus: datas.Data) -> None:
    def at_work() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name == "prefetch"]

    batches = ahead(corpus)
    assert at_work() == []
    batches.next()
    assert at_work() == ["prefetch"]
    batches.close()
    assert at_work() == []
    batches.close()
    ahead(corpus).close()


@pytest.mark.parametrize("other", [("another digest", 0), ("", 1)], ids=["order", "packing"])
def test_ranks_that_are_served_different_orders_are_found_out(data: Path, other: tuple[str, int]) -> None:
    class Ranks:
        @staticmethod
        def everyones(value: tuple[str, int]) -> list[tuple[str, int]]:
            digest, rows = value
            return [value, (other[0] or digest, rows + other[1])]

    opened = datas.open_folder(data)
    run = SimpleNamespace(
        ranks=Ranks, batches=Batches(opened, seed=1, T=32, batch_tokens=64, pack=pack), flops_per_step=1, last_batch=None
    )
    found = run.conduct = conduct.Conduct(opened)
    concluding.conclude(run)  # type: ignore[arg-type]
    assert "its ranks were served different orders of the data" in found.found


def test_of_a_huge_corpus_the_digest_is_taken_beside_the_run(data: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(data, tmp_path / "copy")
    opened = datas.open_folder(folder)
    (folder / "train_tokens.npy").write_bytes((folder / "train_tokens.npy").read_bytes()[::-1])
    found = conduct.Conduct(datas.Data(folder, opened.facts | {"train_tokens": conduct.AT_ONCE}))
    one = SimpleNamespace(everyones=lambda value: [value])
    run = SimpleNamespace(ranks=one, batches=SimpleNamespace(tally=SimpleNamespace(order_digest="x", rows=0)), flops_per_step=1)
    run.last_batch, run.conduct = None, found
    concluding.conclude(run)  # type: ignore[arg-type]
    assert "train_tokens.npy is not what was prepared" in found.found


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_come_to_the_gpu_as_they_were_packed(corpus: datas.Data) -> None:
    device = torch.device("cuda", torch.cuda.device_count() - 1)
    plain = Batches(corpus, seed=7, T=32, batch_tokens=256, pack=pack)
    with closing(prefetch.ahead(Batches(corpus, seed=7, T=32, batch_tokens=256, pack=pack), device)) as batches:
        for _ in range(50):
            for there, here in zip(batches.next(), plain.next(), strict=True):
                assert there.device == device and torch.equal(there.cpu(), here)
