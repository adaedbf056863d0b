"""What `prepare` is asked for."""

from dataclasses import dataclass

from trainer.measure.data import CONTEXT

STDLIB = "stdlib"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked for, of any corpus. The last six are of parquet corpora; None: the corpus's own."""

    corpus: str = STDLIB  # stdlib, a name of corpora.yaml, or a folder of parquet files
    vocab: int = 2048
    max_mb: float | None = None  # keep about that much of the training text
    context: int = CONTEXT  # tokens a row when a model is scored
    shards: int | None = None
    mirror: str | None = None  # the address of the folder that the shards lie in, in place of the corpus's own
    column: str | None = None
    validation_kb: int | None = None
    learned_mb: float | None = None  # text that the tokenizer learns from
    workers: int | None = None  # threads that encode
