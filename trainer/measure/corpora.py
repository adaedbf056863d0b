"""Where the text of a corpus comes from: named shard sets (corpora.yaml), or a folder of parquet files.

The last shard is held out: it gives the validation text and is not trained on. A folder with a single file has no shard to
spare; there a hash of each document's text decides.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from trainer.measure.errors import UsageError

SHIPPED = Path(__file__).with_name("corpora.yaml")


@dataclass(frozen=True, slots=True)
class Corpus:
    """A named set of shards. url: of the folder they lie in. last: the number of the held-out shard."""

    name: str
    url: str
    file: str
    last: int
    shards: int
    column: str
    sha256: dict[str, str]

    def names(self, shards: int) -> list[str]:
        """File names of the first `shards` shards and, at the end, of the held-out one. Raises UsageError."""
        if not 1 <= shards <= self.last:
            raise UsageError(f"--shards {shards}: {self.name} has 1 to {self.last} training shards")
        return [self.file.format(index=index) for index in (*range(shards), self.last)]


@dataclass(frozen=True, slots=True)
class Shards:
    """Parquet files on this machine: train, in order, and the held-out one (None: documents are held out by their hash)."""

    train: list[Path]
    held_out: Path | None
    column: str

    @property
    def every(self) -> list[Path]:
        return self.train if self.held_out is None else [*self.train, self.held_out]


def named(path: Path = SHIPPED) -> dict[str, Corpus]:
    """The corpora of the data file, by name."""
    listed = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return {name: Corpus(name, **values) for name, values in listed.items()}


def of_folder(folder: Path, column: str) -> Shards:
    """The parquet files of a folder in the order of their names; the last is held out. Raises UsageError."""
    found = sorted(folder.glob("*.parquet"))
    if not found:
        known = ", ".join(("stdlib", *named()))
        raise UsageError(f"--corpus {folder}: want one of {known}, or a folder that holds .parquet files")
    return Shards(found, None, column) if len(found) == 1 else Shards(found[:-1], found[-1], column)


def changed(folder: Path, facts: dict[str, Any]) -> list[str]:
    """Parquet files of a folder that came, went or changed their size since `facts`, a data.json, was made of it. None where
    the folder is gone: what was made of it stands for itself."""
    held_out = facts.get("validation_source")
    known = {file["name"]: file["bytes"] for file in (*facts.get("sources", []), *([held_out] if held_out else []))}
    there = {path.name: path.stat().st_size for path in folder.glob("*.parquet")}
    return sorted(name for name, _ in known.items() ^ there.items()) if there else []
