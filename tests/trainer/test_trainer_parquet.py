"""A corpus of parquet shards becomes a data folder without ever being in memory, and says what became of its text."""

import contextlib
import json
import sys
from pathlib import Path

import numpy
import pytest
from shard_server import parquet, serve

from trainer.measure import cli, corpora, npy, prepare, tokenizer
from trainer.measure import data as datas
from trainer.measure.batches import Batches
from trainer.measure.errors import TrainerError, UsageError
from trainer.measure.held_out import HeldOut
from trainer.packing import pack

LINE = "a line of more than a hundred characters, that stands in what is held out and in one text of the training shards, too"


VERSE = "\n".join(f"a short line, the {n}th of a poem" for n in range(9))


def story(number: int) -> str:
    words = ["one", "sparrow", "counted", "seven", "rivers", "while", "nobody", "listened", "at", "night"]
    return " ".join(words[(number * step) % 10] for step in range(1, 40)) + f", wrote {number}.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three shards: 20 and 30 documents, one of them with a line of the 8 that are held out."""
    shards = tmp_path / "shards"
    parquet(shards / "a.parquet", [story(n) for n in range(20)])
    parquet(shards / "b.parquet", [story(n) for n in range(20, 49)] + [f"before\n{LINE}\nafter"])
    parquet(shards / "c.parquet", [f"{story(n)}{LINE}\n" for n in range(100, 108)])
    return shards


def wanted(folder: Path, **more: object) -> prepare.Wanted:
    return prepare.Wanted(str(folder), vocab=300, workers=2, **more)  # type: ignore[arg-type]


def texts(data: Path, side: str) -> list[str]:
    opened = datas.open_folder(data)
    tokens, lengths = opened.documents(side)
    encoding, ends = tokenizer.load(opened.tokenizer()), numpy.cumsum(lengths)
    return [encoding.decode(tokens[end - length : end].tolist()) for end, length in zip(ends, lengths, strict=True)]


def test_every_text_is_there_in_order_and_what_is_scored_is_not(folder: Path, tmp_path: Path) -> None:
    facts = prepare.prepare(tmp_path / "data", wanted(folder))
    assert texts(tmp_path / "data", "train") == [story(n) for n in range(49)] + ["before\nafter"]
    assert texts(tmp_path / "data", "validation") == [f"{story(n)}{LINE}\n" for n in range(100, 108)]
    assert (facts["removed_passages"], facts["validation_source"]["name"]) == (1, "c.parquet")
    assert [(s["name"], s["documents"]) for s in facts["sources"]] == [("a.parquet", 20), ("b.parquet", 30)]
    assert sum(s["tokens"] for s in facts["sources"]) == facts["train_tokens"]
    assert facts["kept_fraction"] == facts["train_bytes"] / (facts["train_bytes"] + len(LINE) + 1)
    assert datas.open_folder(tmp_path / "data").sources == {"a.parquet": range(20), "b.parquet": range(20, 50)}
    assert not [path for path in (tmp_path / "data").iterdir() if path.name.startswith(".")]


def test_a_copy_of_what_is_scored_is_taken_out_even_where_its_lines_are_short(tmp_path: Path) -> None:
    parquet(tmp_path / "shards" / "a.parquet", [f"Title\n\n{VERSE}\n\nThe end", VERSE, story(1)])
    parquet(tmp_path / "shards" / "b.parquet", [f"{story(2)}\n\n{VERSE}"])
    facts = prepare.prepare(tmp_path / "data", wanted(tmp_path / "shards"))
    assert texts(tmp_path / "data", "train") == ["Title\n\nThe end", story(1)]
    assert facts["removed_passages"] == 2


def prose(name: str) -> str:
    """Ten lines of twenty words that stand nowhere else."""
    return "\n".join(" ".join(f"{name}{line}word{at}" for at in range(20)) for line in range(10))


