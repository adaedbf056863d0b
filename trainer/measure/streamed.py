"""A data folder from parquet shards that no memory holds: documents come and go, their tokens grow on the disk."""

import fcntl
import os
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from trainer.measure import corpora, digests, files, npy, parquet, raw, tokenizer
from trainer.measure.corpora import Shards
from trainer.measure.errors import UsageError
from trainer.measure.held_out import HeldOut
from trainer.measure.wanted import Wanted

Encoded = tuple[numpy.ndarray, numpy.ndarray]  # tokens end to end, and of each document how many


def build(data: Path, request: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Download what is missing, learn the tokenizer, write the tokens, and data.json last. Raises TrainerError."""
    data.mkdir(parents=True, exist_ok=True)
    with alone(data):
        shards, sha256 = _shards(data, request, wanted)
        held = HeldOut.of(shards, request["validation_kb"] * 1024)
        training = Training(shards, held, None if request["max_mb"] is None else int(request["max_mb"] * 1e6))
        learned = tokenizer.learn(_first(training, int(request["learned_mb"] * 1e6)), request["vocab"])
        files.write(data / "tokenizer.json", learned)
        files.write(data / "token_bytes.npy", npy.content(tokenizer.byte_counts(learned)))
        encoding = tokenizer.load(learned)
        scored = tokenizer.encode(encoding, held.spans)
        for name, array in zip(("tokens", "lengths"), scored, strict=True):
            files.write(data / f"validation_{name}.npy", npy.content(array))
        sources = _write(data, training, encoding, wanted.workers or _cores())
        facts = _facts(request, shards, sha256, training, sources, held)
        facts |= {"tokenizer_digest": digests.of_bytes(learned), "vocab": tokenizer.size(learned)}
        facts |= {"validation_tokens": len(scored[0]), "files": {name: digests.of_file(data / name) for name in FILES}}
        files.write_json(data / "data.json", facts)
    return facts


FILES = (
    "tokenizer.json", "token_bytes.npy", "train_tokens.npy", "train_lengths.npy", "validation_tokens.npy",
    "validation_lengths.npy",
)  # fmt: skip


@dataclass(slots=True)
class Training:
    """The training texts of the shards, some hundred at a time, and what was counted on the way: bytes read and kept, in
    UTF-8, and passages taken out because validation has them."""

    shards: Shards
    held: HeldOut
    max_bytes: int | None
    read: int = 0
    kept: int = 0
    removed_passages: int = 0

    def texts(self) -> Iterator[tuple[int, list[str]]]:
        """(number of the shard, texts), from the beginning; the counts are those of this pass."""
        self.read = self.kept = self.removed_passages = 0
        for number, path in enumerate(self.shards.train):
            for batch in parquet.texts(path, self.shards.column):
                yield number, list(self._cleaned(batch))
                if self._is_enough:
                    return

    @property
    def _is_enough(self) -> bool:
        return self.max_bytes is not None and self.kept >= self.max_bytes

    def _cleaned(self, batch: list[str]) -> Iterator[str]:
        for text in batch:
            if self._is_enough:
                return
            cleaned, removed = self.held.without(text)
            self.read += len(text.encode())
            self.removed_passages += removed
            if cleaned:
                self.kept += len(cleaned.encode())
                yield cleaned


@dataclass(slots=True)
class Source:
    """What one shard gave."""

    name: str
    documents: int = 0
    tokens: int = 0


def _write(data: Path, training: Training, encoding: Any, workers: int) -> list[Source]:
    """Tokens and lengths of all documents, beside their names and then renamed."""
    sources = [Source(path.name) for path in training.shards.train]
    beside = {name: data / f".train_{name}.npy.part" for name in ("tokens", "lengths")}
    grown = {"tokens": npy.Growing(beside["tokens"], numpy.uint16), "lengths": npy.Growing(beside["lengths"], numpy.int64)}
    said = 0
    for number, (tokens, lengths) in _encoded(training, encoding, workers):
        if number > said:
            said = number
            print(f"tokens: {number} of {len(sources)} shards, {grown['tokens'].count:,} tokens", file=sys.stderr, flush=True)
        grown["tokens"].append(tokens)
        grown["lengths"].append(lengths)
        sources[number].documents += len(lengths)
        sources[number].tokens += len(tokens)
    for name, array in grown.items():
        array.close()
        beside[name].replace(data / f"train_{name}.npy")
    if not grown["tokens"].count:
        raise UsageError(f"{training.shards.train[0].parent}: no training text in {len(sources)} parquet files")
    return sources


def _encoded(training: Training, encoding: Any, workers: int) -> Iterator[tuple[int, Encoded]]:
    """Batches in their order, encoded by several threads that are never far ahead."""
    pending: deque[tuple[int, Future[Encoded]]] = deque()
    with ThreadPoolExecutor(workers, "encode") as pool:
        for number, texts in training.texts():
            pending.append((number, pool.submit(tokenizer.encode, encoding, texts)))
            if len(pending) > 2 * workers:
                number, first = pending.popleft()
                yield number, first.result()
        for number, one in pending:
            yield number, one.result()


def _first(training: Training, limit: int) -> Iterator[str]:
    """Texts for the tokenizer, until there are `limit` bytes of them."""
    for _, texts in training.texts():
        yield from texts
        if training.kept >= limit:
            return


def _shards(data: Path, request: dict[str, Any], wanted: Wanted) -> tuple[Shards, dict[str, str]]:
    """The files on this machine, downloaded where they have to be, and their digests by name."""
    named = corpora.named().get(wanted.corpus)
    if named is None:
        shards = corpora.of_folder(Path(wanted.corpus), request["column"])
        return shards, {path.name: digests.of_file(path) for path in shards.every}
    names = named.names(request["shards"])
    folder, url = data / "raw" / named.name, wanted.mirror or os.environ.get("TRAINER_MIRROR") or named.url
    sha256 = raw.complete(named, names, folder, url)
    paths = [folder / name for name in names]
    return Shards(paths[:-1], paths[-1], request["column"]), sha256


def _facts(
    request: dict[str, Any], shards: Shards, sha256: dict[str, str], training: Training, sources: list[Source], held: HeldOut
) -> dict[str, Any]:
    """data.json but for what the tokenizer decides."""
    text = [f"{path.name} {sha256[path.name]}" for path in shards.every]
    choice = {name: request[name] for name in ("column", "max_mb", "validation_kb")}
    used = [
        _file(path, sha256) | {"documents": s.documents, "tokens": s.tokens}
        for path, s in zip(shards.train, sources, strict=True)
    ]
    return {
        "schema": 1,
        "request": request,
        "corpus_digest": digests.of_parts(part.encode() for part in (*text, repr(choice))),
        "validation_digest": digests.of_parts(text.encode() for text in held.spans),
        "validation_bytes": sum(len(text.encode()) for text in held.spans),
        "validation_context": request["context"],
        "validation_source": None if shards.held_out is None else _file(shards.held_out, sha256),
        "train_bytes": training.kept,
        "train_tokens": sum(source.tokens for source in sources),
        "kept_fraction": training.kept / max(training.read, 1),
        "removed_passages": training.removed_passages,
        "sources": used,
    }


def _file(path: Path, sha256: dict[str, str]) -> dict[str, Any]:
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256[path.name]}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """No other process prepares this folder meanwhile. Raises UsageError at once where one does."""
    folder = os.open(data, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UsageError(f"--data {data}: another process prepares it; wait for it, or choose another folder") from None
    finally:
        os.close(folder)
