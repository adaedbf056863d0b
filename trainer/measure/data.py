"""A prepared data folder as values: its facts, its tokens, its tokenizer."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Self

import numpy

from trainer.measure import digests
from trainer.measure.errors import UsageError

CONTEXT = 128  # tokens that a prediction may look back on when it is scored, unless the folder was prepared with others
IDENTITY = ("corpus_digest", "tokenizer_digest", "validation_digest", "validation_bytes", "validation_context")
TRAINED_ON = ("train_tokens.npy", "train_lengths.npy")


@dataclass(frozen=True, slots=True)
class Own:
    """The same text in the tokens that a snapshot declares for itself. facts: tokens.json of `folder`. lease: while it is open
    nobody removes the folder."""

    folder: Path
    facts: dict[str, Any]
    lease: IO[bytes] | None = None

    @property
    def digest(self) -> str:
        """Of all of its files."""
        return _digest(self.facts["files"])


@dataclass(frozen=True, slots=True)
class Data:
    """`facts` is data.json. Arrays are read when asked for. own: tokens in place of the folder's; the task stays the same."""

    folder: Path
    facts: dict[str, Any]
    own: Own | None = None

    @property
    def task(self) -> Self:
        """The folder with its own tokens."""
        return replace(self, own=None)

    @property
    def tokens(self) -> Path:
        """The folder that the tokens lie in."""
        return self.folder if self.own is None else self.own.folder

    @property
    def vocab(self) -> int:
        """Number of token ids, BOS included."""
        return int((self.own or self).facts["vocab"])

    @property
    def train_tokens(self) -> int:
        """Tokens of the training corpus."""
        return int((self.own or self).facts["train_tokens"])

    @property
    def worth(self) -> float:
        """How many of the task's tokens stand for the text of one of these. What is told outside counts the task's, so that
        equal counts are equal text."""
        return 1.0 if self.own is None else self.facts["train_tokens"] / self.own.facts["train_tokens"]

    @property
    def bos(self) -> int:
        """The id that opens every chunk; the last one."""
        return self.vocab - 1

    @property
    def context(self) -> int:
        """Tokens a row when a model is scored: the task's, whatever row length the recipe trains with. A longer one would
        be a gain that costs no FLOP and no token of training."""
        return int(self.facts["validation_context"])

    @property
    def identity(self) -> dict[str, Any]:
        """What has to be equal for two scores to be comparable."""
        return {key: self.facts[key] for key in IDENTITY} | {"data_digest": _digest(self.facts.get("files", {}))}

    def edited(self, names: Iterable[str] | None = None) -> list[str]:
        """Those of the files that the tokens in use lie in (None: all but what is only trained on, also of the task's tokens)
        that are not what was written."""
        known: dict[str, str] = (self.own or self).facts.get("files", {})
        wanted = [name for name in known if name not in TRAINED_ON] if names is None else names
        found = [name for name in wanted if name in known and digests.of_file(self.tokens / name) != known[name]]
        return found if self.own is None or names is not None else [*found, *self.task.edited()]

    def documents(self, side: str) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Tokens (uint16, end to end, read-only) and document lengths of side `train` or `validation`. The tokens stay on
        disk and come into memory where they are read."""
        tokens = numpy.load(self.tokens / f"{side}_tokens.npy", mmap_mode="r")
        return numpy.asarray(tokens), numpy.load(self.tokens / f"{side}_lengths.npy")

    @property
    def sources(self) -> dict[str, range]:
        """The training documents of each file that the corpus came from, by name; a corpus of one piece has one."""
        found: dict[str, range] = {}
        first = 0
        for source in self.facts.get("sources", []):
            found[source["name"]] = range(first, first + source["documents"])
            first += source["documents"]
        lengths = numpy.load(self.folder / "train_lengths.npy", mmap_mode="r")
        return found or {str(self.facts["request"]["corpus"]): range(len(lengths))}

    def token_bytes(self) -> numpy.ndarray:
        """Bytes of each token id, (V,) int32."""
        return numpy.load(self.tokens / "token_bytes.npy")

    def tokenizer(self) -> bytes:
        """tokenizer.json's bytes, for `tokenizer.load`."""
        return (self.tokens / "tokenizer.json").read_bytes()


def _digest(listed: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()


def open_folder(folder: Path) -> Data:
    """The prepared folder, or a UsageError with the command that prepares it."""
    try:
        facts = json.loads((folder / "data.json").read_bytes())
    except FileNotFoundError:
        raise UsageError(f"--data {folder} holds no data; run: python -m trainer prepare --data {folder}") from None
    except ValueError:
        raise UsageError(f"{folder / 'data.json'} is damaged; run: python -m trainer prepare --data {folder}") from None
    return Data(folder, {"validation_context": CONTEXT} | facts)  # older folders do not say it