FAQ = "\n\n".join(f"Which {n} is asked here?\n\nThe {n}th, in a line shorter than a hundred." for n in range(9))
COPIES = {
    "the same": prose("a"),
    "carriage returns": prose("a").replace("\n", "\r\n"),
    "old carriage returns": prose("a").replace("\n", "\r"),
    "blanks at the ends": prose("a").replace("\n", "  \n"),
    "indented": "    " + prose("a").replace("\n", "\n\t    "),
    "joined by blanks": prose("a").replace("\n", " "),
    "short passages": FAQ,
    "short passages, otherwise spaced": FAQ.replace("\n\n", " \r\n \r\n"),
    "an indented paragraph of short lines": "Said:\n \n  " + VERSE.replace("\n", " \r\n  ") + "\r\n \r\nSo it was.",
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_with_other_white_space_are_taken_out(copy: str, tmp_path: Path) -> None:
    file = parquet(tmp_path / "held.parquet", [prose("a"), FAQ, f"A poem\n\n{VERSE}"])
    held = HeldOut.of(corpora.Shards([file], file, "text"), 1 << 18)
    left, removed = held.without(copy)
    assert "".join(left.split()) in ("", "Said:Soitwas.") and removed > 0


def test_other_text_keeps_every_byte(tmp_path: Path) -> None:
    file = parquet(tmp_path / "held.parquet", [prose("a"), FAQ])
    held, other = HeldOut.of(corpora.Shards([file], file, "text"), 1 << 18), prose("b").replace("\n", " \r\n\n\n \t")
    assert held.without(other) == (other, 0)
    mixed, removed = held.without(f"{other}\n\n{prose('a')}")
    assert (mixed.split(), removed) == (other.split(), 1)


def test_the_folder_trains(folder: Path, tmp_path: Path) -> None:
    prepare.prepare(tmp_path / "data", wanted(folder))
    opened = datas.open_folder(tmp_path / "data")
    batches, seen = Batches(opened, seed=1, T=32, batch_tokens=128, pack=pack), 0
    while batches.tally.epochs < 1:
        seen += int((batches.next()[1] >= 0).sum())
    assert seen >= opened.facts["train_tokens"]
    assert batches.tally.kept_fraction == batches.tally.selected_fraction == 1
    assert opened.edited() == opened.edited(datas.TRAINED_ON) == []


def test_threads_change_no_byte(folder: Path, tmp_path: Path) -> None:
    one, three = (prepare.prepare(tmp_path / str(n), prepare.Wanted(str(folder), vocab=300, workers=n)) for n in (1, 3))
    assert one == three


def test_again_nothing_is_written_even_where_the_shards_are_gone(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    facts = prepare.prepare(data, wanted(folder))
    before = {path: path.stat().st_mtime_ns for path in data.iterdir()}
    folder.rename(tmp_path / "elsewhere")
    assert prepare.prepare(data, wanted(folder)) == facts
    assert {path: path.stat().st_mtime_ns for path in data.iterdir()} == before
    with pytest.raises(UsageError, match="already holds"):
        prepare.prepare(data, wanted(folder, max_mb=0.001))


def test_shards_that_changed_are_not_taken_for_those_of_the_folder(folder: Path, tmp_path: Path) -> None:
    prepare.prepare(tmp_path / "data", wanted(folder))
    parquet(folder / "b.parquet", [story(1)])
    parquet(folder / "d.parquet", [story(2)])
    with pytest.raises(UsageError, match=r"b\.parquet, d\.parquet changed since"):
        prepare.prepare(tmp_path / "data", wanted(folder))


def test_a_damaged_folder_is_built_again(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    facts = prepare.prepare(data, wanted(folder))
    (data / "train_tokens.npy").write_bytes(b"broken")
    assert prepare.prepare(data, wanted(folder)) == facts


def test_a_part_of_the_text_is_enough(folder: Path, tmp_path: Path) -> None:
    facts = prepare.prepare(tmp_path / "data", wanted(folder, max_mb=0.002, validation_kb=1))
    assert 2000 <= facts["train_bytes"] <= 2000 + len(story(9))
    assert 1000 < facts["validation_bytes"] <= 1024
    assert [s["documents"] > 0 for s in facts["sources"]] == [True, False]


def test_of_a_single_file_a_hash_holds_out(tmp_path: Path) -> None:
    every = [f"{n} sparrows counted {n * n} rivers" for n in range(100)]  # too short to be known as a passage
    parquet(tmp_path / "shards" / "all.parquet", every)
    facts = prepare.prepare(tmp_path / "data", wanted(tmp_path / "shards"))
    train, held = texts(tmp_path / "data", "train"), texts(tmp_path / "data", "validation")
    assert sorted(train + held) == sorted(every) and set(train).isdisjoint(held)
    assert 0 < len(held) < 20 and facts["kept_fraction"] < 1


def test_another_column_and_words_for_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shards, data = tmp_path / "shards", tmp_path / "data"
    for name in ("a.parquet", "b.parquet"):
        parquet(shards / name, [story(n) for n in range(9)], column="content")

    def said(*more: str) -> str:
        assert cli.main(["prepare", "--corpus", str(shards), "--data", str(data), "--vocab", "300", *more]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    assert "no column text; choose one with --column: content" in said()
    assert "has 1 to 6542 training shards" in said("--corpus", "climbmix", "--shards", "0")
    assert "want one of stdlib, climbmix, fineweb-edu, or a folder" in said("--corpus", "nothing")
    (shards / "b.parquet").write_bytes(b"PAR1 half a file")
    assert "b.parquet: not a whole parquet file" in said("--column", "content")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert "pip install 'research-org[data]'" in said()
    assert not (data / "data.json").exists()


def test_a_named_corpus_is_downloaded_prepared_and_kept(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    names = corpora.named()["climbmix"].names(2)
    files = {name: path.read_bytes() for name, path in zip(names, sorted(folder.glob("*")), strict=True)}
    arguments = ["prepare", "--corpus", "climbmix", "--shards", "2", "--vocab", "300", "--data", str(tmp_path / "data")]
    with serve(files) as shards:
        monkeypatch.setenv("TRAINER_MIRROR", shards.url)
        assert cli.main(arguments) == 0
    assert "kept" in capsys.readouterr().out
    facts = json.loads((tmp_path / "data" / "data.json").read_text())
    assert [source["name"] for source in facts["sources"]] == names[:2]
    assert cli.main(arguments) == 0, "nobody is asked again"
    (tmp_path / "data" / "train_tokens.npy").unlink()
    assert cli.main(arguments) == 0, "the shards are still there"
    assert json.loads((tmp_path / "data" / "data.json").read_text()) == facts


def test_shards_of_another_corpus_are_not_taken_for_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both number theirs alike; a first download that broke off leaves some behind."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    data, files = tmp_path / "data", {}
    for name in ("climbmix", "fineweb-edu"):
        shards = corpora.named()[name].names(1)
        files[name] = {
            shard: parquet(tmp_path / name / shard, [f"{name} {n}", story(n)]).read_bytes() for n, shard in enumerate(shards)
        }
    del files["climbmix"][corpora.named()["climbmix"].names(1)[-1]]
    for name in files:
        with serve(files[name]) as served, contextlib.suppress(TrainerError):
            prepare.prepare(data, prepare.Wanted(name, vocab=300, shards=1, mirror=served.url))
    assert (texts(data, "train")[0], texts(data, "validation")[0]) == ("fineweb-edu 0", "fineweb-edu 1")


def test_two_do_not_prepare_one_folder(folder: Path, tmp_path: Path) -> None:
    from trainer.measure.streamed import alone

    (tmp_path / "data").mkdir()
    with alone(tmp_path / "data"), pytest.raises(UsageError, match="another process prepares it"):
        prepare.prepare(tmp_path / "data", wanted(folder))


@pytest.mark.parametrize("parts", [[], [3], [3, 0, 70_000]])
def test_a_growing_array_has_the_bytes_of_a_saved_one(tmp_path: Path, parts: list[int]) -> None:
    grown = npy.Growing(tmp_path / "grown.npy", numpy.uint16)
    for size in parts:
        grown.append(numpy.arange(size, dtype=numpy.uint16))
    grown.close()
    whole = numpy.concatenate([numpy.empty(0, numpy.uint16), *(numpy.arange(n, dtype=numpy.uint16) for n in parts)])
    assert (tmp_path / "grown.npy").read_bytes() == npy.content(whole)
