"""Packing loses nothing, the corpus splits cleanly, and validation is the same bytes whatever the row length."""

import json
from collections import Counter
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.measure import cli, corpus, packing, prepare, tokenizer, validation
from trainer.measure import data as datas
from trainer.measure.batches import IGNORED, Batches
from trainer.measure.documents import Documents, evenly
from trainer.packing import pack


@settings(deadline=None, database=None)  # a deadline would time a shared machine
@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.integers(2, 12))
def test_every_token_is_packed_exactly_once(lengths: list[int], T: int) -> None:
    total, bos = sum(lengths), 10_000
    packer, cut = packing.Packer(numpy.arange(total), T, bos), packing.Cut(numpy.array(lengths), T)
    chunks = zip(*(bound.tolist() for bound in cut.bounds(numpy.arange(len(cut)))), strict=True)
    known = Documents(packer.tokens, numpy.array(lengths), cut.counts, {"x": range(len(lengths))}, 0)
    made = packer.epoch(chunks, lambda given: pack(given, T, known, numpy.random.default_rng(0))) if total else []
    rows = [packer.row(pieces) for pieces in made]
    counts = Counter(int(token) for row in rows for token in row if token != bos)
    assert counts == Counter(range(total))
    assert all(row[0] == bos and len(row) == T + 1 for row in rows)
    assert packer.kept_fraction == (1 if total else 0)


def test_an_epoch_serves_the_whole_corpus_as_targets(data: Path) -> None:
    opened = datas.open_folder(data)
    batches = Batches(opened, seed=1, T=64, batch_tokens=512, pack=pack)
    served = 0
    while batches.tally.epochs < 1:
        served += int((batches.next()[1] != IGNORED).sum())
    assert batches.tally.kept_fraction == 1
    assert served == pytest.approx(opened.facts["train_tokens"], abs=512)


def test_any_part_of_an_epoch_holds_its_share_of_each_document() -> None:
    counts = numpy.array([40, 200, 1, 7])
    order = evenly(counts, numpy.random.default_rng(0))
    assert sorted(order) == list(range(248))
    document = numpy.repeat(numpy.arange(4), counts)[order]
    for share in (0.25, 0.5, 0.75):
        seen = numpy.bincount(document[: int(248 * share)], minlength=4)
        assert numpy.abs(seen - share * counts).max() <= 2


def test_data_order_depends_on_the_seed(data: Path) -> None:
    digests = []
    for seed in (1, 1, 2):
        batches = Batches(datas.open_folder(data), seed=seed, T=64, batch_tokens=512, pack=pack)
        batches.next()
        digests.append(batches.tally.order_digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("T", [16, 64, 1000])
def test_validation_is_the_same_bytes_for_every_row_length(data: Path, T: int) -> None:
    opened = datas.open_folder(data)
    scored = [batch.targets[batch.counted] for batch in validation.rows(opened, T).batches(8)]
    tokens, _ = opened.documents("validation")
    assert sorted(numpy.concatenate(scored)) == sorted(tokens)
    assert opened.token_bytes()[numpy.concatenate(scored)].sum() == opened.facts["validation_bytes"]


def test_tokens_decode_to_the_validation_bytes(data: Path) -> None:
    opened = datas.open_folder(data)
    encoding = tokenizer.load(opened.tokenizer())
    tokens, _ = opened.documents("validation")
    assert len(encoding.decode_bytes(tokens.tolist())) == opened.facts["validation_bytes"]
    single = [len(encoding.decode_single_token_bytes(token)) for token in range(opened.bos)]
    assert single == opened.token_bytes()[:-1].tolist()


def test_no_paragraph_of_validation_is_in_training() -> None:
    text = "\n".join(f"a line of some length that is number {number}" for number in range(9))
    leaky = corpus.Split([corpus.Document("a", text)], [corpus.Document("b", "short\n\n" + text)])
    clean = corpus.deduplicated(leaky)
    assert text in clean.validation[0].text
    assert clean.train == []


def test_a_small_corpus_has_about_the_size_asked_for() -> None:
    small = corpus.standard_library(max_bytes=200_000)
    sizes = [sum(len(document.text.encode()) for document in side) for side in (small.train, small.validation)]
    assert sizes == pytest.approx([187_500, 12_500], rel=0.1)


def test_preparing_again_writes_nothing_and_another_vocabulary_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in data.iterdir()}
    prepare.prepare(data, prepare.Wanted(vocab=512, max_mb=0.4))
    assert {path: path.stat().st_mtime_ns for path in data.iterdir()} == before
    assert cli.main(["prepare", "--data", str(data), "--vocab", "600"]) == 2
    assert "choose another folder" in capsys.readouterr().err


def test_the_context_of_the_score_belongs_to_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare.prepare(tmp_path, prepare.Wanted(vocab=300, max_mb=0.05, context=48))
    assert datas.open_folder(tmp_path).context == 48
    assert cli.main(["prepare", "--data", str(tmp_path), "--vocab", "300", "--max-mb", "0.05"]) == 2
    assert "choose another folder" in capsys.readouterr().err
    assert cli.main(["prepare", "--data", str(tmp_path), "--context", "1"]) == 2
    assert "at least 2 tokens" in capsys.readouterr().err


def test_a_folder_that_does_not_tell_its_context_has_the_default(tmp_path: Path) -> None:
    facts = prepare.prepare(tmp_path, prepare.Wanted(vocab=300, max_mb=0.05))
    del facts["validation_context"], facts["request"]["context"]
    (tmp_path / "data.json").write_text(json.dumps(facts))
    before = (tmp_path / "data.json").stat().st_mtime_ns
    prepare.prepare(tmp_path, prepare.Wanted(vocab=300, max_mb=0.05))
    assert (tmp_path / "data.json").stat().st_mtime_ns == before, "it is not built again"
    assert datas.open_folder(tmp_path).identity["validation_context"] == datas.CONTEXT


def test_a_damaged_file_is_built_again(tmp_path: Path) -> None:
    first = prepare.prepare(tmp_path, prepare.Wanted(vocab=300, max_mb=0.05))
    (tmp_path / "train_tokens.npy").write_bytes(b"broken")
    assert prepare.prepare(tmp_path, prepare.Wanted(vocab=300, max_mb=0.05)) == first
    assert json.loads((tmp_path / "data.json").read_text())["files"] == first["files"]
    assert len(datas.open_folder(tmp_path).documents("train")[0]) == first["train_tokens"]
