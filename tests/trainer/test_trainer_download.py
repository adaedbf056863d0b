"""Shards come over a bad network whole, once, and with the right digest, or the error says the way out."""

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from shard_server import Deed, Shards, serve

from trainer.measure import corpora, raw
from trainer.measure.download import FAILURES, Download
from trainer.measure.errors import TrainerError, UsageError

SHARD = bytes(range(256)) * 40
DIGEST = hashlib.sha256(SHARD).hexdigest()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that a download wanted to wait."""
    return []


def fetched(shards: Shards, folder: Path, pauses: list[float]) -> str:
    return Download(f"{shards.url}/a.parquet", folder / "a.parquet").fetch(threading.Event(), pauses.append)


@pytest.mark.parametrize(
    ("deeds", "ranges"),
    [
        ([], [""]),
        ([503, 429], ["", "", ""]),
        (["cut 1000", "cut 500"], ["", "bytes=1000-", "bytes=1500-"]),
        (["cut 1000", "no range"], ["", "bytes=1000-"]),
        (["cut 1000", 416], ["", "bytes=1000-", ""]),
        (["wrong digest"], ["", ""]),
        (["cut 0", 500], ["", "", ""]),
        ([503] * 4 + ["cut 1000"] + [503] * 4, [""] * 5 + ["bytes=1000-"] * 5),  # only failures in a row end it
    ],
)
def test_a_shard_survives_a_bad_network(tmp_path: Path, pauses: list[float], deeds: list[Deed], ranges: list[str]) -> None:
    with serve({"a.parquet": SHARD}, *deeds) as shards:
        assert fetched(shards, tmp_path, pauses) == DIGEST
    assert [wanted for _, wanted in shards.asked] == ranges
    assert len(pauses) == len(ranges) - 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
    assert (tmp_path / "a.parquet").read_bytes() == SHARD


def test_another_process_goes_on_and_never_joins_two_versions(tmp_path: Path, pauses: list[float]) -> None:
    with serve({"a.parquet": SHARD}, "cut 3000", *[503] * FAILURES) as shards:
        with pytest.raises(TrainerError, match="HTTP 503"):
            fetched(shards, tmp_path, pauses)
        assert not (tmp_path / "a.parquet").exists()
        shards.deeds.clear()
        assert fetched(shards, tmp_path, pauses) == DIGEST
        assert shards.asked[-1] == ("a.parquet", "bytes=3000-")
        (tmp_path / "a.parquet").unlink()
        shards.deeds[:] = ["cut 3000", *[503] * FAILURES]
        with pytest.raises(TrainerError, match="HTTP 503"):
            fetched(shards, tmp_path, pauses)
        shards.files["a.parquet"] = SHARD[::-1]
        assert fetched(shards, tmp_path, pauses) == hashlib.sha256(SHARD[::-1]).hexdigest()


@pytest.mark.parametrize(
    ("deeds", "reason", "tries"),
    [
        ([503] * 99, "HTTP 503", FAILURES),
        (["cut 0"] * 99, "0 of 10,240 bytes came", FAILURES),
        (["wrong digest"] * 99, f"its SHA-256 is {DIGEST}, not 000", FAILURES),
        ([403], "HTTP 403", 1),
    ],
)
def test_patience_ends_with_one_line(tmp_path: Path, pauses: list[float], deeds: list[Deed], reason: str, tries: int) -> None:
    with serve({"a.parquet": SHARD}, *deeds) as shards, pytest.raises(TrainerError) as error:
        fetched(shards, tmp_path, pauses)
    assert reason in str(error.value) and "--mirror URL" in str(error.value) and "\n" not in str(error.value)
    assert len(shards.asked) == tries
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0][: tries - 1]
    assert not (tmp_path / "a.parquet").exists()


def test_nobody_listens(tmp_path: Path, pauses: list[float]) -> None:
    with serve({}) as shards:
        pass
    with pytest.raises(TrainerError, match=r"ConnectionRefusedError|refused"):
        fetched(shards, tmp_path, pauses)


@pytest.fixture
def small() -> corpora.Corpus:
    return corpora.Corpus("small", "http://nowhere.invalid", "s{index}.parquet", 9, 2, "text", {})


@pytest.fixture
def shards(small: corpora.Corpus) -> Iterator[Shards]:
    with serve({name: SHARD + name.encode() for name in small.names(9)}) as found:
        yield found


def test_all_shards_come_once_and_what_is_damaged_comes_again(tmp_path: Path, small: corpora.Corpus, shards: Shards) -> None:
    names = small.names(3)
    assert names == ["s0.parquet", "s1.parquet", "s2.parquet", "s9.parquet"]
    found = raw.complete(small, names, tmp_path, shards.url)
    assert found == {name: hashlib.sha256(shards.files[name]).hexdigest() for name in names}
    assert json.loads((tmp_path / raw.MANIFEST).read_text())["sha256"] == found
    shards.asked.clear()
    (tmp_path / "s1.parquet").write_bytes(b"damaged")
    (tmp_path / "s2.parquet").unlink()
    assert raw.complete(small, names, tmp_path, shards.url + "/") == found
    assert sorted(name for name, _ in shards.asked) == ["s1.parquet", "s2.parquet"]


def test_a_shard_that_a_person_brought_is_taken_as_it_is(tmp_path: Path, small: corpora.Corpus, shards: Shards) -> None:
    (tmp_path / "s0.parquet").write_bytes(b"mine")
    assert raw.complete(small, ["s0.parquet"], tmp_path, shards.url) == {"s0.parquet": hashlib.sha256(b"mine").hexdigest()}
    assert shards.asked == []


def test_progress_tells_what_came_and_what_is_wrong(tmp_path: Path, pauses: list[float]) -> None:
    with serve({"a.parquet": SHARD}, "cut 1000", *[503] * FAILURES) as shards:
        download = Download(f"{shards.url}/a.parquet", tmp_path / "a.parquet")
        with pytest.raises(TrainerError):
            download.fetch(threading.Event(), pauses.append)
    told = raw.progress([download], done=0, seconds=0.001)
    assert told.startswith(
        "raw: 0 of 1 shards, 0 MB came, 0 MB under way, 1.0 MB/s; a.parquet: HTTP 503 Service Unavailable, again"
    )


def test_one_shard_that_cannot_come_ends_the_others(tmp_path: Path, small: corpora.Corpus, shards: Shards) -> None:
    del shards.files["s3.parquet"]
    with pytest.raises(TrainerError, match=r"s3\.parquet: HTTP 404"):
        raw.complete(small, small.names(5), tmp_path, shards.url)
    whole = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.glob("s*.parquet")}
    assert all(digest == hashlib.sha256(shards.files[name]).hexdigest() for name, digest in whole.items())


def test_the_shipped_corpora_hold_out_their_last_shard() -> None:
    known = corpora.named()
    assert known["climbmix"].names(2) == ["shard_00000.parquet", "shard_00001.parquet", "shard_06542.parquet"]
    assert known["fineweb-edu"].names(1) == ["shard_00000.parquet", "shard_01822.parquet"]
    for corpus in known.values():
        assert corpus.url.startswith("https://") and not corpus.url.endswith("/")
        with pytest.raises(UsageError, match=f"{corpus.name} has 1 to {corpus.last} training shards"):
            corpus.names(corpus.last + 1)
