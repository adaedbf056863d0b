"""`python -m trainer prepare --corpus … --data DIR`: a data folder, and a line that says what is in it."""

import argparse
from typing import Any

from trainer.measure.data import CONTEXT


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command to the trainer's; --data is the caller's."""
    parser: argparse.ArgumentParser = commands.add_parser("prepare", help="build a data folder")
    add_one = parser.add_argument
    add_one("--corpus", default="stdlib", help="stdlib (no download) | climbmix | fineweb-edu | a folder of .parquet files")
    add_one("--vocab", type=int, default=2048)
    add_one("--max-mb", type=float, help="keep about this much of the training text")
    add_one("--context", type=int, default=CONTEXT, help="tokens a row when a model is scored")
    add_one("--shards", type=int, help="training shards of a named corpus, from the first on; its last one is held out")
    add_one("--mirror", help="address of a folder with the same shards; default: TRAINER_MIRROR, else the corpus's own")
    add_one("--column", help="of the parquet files; default: text")
    add_one("--validation-kb", type=int, help="text that is scored; default: 256 (of stdlib always)")
    add_one("--learned-mb", type=float, help="text that the tokenizer learns from; default: the first 2000")
    add_one("--workers", type=int, help="threads that encode; default: one a core")
    parser.set_defaults(call=_prepare)
    return parser


def _prepare(given: argparse.Namespace) -> None:
    from trainer.measure import own_tokens
    from trainer.measure.prepare import prepare
    from trainer.measure.wanted import Wanted

    names = ("vocab", "max_mb", "context", "shards", "mirror", "column", "validation_kb", "learned_mb", "workers")
    facts = prepare(given.data, Wanted(given.corpus, **{name: getattr(given, name) for name in names}))
    sizes = f"{facts['train_tokens']:,} training tokens (one epoch), {facts['validation_bytes']:,} validation bytes"
    kept = f"{100 * facts.get('kept_fraction', 1):.4g} % of the text kept"
    number, size = own_tokens.kept(given.data)
    beside = f"; beside it the tokens of {number} more tokenizers, {size / 1e6:.0f} MB" if number else ""
    print(f"{given.data}: {sizes}, vocabulary {facts['vocab']}, {kept}, corpus {facts['corpus_digest'][:12]}{beside}")
