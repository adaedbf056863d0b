"""The scorer: asks the host for logits and computes the score itself. It never imports what a researcher edits.

Rows are as long as the task says (data.context), not as the recipe trains. Checked: finite and complete logits,
causality (changed later tokens change no earlier prediction), statelessness (the same batch first and last), every
validation byte scored once, and that checkpoint, code and data are those of training.
"""

import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy

from trainer.measure import audit, custody, digests, exchange, nats, own_tokens, tokenizer, validation
from trainer.measure import data as datas
from trainer.measure.errors import InvalidScore, TrainerError

TOLERANCE = 1e-3  # of a logit; same shapes and kernels give equal predictions up to far less


def evaluate(run: Path, data_folder: Path, device: str) -> dict[str, Any]:
    """result.json's content. Raises TrainerError where nothing can be said: no trained run, a host that died."""
    began = time.perf_counter()
    record = train_record(run)
    data = own_tokens.open_folder(data_folder, device)
    digest = digests.of_file(run / "checkpoint.pt")
    result: dict[str, Any] = {"schema": 1, "metric": "val_bpb", "value": None, "bytes": data.facts["validation_bytes"]}
    result |= {"valid": False, "reason": None, "checks": {}, "checkpoint_digest": digest}
    result |= {"evaluator_digest": digests.of_evaluator(), **data.identity}
    try:
        same(record, digest, data)
        T = validation.longest(data, int(record["recipe"]["sequence_length"]))
        with Host.start(run, data.folder, device, exchange.Shape(max(validation.BATCH_TOKENS // T, 1), T, data.vocab)) as host:
            result["value"], result["checks"] = Score(host, data).compute()
        result["valid"] = True
    except InvalidScore as error:
        result["reason"] = str(error)
    return result | {"seconds": round(time.perf_counter() - began, 3)}


def train_record(run: Path) -> dict[str, Any]:
    """train.json of a run that has something to score. Raises TrainerError for any other."""
    try:
        record: dict[str, Any] = json.loads((run / "train.json").read_bytes())
    except FileNotFoundError:
        raise TrainerError(f"{run}: no train.json; run `python -m trainer train … --out {run}` first") from None
    except ValueError as error:
        raise TrainerError(f"{run / 'train.json'}: damaged: {error}") from error
    if record["status"] != "succeeded":
        raise TrainerError(f"{run}: training {record['status']} ({record['reason']}); there is nothing to evaluate")
    if not (run / "checkpoint.pt").exists():
        raise TrainerError(f"{run}: no checkpoint.pt; train first")
    return record


def same(record: dict[str, Any], checkpoint_digest: str, data: datas.Data) -> None:
    """Whatever the run recorded has to be what is scored now, or InvalidScore."""
    now = {"checkpoint_digest": checkpoint_digest, "evaluator_digest": digests.of_evaluator()}
    now |= {"code_digest": digests.of_code(), "own_tokens": data.own.digest if data.own else None, **data.identity}
    for name, value in now.items():
        if record.get(name) != value:
            raise InvalidScore(f"{name} is {value}, but training recorded {record.get(name)}")
    objections = [*record.get("tampering", []), *custody.in_the_way()]
    if (seen := audit.refusal(record["outside"])) is not None:
        objections.insert(0, f"of training: {seen}")
    objections += [f"{name} is not what was prepared" for name in data.edited()]
    if objections:
        raise InvalidScore("; ".join(dict.fromkeys(objections)))


@dataclass(slots=True)
class Host:
    """The other process, and the mapping it fills."""

    process: subprocess.Popen[bytes]
    shape: exchange.Shape
    shared: exchange.Mapping
    requests: int
    answers: int
    log: Path

    @classmethod
    def start(cls, run: Path, data: Path, device: str, shape: exchange.Shape, log_name: str = "host.log") -> "Host":
        """Start it, with its words in RUN/log_name; the model loads while the caller goes on."""
        file = exchange.unnamed_file(run, shape.size)
        (host_reads, requests), (answers, host_writes) = os.pipe(), os.pipe()
        numbers = {"rows": shape.rows, "T": shape.T, "vocab": shape.vocab, "places": shape.places}
        numbers |= {"mapping": file, "requests": host_reads, "answers": host_writes}
        command = [sys.executable, "-m", "trainer.measure.host", "--run", str(run), "--device", device, "--data", str(data)]
        command += [f"--{name}={number}" for name, number in numbers.items()]
        with (run / log_name).open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(file, host_reads, host_writes),
            )
        shared = exchange.Mapping(file, shape)
        for theirs in (file, host_reads, host_writes):
            os.close(theirs)
        return cls(process, shape, shared, requests, answers, run / log_name)

    def logits(self, inputs: numpy.ndarray) -> numpy.ndarray:
        """(rows, T) → (rows, T, V), in shared memory: valid until the next call."""
        self.shared.tokens[:] = inputs
        self.shared.logits[:, :, 0] = numpy.nan  # what the host leaves out is not last time's answer
        self._ask({})
        return self.shared.logits

    def predictions(self, inputs: numpy.ndarray, places: numpy.ndarray) -> numpy.ndarray:
        """Logits (P, V) at some places of a batch (rows, T) that may be smaller than the shape; valid as long."""
        (rows, T), count = inputs.shape, len(places)
        request = {"rows": rows, "T": T, "places": count}
        tokens, wanted = self.shared.asked(request)
        tokens[:], wanted[:] = inputs, places  # type: ignore[index]
        logits = self.shared.logits[:count]
        logits[:, 0] = numpy.nan
        self._ask(request)
        return logits

    def _ask(self, request: dict[str, int]) -> None:
        """Raises TrainerError when the host died, InvalidScore when it says why the model has no answer."""
        try:
            exchange.send(self.requests, request)
        except BrokenPipeError:
            answer = None
        else:
            answer = exchange.receive(self.answers)
        if answer is None:
            self.process.wait()
            raise TrainerError(f"the evaluation host died ({self.process.returncode}): {self._last_words()}")
        if answer["invalid"] is not None:
            raise InvalidScore(answer["invalid"])

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'no output'}; see {self.log}"

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.requests)
        os.close(self.answers)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Score:
    """The sum over the validation span, and the checks on the way."""

    host: Host
    data: datas.Data
    checks: dict[str, Any] = field(default_factory=dict)

    def compute(self) -> tuple[float, dict[str, Any]]:
        """Bits per byte, and what was checked. Raises InvalidScore."""
        rows = validation.rows(self.data, self.host.shape.T)
        batches = list(rows.batches(self.host.shape.rows))
        token_bytes = tokenizer.byte_counts(self._proven())
        nats_total, bytes_total, opening = 0.0, 0, numpy.empty(0)
        for batch in batches:
            logits = self._logits(batch.inputs)
            opening = opening if opening.size else logits.copy()
            losses = nats.losses(logits, batch.targets)
            nats_total += float(losses[batch.counted].sum())
            bytes_total += int(token_bytes[batch.targets[batch.counted]].sum())
        self._causal(batches[0])
        self._stateless(batches[0], opening)
        if bytes_total != self.data.facts["validation_bytes"]:
            raise InvalidScore(f"{bytes_total} bytes were scored, not {self.data.facts['validation_bytes']}")
        self.checks |= {"finite": True, "bytes": bytes_total, "tokens": int(rows.counted.sum())}
        return nats_total / math.log(2) / bytes_total, self.checks

    def _proven(self) -> bytes:
        """The tokenizer, of which it is certain that the tokens to be predicted are the scored text, byte by byte."""
        learned = self.data.tokenizer()
        if tokenizer.decoded(learned, *self.data.documents("validation")) != self.data.facts["validation_digest"]:
            raise InvalidScore("the tokens to be predicted do not stand for the scored text")
        return learned

    def _logits(self, inputs: numpy.ndarray) -> numpy.ndarray:
        """Logits of a batch that may have fewer rows than the exchange."""
        full = numpy.resize(inputs, (self.host.shape.rows, self.host.shape.T))
        return self.host.logits(full)[: len(inputs)]

    def _causal(self, batch: validation.Rows) -> None:
        """In each row every token from its own cut on is replaced; what was predicted before the cut must stand."""
        count, T = batch.inputs.shape
        draw = numpy.random.default_rng(0)
        before = numpy.arange(T) < draw.integers(1, T, size=(count, 1))
        noise = draw.integers(0, self.data.vocab - 1, size=(count, T))
        old = self._logits(batch.inputs)[before]
        change = _change(old, self._logits(numpy.where(before, batch.inputs, noise))[before])
        self.checks["causality_change"] = change
        if change > TOLERANCE:
            raise InvalidScore(f"the model looks ahead: changed later tokens moved an earlier logit by {change:.3g}")

    def _stateless(self, batch: validation.Rows, opening: numpy.ndarray) -> None:
        """The first batch again, at the end."""
        change = _change(opening, self._logits(batch.inputs))
        self.checks["statelessness_change"] = change
        if change > TOLERANCE:
            raise InvalidScore(f"the model keeps state: the same batch, asked again, moved a logit by {change:.3g}")


def _change(old: numpy.ndarray, new: numpy.ndarray) -> float:
    """The largest difference of any logit; of all of them, for a model may whisper in one that is not the target's."""
    numpy.subtract(old, new, out=old)
    return float(max(old.max(), -old.min()))
