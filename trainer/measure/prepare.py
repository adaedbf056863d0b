"""Build a data folder: tokens of the corpus, the tokenizer, and data.json, which is written last and names them all."""

import io
import json
import platform
from pathlib import Path
from typing import Any

import numpy

from trainer.measure import corpus, digests, files, tokenizer
from trainer.measure.data import CONTEXT
from trainer.measure.errors import UsageError

VALIDATION_BYTES = 256 * 1024
DOCUMENT_BYTES = 16 * 1024  # no file fills the validation span alone
CORPORA = ("stdlib",)


def prepare(
    data: Path, *, corpus_name: str = "stdlib", vocab: int = 2048, max_mb: float | None = None, context: int = CONTEXT
) -> dict[str, Any]:
    """Make `data` ready for training and return its facts. Again with the same request: nothing is written.

    context: tokens a row when a model is scored. Refuses (UsageError) a folder that holds another corpus, vocabulary or
    context: runs recorded against it would lose theirs.
    """
    if corpus_name not in CORPORA:
        raise UsageError(f"--corpus {corpus_name}: want one of {', '.join(CORPORA)}")
    if not 300 <= vocab <= 65536:
        raise UsageError(f"--vocab {vocab}: want 300 to 65536 (256 bytes, one document mark, and merges)")
    if context < 2:
        raise UsageError(f"--context {context}: want at least 2 tokens")
    request = {"corpus": corpus_name, "vocab": vocab, "max_mb": max_mb, "python": platform.python_version(), "context": context}
    if (known := _known(data)) is not None:
        if {"context": CONTEXT} | known["request"] != request:
            raise UsageError(f"--data {data} already holds {known['request']}; choose another folder for {request}")
        return known
    return _build(data, request)


def validation_span(documents: list[corpus.Document]) -> list[str]:
    """The texts that are scored: the opening of each file, in hash order, VALIDATION_BYTES together (or all there is)."""
    texts, left = [], VALIDATION_BYTES
    for document in documents:
        text = document.text.encode()[: min(DOCUMENT_BYTES, left)].decode(errors="ignore")
        if text:
            texts.append(text)
            left -= len(text.encode())
    return texts


def _known(data: Path) -> dict[str, Any] | None:
    """data.json of a complete folder; None where something is missing or damaged, and is built again."""
    try:
        facts: dict[str, Any] = json.loads((data / "data.json").read_bytes())
        whole = all(digests.of_file(data / name) == digest for name, digest in facts["files"].items())
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return facts if whole else None


def _build(data: Path, request: dict[str, Any]) -> dict[str, Any]:
    max_bytes = None if request["max_mb"] is None else int(request["max_mb"] * 1e6)
    split = corpus.standard_library(max_bytes)
    train = [document.text for document in split.train]
    validation = validation_span(split.validation)
    learned = tokenizer.learn(train, request["vocab"])
    contents = {"tokenizer.json": learned, "token_bytes.npy": _npy(tokenizer.byte_counts(learned))}
    for side, texts in (("train", train), ("validation", validation)):
        contents[f"{side}_tokens.npy"], contents[f"{side}_lengths.npy"] = _encoded(learned, texts)
    facts = {
        "schema": 1,
        "request": request,
        "corpus_digest": digests.of_parts(
            f"{d.name}\n{d.text}".encode() for side in (split.train, split.validation) for d in side
        ),
        "tokenizer_digest": digests.of_bytes(learned),
        "validation_digest": digests.of_parts(text.encode() for text in validation),
        "validation_bytes": sum(len(text.encode()) for text in validation),
        "validation_context": request["context"],
        "validation_overlap": corpus.overlap(split),
        "vocab": len(json.loads(learned)["tokens"]) + 1,
        "train_bytes": sum(len(text.encode()) for text in train),
        "train_tokens": sum(_counts(contents["train_lengths.npy"])),
        "validation_tokens": sum(_counts(contents["validation_lengths.npy"])),
        "files": {name: digests.of_bytes(content) for name, content in contents.items()},
    }
    data.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        files.write(data / name, content)
    files.write_json(data / "data.json", facts)
    return facts


def _encoded(learned: bytes, texts: list[str]) -> tuple[bytes, bytes]:
    """All documents' tokens end to end, and each document's number of tokens, as .npy bytes."""
    encoding = tokenizer.load(learned)
    documents = [encoding.encode_ordinary(text) for text in texts]
    tokens = numpy.concatenate([numpy.array(document, dtype=numpy.uint16) for document in documents])
    return _npy(tokens), _npy(numpy.array([len(document) for document in documents], dtype=numpy.int64))


def _npy(array: numpy.ndarray) -> bytes:
    buffer = io.BytesIO()
    numpy.save(buffer, array)
    return buffer.getvalue()


def _counts(npy: bytes) -> list[int]:
    return [int(count) for count in numpy.load(io.BytesIO(npy))]
