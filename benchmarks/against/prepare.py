"""Stands in for autoresearch's prepare.py, under its name and with its functions, over one of our data folders: its
train.py then trains on our corpus, row for row what our trainer would be served, and is scored on our validation text.

Not imported by anything here: benchmarks/trainer.py puts this folder on the path of the file that it runs. What it is told
stands in BENCH (JSON): data, out, seconds, T, seed, device. What it measured goes to `out` when the model is scored.
"""

import json
import math
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import torch

from trainer import packing
from trainer.measure import batches, validation
from trainer.measure import data as datas

_ASKED: dict[str, Any] = json.loads(os.environ["BENCH"])
_DATA = datas.open_folder(Path(_ASKED["data"]))
_SEEN = {"tokens": 0, "cpu": 0.0, "wall": 0.0}
MAX_SEQ_LEN: int = _ASKED["T"]
TIME_BUDGET: float = _ASKED["seconds"]


class Tokenizer:
    """What the other trainer asks of one: its size."""

    @classmethod
    def from_directory(cls) -> "Tokenizer":
        """The folder is the one in BENCH."""
        return cls()

    def get_vocab_size(self) -> int:
        """Token ids, BOS included."""
        return _DATA.vocab


def make_dataloader(tokenizer: Tokenizer, B: int, T: int, split: str) -> Iterator[tuple[torch.Tensor, torch.Tensor, int]]:
    """Endless training batches (B, T) on the device, and the epoch, always 1; the clock runs from the first on."""
    assert split == "train", split
    served = batches.Batches(_DATA, seed=_ASKED["seed"], T=T, batch_tokens=B * T, pack=packing.pack)
    while True:
        x, y = (each.to(_ASKED["device"], non_blocking=True) for each in served.next())
        if not _SEEN["wall"]:
            _SEEN.update(cpu=time.process_time(), wall=time.perf_counter())
        yield x, y, 1
        _SEEN["tokens"] += B * T  # what is served ahead and never trained on is not counted


@torch.no_grad()
def evaluate_bpb(model: torch.nn.Module, tokenizer: Tokenizer, batch_size: int) -> float:
    """Bits per byte of the validation span, each row with the context that our scorer gives; writes what was measured."""
    now = time.perf_counter()
    spent = {"cpu_seconds": time.process_time() - _SEEN["cpu"], "train_seconds": now - _SEEN["wall"]}
    rows = validation.rows(_DATA, _DATA.context)
    token_bytes = _DATA.token_bytes()
    nats, total = 0.0, 0
    for batch in rows.batches(max(validation.BATCH_TOKENS // _DATA.context, 1)):
        targets = numpy.where(batch.counted, batch.targets, batches.IGNORED)
        x, y = (torch.from_numpy(numpy.array(each)).to(_ASKED["device"]) for each in (batch.inputs, targets))
        nats += float(model(x, y, reduction="none").double().sum())
        total += int(token_bytes[batch.targets[batch.counted]].sum())
    assert total == _DATA.facts["validation_bytes"], total
    value = nats / math.log(2) / total
    spent |= {"score_seconds": time.perf_counter() - now, **_memory()}
    Path(_ASKED["out"]).write_text(json.dumps({"value": value, "tokens": _SEEN["tokens"], **spent}))
    return value


def _memory() -> dict[str, float]:
    if _ASKED["device"] != "cpu":
        return {"peak_memory_mb": torch.cuda.max_memory_allocated() / 2**20}
    return {"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10}
