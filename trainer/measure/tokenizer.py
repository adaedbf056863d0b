"""The tokenizer: byte-pair merges learned by rustbpe, applied by tiktoken, with one special token that opens a document."""

import base64
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy

from trainer.measure import digests

if TYPE_CHECKING:
    import tiktoken

# A line break takes the indentation after it, a word the space before it, digits go in pairs.
PATTERN = r"\n+[ \t]*| ?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s"
BOS = "<|bos|>"


def learn(texts: Iterable[str], vocab_size: int, pattern: str = PATTERN) -> bytes:
    """Learn merges from texts; returns tokenizer.json's bytes, the same for the same texts. The last id is BOS.

    pattern: what it matches is a piece, and no merge reaches beyond one."""
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(iter(texts), vocab_size - 1, pattern=pattern)
    ranks = sorted(tokenizer.get_mergeable_ranks(), key=lambda pair: pair[1])
    tokens = [base64.b64encode(bytes(token)).decode() for token, _ in ranks]
    return json.dumps({"schema": 1, "pattern": pattern, "bos": len(tokens), "tokens": tokens}).encode()


def load(data: bytes) -> "tiktoken.Encoding":
    """The encoding that tokenizer.json's bytes describe."""
    import tiktoken

    stored = json.loads(data)
    ranks = {base64.b64decode(token): rank for rank, token in enumerate(stored["tokens"])}
    return tiktoken.Encoding(
        name=f"trainer-{digests.of_bytes(data)[:12]}",
        pat_str=stored["pattern"],
        mergeable_ranks=ranks,
        special_tokens={BOS: stored["bos"]},
    )


def encode(encoding: "tiktoken.Encoding", texts: Iterable[str]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Tokens of the documents end to end, (N,) uint16, and each document's number of tokens, (D,) int64.

    tiktoken encodes without Python's lock, so that threads do it side by side."""
    documents = [encoding.encode_to_numpy(text, disallowed_special=()).astype(numpy.uint16) for text in texts]
    counts = numpy.array([len(document) for document in documents], dtype=numpy.int64)
    return numpy.concatenate([numpy.empty(0, numpy.uint16), *documents]), counts


def size(data: bytes) -> int:
    """Number of token ids, BOS included."""
    return len(json.loads(data)["tokens"]) + 1


def token_table(data: bytes) -> list[bytes]:
    """What each token stands for, by id; BOS, which stands for nothing, included."""
    return [*(base64.b64decode(token) for token in json.loads(data)["tokens"]), b""]


def decoded(data: bytes, tokens: numpy.ndarray, lengths: numpy.ndarray) -> str:
    """The digest of the documents that these tokens stand for, as a data folder's validation_digest is one."""
    table, ends = token_table(data), numpy.cumsum(lengths).tolist()
    parts = (tokens[end - length : end].tolist() for end, length in zip(ends, lengths.tolist(), strict=True))
    return digests.of_parts(b"".join(map(table.__getitem__, part)) for part in parts)


def byte_counts(data: bytes) -> numpy.ndarray:
    """Bytes that each token stands for, by id, int32; 0 for BOS. Exact also where a token is no valid UTF-8."""
    return numpy.array([len(token) for token in token_table(data)], dtype=numpy.int32)
