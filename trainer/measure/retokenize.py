"""The process that makes a data folder's text into other tokens: learns merges from the training text, tokenizes all of it and
the scored span, and proves that nothing was lost or added.

The folder keeps no text and needs none: its tokens stand for every byte of it. This runs beside the run that asked for it, which
may not open what it is scored on; it imports nothing that is edited, and a pattern that takes too long dies with it.

    python -m trainer.measure.retokenize '{"data": …, "out": …, "asked": {…}, "threads": …, "cpu_seconds": …}'

One JSON line on standard output: {"error": null}, or why there are no such tokens.
"""

import json
import resource
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy

from trainer.measure import custody, declared, digests, files, npy, tokenizer
from trainer.measure import data as datas

DOCUMENTS = 512  # at once
FACTS = "tokens.json"
Encoded = tuple[numpy.ndarray, numpy.ndarray]  # tokens end to end, and of each document how many


class Unfit(Exception):
    """The declared tokenizer does not do; the words say why."""


def retokenize(data: datas.Data, out: Path, asked: dict[str, Any], threads: int = 1) -> dict[str, Any]:
    """Write tokens of `data` into the folder `out`, tokens.json last; returns that. Raises Unfit."""
    if edited := data.edited(data.facts["files"]):
        raise Unfit(f"{data.folder}: {', '.join(edited)} is not what was prepared; prepare it again")
    learned = _learned(data, asked)
    encoder = Encoder(learned, asked["pattern"])
    written = {"tokenizer.json": learned, "token_bytes.npy": npy.content(tokenizer.byte_counts(learned))}
    scored = encoder.encode(list(texts(data, "validation")))
    if tokenizer.decoded(learned, *scored) != data.facts["validation_digest"]:
        raise Unfit("its tokens of the scored text are not that text")
    written |= {f"validation_{name}.npy": npy.content(array) for name, array in zip(("tokens", "lengths"), scored, strict=True)}
    for name, content in written.items():
        files.write(out / name, content)
    count = _write_training(data, out, encoder, threads)
    names = [*written, *datas.TRAINED_ON]
    facts = {"schema": 1, "asked": asked, "vocab": tokenizer.size(learned), "train_tokens": count}
    facts |= {"validation_tokens": len(scored[0]), "files": {name: digests.of_file(out / name) for name in names}}
    facts |= {"bytes": {name: (out / name).stat().st_size for name in names}}
    files.write_json(out / FACTS, facts)
    return facts


def texts(data: datas.Data, side: str) -> Iterator[str]:
    """The documents of a side in their order."""
    tokens, lengths = data.documents(side)
    encoding, end = tokenizer.load(data.tokenizer()), 0
    for length in lengths.tolist():
        yield encoding.decode_bytes(tokens[end : end + length].tolist()).decode()
        end += length


class Encoder:
    """Encodes texts and checks that no byte of them is left out."""

    def __init__(self, learned: bytes, pattern: str) -> None:
        self._pattern, self._encoding = pattern, tokenizer.load(learned)
        self._bytes = tokenizer.byte_counts(learned)

    def encode(self, given: list[str]) -> Encoded:
        """Raises Unfit with the first text that the pattern does not match wholly."""
        try:
            tokens, lengths = tokenizer.encode(self._encoding, given)
        except BaseException as error:
            if not _of_an_engine(error):
                raise
            raise Unfit(f"pattern {self._pattern!r:.200}: it cannot be applied ({_first_line(error)})") from None
        ends = numpy.cumsum(lengths)
        for text, end, length in zip(given, ends.tolist(), lengths.tolist(), strict=True):
            if self._bytes[tokens[end - length : end]].sum() != len(text.encode()):
                raise Unfit(f"pattern {self._pattern!r:.200}: it leaves out some of the text; end it with |\\s|\\S")
        return tokens, lengths


def _learned(data: datas.Data, asked: dict[str, Any]) -> bytes:
    """tokenizer.json's bytes."""
    limit = None if asked["learned_mb"] is None else int(asked["learned_mb"] * 1e6)
    try:
        learned = tokenizer.learn(_first(texts(data, "train"), limit), asked["vocab"], asked["pattern"])
    except BaseException as error:
        if not _of_an_engine(error):
            raise
        raise Unfit(f"pattern {asked['pattern']!r:.200}: nothing can be learned with it ({_first_line(error)})") from None
    if tokenizer.size(learned) > declared.HIGHEST:
        raise Unfit(f"vocab: {tokenizer.size(learned)} token ids; two bytes number {declared.HIGHEST}")
    return learned


def _first(given: Iterator[str], limit: int | None) -> Iterator[str]:
    taken = 0
    for text in given:
        yield text
        taken += len(text.encode())
        if limit is not None and taken >= limit:
            return


def _write_training(data: datas.Data, out: Path, encoder: Encoder, threads: int) -> int:
    """The training side, with `threads` documents' batches at once; returns the number of tokens."""
    tokens = npy.Growing(out / "train_tokens.npy", numpy.uint16)
    lengths = npy.Growing(out / "train_lengths.npy", numpy.int64)
    for found in _encoded(texts(data, "train"), encoder, threads):
        tokens.append(found[0])
        lengths.append(found[1])
    tokens.close()
    lengths.close()
    return tokens.count


def _encoded(given: Iterator[str], encoder: Encoder, threads: int) -> Iterator[Encoded]:
    pending: deque[Future[Encoded]] = deque()
    with ThreadPoolExecutor(threads, "encode") as pool:
        while batch := list(islice(given, DOCUMENTS)):
            pending.append(pool.submit(encoder.encode, batch))
            if len(pending) > 2 * threads:
                yield pending.popleft().result()
        for one in pending:
            yield one.result()


def _of_an_engine(error: BaseException) -> bool:
    """Whether it is how an engine says that a pattern does not do: it panics, which is no Exception, or raises ValueError
    itself. What else ends it (no memory, a signal) is no pattern's doing."""
    return type(error) is ValueError or type(error).__name__ == "PanicException"


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def main(argument: str) -> None:
    """Parse what own_tokens.py passed on."""
    told = json.loads(argument)
    seconds = int(told["cpu_seconds"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # that signal would leave one
    data = datas.open_folder(Path(told["data"]))
    try:
        retokenize(data, Path(told["out"]), told["asked"], told["threads"])
        if found := custody.in_the_way():
            raise Unfit("; ".join(found))
    except Unfit as error:
        print(json.dumps({"error": str(error)}))
    else:
        print(json.dumps({"error": None}))


if __name__ == "__main__":
    main(sys.argv[1])
