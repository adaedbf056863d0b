"""Train the grid that trainer/scaling.py is fitted to, one run after the other, and append each to a CSV file.

`nice -n 19 python scripts/measure_scaling.py --data DIR [--out docs/data/scaling.csv]` goes on where it was stopped: a run
whose line is there is not done again. The dial plays no part in it: every run is the recipe as it stands at depth 2, with the
multipliers of its line, on a model of `depth` layers. Runs of one depth and ratio spend the same tokens.
"""

import argparse
import csv
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# (muon, adamw, batch, decay): powers of two that multiply the recipe's muon_lr, its AdamW rates, batch_tokens, weight_decay.
CENTER, DECAYS = [(0, 0, 0, 0)], [(0, 0, 0, -2), (0, 0, 0, 1.5)]
EACH_RATE = [(-1.25, 0, 0, 0), (1.25, 0, 0, 0), (0, -1.25, 0, 0), (0, 1.25, 0, 0)]
RATES = [(-1, -1, 0, 0), (1, 1, 0, 0)]
BATCHES = [(0, 0, -1, 0), (0, 0, 1, 0)]
BOTH = [(1, 1, 1, 0), (0.75, 0.75, 2, 0), (-1, -1, 1, 0)]  # for the product of rate and batch
REST = [(1, -1, 0, 0), (-1, -1, -1, 0)]
SMALL, WHOLE = 0.4, 1.38  # tokens a parameter: what depth 4 can be paid for with, and the default's at depth 2
ROUNDS = (  # depth, tokens a parameter, seed, places; a run of depth 4 costs as much as fifteen of depth 2
    (2, SMALL, 1, CENTER + EACH_RATE + BATCHES + BOTH + REST + DECAYS + [(0, 0, -2, 0)]),
    (2, SMALL, 2, CENTER + EACH_RATE + BATCHES + BOTH + REST),
    (3, SMALL, 1, CENTER + EACH_RATE + BATCHES + BOTH),
    (2, WHOLE, 1, CENTER + RATES + BATCHES + BOTH[:2] + REST[:1]),
    (3, WHOLE, 1, CENTER + BATCHES[1:]),
    (4, SMALL, 1, CENTER + BATCHES[1:] + BOTH[:1]),
    (3, WHOLE, 1, BOTH[:1]),
    (4, SMALL, 1, BOTH[1:2] + RATES[:1]),
    (2, SMALL, 3, CENTER + EACH_RATE + BATCHES + BOTH + REST),
    (2, WHOLE, 2, CENTER + RATES + BATCHES + BOTH[:2] + REST[:1]),
    (3, SMALL, 2, CENTER + EACH_RATE + BATCHES + BOTH),
)
SCALED = ("embedding_lr", "value_embedding_lr", "unembedding_lr")  # what `adamw` multiplies


@dataclass(frozen=True, slots=True)
class Point:
    """One run to do."""

    depth: int
    ratio: float  # tokens a parameter
    muon: float
    adamw: float
    batch: float
    decay: float
    seed: int


@dataclass(frozen=True, slots=True)
class Line:
    """One run that was done, as it stands in the file. bpb: bits per validation byte."""

    depth: int
    ratio: float  # tokens a parameter
    muon: float
    adamw: float
    batch: float
    decay: float
    seed: int
    parameters: int  # that multiply activations: matrices and head
    batch_tokens: int
    steps: int
    tokens: int
    flops: float
    bpb: float
    cpu_seconds: float
    corpus: str
    code: str

    @property
    def point(self) -> Point:
        return Point(*(getattr(self, field.name) for field in fields(Point)))


def grid() -> Iterator[Point]:
    """All places of one round, then the next round."""
    for depth, ratio, seed, places in ROUNDS:
        yield from (Point(depth, ratio, *place, seed) for place in places)


def read(path: Path) -> list[Line]:
    """The lines of the file; [] where there is none."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [Line(**{f.name: f.type(row[f.name]) for f in fields(Line)}) for row in csv.DictReader(file)]


def append(path: Path, line: Line) -> None:
    names = [field.name for field in fields(Line)]
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(names)
        writer.writerow([getattr(line, name) for name in names])


def train(point: Point, folder: Path) -> Line:
    """Train and score one model in this process."""
    import torch

    from trainer import model, packing, recipe
    from trainer.measure import data as datas
    from trainer.measure import digests, epochs, machine, seeds
    from trainer.measure.batches import Batches
    from trainer.step import TrainStep

    began, data = time.process_time(), datas.open_folder(folder)
    device = machine.device("cpu")
    known = recipe.load()
    rates = {name: getattr(known, name) * 2**point.adamw for name in SCALED}
    rates |= {"muon_lr": known.muon_lr * 2**point.muon, "weight_decay": known.weight_decay * 2**point.decay}
    used = replace(known, batch_tokens=int(known.batch_tokens * 2**point.batch), **rates)
    built = model.build(used, depth=point.depth, vocab=data.vocab, dtype=machine.dtype(device))
    built.initialize(lambda name: seeds.parameter(point.seed, name))
    parameters = built.head.weight.numel() + sum(p.numel() for p in built.blocks.parameters())
    steps = round(point.ratio * parameters / used.batch_tokens)
    batches = Batches(data, seed=point.seed, T=used.sequence_length, batch_tokens=used.batch_tokens, pack=packing.pack)
    step = TrainStep(built, used)
    for done in range(steps):
        inputs, targets = batches.next()
        loss = step(inputs, targets, done / steps)
    assert torch.isfinite(loss), point
    tokens = steps * used.batch_tokens
    flops = tokens * epochs.flops_per_token(used, point.depth, data.vocab)
    spent = time.process_time() - began
    facts = (parameters, used.batch_tokens, steps, tokens, flops, round(score(built, data), 5), round(spent, 1))
    own = (data.facts["corpus_digest"][:12], digests.of_code()[:12])
    return Line(*(getattr(point, field.name) for field in fields(Point)), *facts, *own)


def score(built, data) -> float:  # type: ignore[no-untyped-def]
    """Bits per byte of the validation span."""
    import torch

    from trainer.measure import validation

    total = 0.0
    with torch.inference_mode():
        for rows in validation.rows(data, data.context).batches(64):
            targets = torch.from_numpy(rows.targets.copy()).masked_fill(~torch.from_numpy(rows.counted.copy()), -1)
            total += float(built.loss(torch.from_numpy(rows.inputs.copy()), targets))
    return total / math.log(2) / data.facts["validation_bytes"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of `python -m trainer prepare`")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "data" / "scaling.csv")
    given = parser.parse_args()
    done = {line.point for line in read(given.out)}
    for point in grid():
        if point not in done:
            line = train(point, given.data)
            append(given.out, line)
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
