"""Build a data folder: tokens of the corpus, the tokenizer, and data.json, which is written last and names them all."""

import json
import platform
from pathlib import Path
from typing import Any

from trainer.measure import corpora, corpus, digests, files, npy, tokenizer, validation
from trainer.measure.data import CONTEXT
from trainer.measure.errors import UsageError
from trainer.measure.wanted import STDLIB, Wanted

LEARNED_MB = 2000.0


def prepare(data: Path, wanted: Wanted) -> dict[str, Any]:
    """Make `data` ready for training and return its facts. Again with the same request: nothing is written.

    Refuses (UsageError) a folder that holds another corpus, vocabulary or context: runs recorded against it would lose theirs.
    """
    request = _request(wanted)
    if (known := _known(data)) is not None:
        if {"context": CONTEXT} | known["request"] != request:
            raise UsageError(f"--data {data} already holds {known['request']}; choose another folder for {request}")
        if "sources" in known and (changed := corpora.changed(Path(wanted.corpus), known)):
            names = ", ".join(dict.fromkeys(changed))
            raise UsageError(f"--corpus {wanted.corpus}: {names} changed since {data} was made of it; choose another --data")
        return known
    if wanted.corpus == STDLIB:
        return _of_stdlib(data, request)
    from trainer.measure import streamed

    return streamed.build(data, request, wanted)


def _request(wanted: Wanted) -> dict[str, Any]:
    """What has to be asked again for the folder to be the same. Raises UsageError."""
    if not 300 <= wanted.vocab <= 65536:
        raise UsageError(f"--vocab {wanted.vocab}: want 300 to 65536 (256 bytes, one document mark, and merges)")
    if wanted.context < 2:
        raise UsageError(f"--context {wanted.context}: want at least 2 tokens")
    request = {"corpus": wanted.corpus, "vocab": wanted.vocab, "max_mb": wanted.max_mb}
    if wanted.corpus == STDLIB:
        return request | {"python": platform.python_version(), "context": wanted.context}
    named = corpora.named().get(wanted.corpus)
    if named is None:
        request["corpus"] = str(Path(wanted.corpus).absolute())
    else:
        request["shards"] = len(named.names(named.shards if wanted.shards is None else wanted.shards)) - 1
    request |= {"column": wanted.column or (named.column if named else "text"), "context": wanted.context}
    kb = validation.SPAN_BYTES // 1024 if wanted.validation_kb is None else wanted.validation_kb
    return request | {"validation_kb": kb, "learned_mb": wanted.learned_mb or LEARNED_MB}


def _known(data: Path) -> dict[str, Any] | None:
    """data.json of a complete folder; None where something is missing or damaged, and is built again."""
    try:
        facts: dict[str, Any] = json.loads((data / "data.json").read_bytes())
        whole = all(digests.of_file(data / name) == digest for name, digest in facts["files"].items())
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return facts if whole else None


def _of_stdlib(data: Path, request: dict[str, Any]) -> dict[str, Any]:
    max_bytes = None if request["max_mb"] is None else int(request["max_mb"] * 1e6)
    split = corpus.standard_library(max_bytes)
    train = [document.text for document in split.train]
    scored = list(validation.span(document.text for document in split.validation))
    learned = tokenizer.learn(train, request["vocab"])
    encoding, counts = tokenizer.load(learned), {}
    contents = {"tokenizer.json": learned, "token_bytes.npy": npy.content(tokenizer.byte_counts(learned))}
    for side, texts in (("train", train), ("validation", scored)):
        tokens, lengths = tokenizer.encode(encoding, texts)
        contents[f"{side}_tokens.npy"], contents[f"{side}_lengths.npy"] = npy.content(tokens), npy.content(lengths)
        counts[side] = len(tokens)
    facts = {
        "schema": 1,
        "request": request,
        "corpus_digest": digests.of_parts(
            f"{d.name}\n{d.text}".encode() for side in (split.train, split.validation) for d in side
        ),
        "tokenizer_digest": digests.of_bytes(learned),
        "validation_digest": digests.of_parts(text.encode() for text in scored),
        "validation_bytes": sum(len(text.encode()) for text in scored),
        "validation_context": request["context"],
        "vocab": tokenizer.size(learned),
        "train_bytes": sum(len(text.encode()) for text in train),
        "train_tokens": counts["train"],
        "validation_tokens": counts["validation"],
        "files": {name: digests.of_bytes(content) for name, content in contents.items()},
    }
    data.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        files.write(data / name, content)
    files.write_json(data / "data.json", facts)
    return facts
