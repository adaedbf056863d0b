"""A run's CORE: what has to hold before, then every task over one or several hosts. It never imports what is edited.

Refused, as by the scorer (valid: false, with the reason): a checkpoint, code or data other than those of training, a training
that opened the bundle, predictions that move when later tokens change or when they are asked for again, logits that are
no numbers.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy

from trainer.measure import audit, digests, own_tokens, scorer, tokenizer
from trainer.measure import data as datas
from trainer.measure.core import batches, bundle, grading, prompts, result, rows, table
from trainer.measure.errors import InvalidScore

CHUNK = 256  # items that are rendered, batched and scored together


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for."""

    run: Path
    data: Path
    bundle: Path
    devices: tuple[str, ...] = ("cpu",)
    max_per_task: int | None = None
    seed: int = prompts.SEED
    partial: bool = False


def evaluate(request: Request, say: Callable[[str], None]) -> dict[str, Any]:
    """core.json's content; `say` gets the table as it grows. Raises UsageError, and TrainerError where nothing can be said."""
    began = time.perf_counter()
    opened = bundle.open_folder(request.bundle, partial=request.partial)
    data, record = own_tokens.open_folder(request.data, request.devices[0]), scorer.train_record(request.run)
    digest = digests.of_file(request.run / "checkpoint.pt")
    context = int(record["recipe"]["sequence_length"])
    found = _opening(request, opened, context) | {"checkpoint_digest": digest, "evaluator_digest": digests.of_evaluator()}
    found |= data.identity
    try:
        scorer.same(record, digest, data)
        _unread(record, request.bundle)
        with ExitStack() as stack:
            encoding = tokenizer.load(data.tokenizer())
            hosts = _hosts(stack, request, data, context)
            reading = Reading(encoding.encode_ordinary, data.bos, context, request.seed)
            outcomes, checks = Evaluation(hosts, reading, request.max_per_task, say).run(opened.tasks)
        found |= result.numbers(outcomes) | {"valid": True, "checks": checks}
    except InvalidScore as error:
        found["reason"] = str(error)
    found["seconds"] = round(time.perf_counter() - began, 3)
    say(table.last_line(found))
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """How an item becomes rows."""

    encode: rows.Encode
    bos: int
    context: int
    seed: int = prompts.SEED

    def rows(self, task: bundle.Task, items: Sequence[bundle.Item], index: int) -> list[rows.Row]:
        """One row an option of item `index`."""
        shown = prompts.examples(task, items, index, self.seed)
        return rows.of_item(task, items[index], shown, self.encode, bos=self.bos, context=self.context)


@dataclass(slots=True)
class Evaluation:
    """All tasks, in chunks of items; as many chunks at a time as there are models."""

    models: Sequence[grading.Model]
    reading: Reading
    max_per_task: int | None = None
    say: Callable[[str], None] = print
    _free: SimpleQueue[grading.Model] = field(default_factory=SimpleQueue)

    def run(self, tasks: Sequence[bundle.Task]) -> tuple[list[result.Outcome], dict[str, Any]]:
        """Every task's outcome, and what was checked on the way."""
        for model in self.models:
            self._free.put(model)
        opening, first = self._opening(tasks[0])
        self.say(table.HEADER)
        outcomes, change = [], 0.0
        for task in tasks:
            items = task.items()
            change = max(change, self._causal(task, items))
            outcomes.append(self._outcome(task, items))
            self.say(table.line(outcomes[-1]))
        moved = grading.check_stateless(self.models[0], first, opening)
        return outcomes, {"finite": True, "causality_change": change, "statelessness_change": moved}

    def _outcome(self, task: bundle.Task, items: list[bundle.Item]) -> result.Outcome:
        count = min(len(items), self.max_per_task or len(items))
        chunks = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
        with ThreadPoolExecutor(len(self.models)) as threads:
            graded = list(threads.map(lambda chunk: self._chunk(task, items, chunk), chunks))
        return result.Outcome(task, sum(right for right, _ in graded), count, sum(cut for _, cut in graded))

    def _chunk(self, task: bundle.Task, items: list[bundle.Item], chunk: range) -> tuple[int, int]:
        """Right answers, and items that were cut, among these."""
        found = [self.reading.rows(task, items, index) for index in chunk]
        flat = [row for several in found for row in several]
        model = self._free.get()
        try:
            grades = grading.grade(model, batches.of_rows(flat, model.shape, self.reading.bos), len(flat))
        finally:
            self._free.put(model)
        asked = items[chunk.start : chunk.stop]
        return grading.right(task.kind, asked, grades), sum(any(row.cut for row in several) for several in found)

    def _first(self, task: bundle.Task, items: list[bundle.Item]) -> batches.Batch:
        """A batch of a few items."""
        some = [row for index in range(min(8, len(items))) for row in self.reading.rows(task, items, index)]
        return next(batches.of_rows(some, self.models[0].shape, self.reading.bos))

    def _opening(self, task: bundle.Task) -> tuple[numpy.ndarray, batches.Batch]:
        batch = self._first(task, task.items())
        return self.models[0].predictions(batch.inputs, batch.places).copy(), batch

    def _causal(self, task: bundle.Task, items: list[bundle.Item]) -> float:
        model = self.models[0]
        return grading.check_causal(model, self._first(task, items), model.shape.vocab)


def _opening(request: Request, opened: bundle.Bundle, context: int) -> dict[str, Any]:
    """The result before anything is computed."""
    found: dict[str, Any] = {"schema": 1, "metric": "core", "core": None, "partial_mean": None, "se": None}
    found |= {"valid": False, "reason": None, "tasks": {}, "missing": list(opened.missing), "checks": {}}
    asked = {"max_per_task": request.max_per_task, "seed": request.seed, "context": context}
    return found | asked | {"bundle_digest": opened.digest}


def _unread(record: dict[str, Any], folder: Path) -> None:
    """Raises InvalidScore if training opened a file of the bundle, or of another one, so far as it was seen."""
    files = [Path(what.removeprefix("open: ")) for what in record["outside"] if what.startswith("open: ")]
    opened = [file for file in files if file.is_relative_to(folder.resolve()) or audit.BUNDLE in file.parts]
    if opened:
        raise InvalidScore(f"of training: it opened the evaluation bundle ({', '.join(path.name for path in opened[:3])})")


def _hosts(stack: ExitStack, request: Request, data: datas.Data, context: int) -> list[scorer.Host]:
    """One a device; several tell their words apart."""
    few = all(device == "cpu" for device in request.devices)
    largest, found = batches.shape(context, data.vocab, batches.FEW_TOKENS if few else batches.TOKENS), []
    for number, device in enumerate(request.devices):
        log = "core.log" if len(request.devices) == 1 else f"core.{number}.log"
        found.append(stack.enter_context(scorer.Host.start(request.run, data.folder, device, largest, log)))
    return found
