"""The evaluation host: rebuilds the trained model from the snapshot's code and answers tokens with logits.

Started by the scorer, with its standard output on a log. It sees tokens, never bytes, losses or the pipe to the parent;
a model that opens what it is scored on, or the corpus, is answered for as invalid.
"""

import argparse
from pathlib import Path

import torch

from trainer.measure import audit, checkpoint, digests, exchange, machine


def serve(run: Path, data: Path, device_text: str, batch: exchange.Shape, mapping: int, requests: int, answers: int) -> None:
    """Answer every request until the scorer closes its end; a model that does not take the rows, or makes something else
    of them than logits, is answered with an `invalid` reason."""
    watched = audit.Audit(snapshot=digests.PACKAGE.parent, run=run, data=data).watch()
    device = machine.device(device_text)
    model, _ = checkpoint.load(run, device, machine.dtype(device))
    shared = exchange.Mapping(mapping, batch)
    logits = torch.from_numpy(shared.logits)
    with torch.inference_mode():
        while (request := exchange.receive(requests)) is not None:
            asked, places = shared.asked(request)
            tokens = torch.from_numpy(asked)
            try:
                found = model.logits(tokens.to(device))
            except Exception as error:  # whatever researchers' code raises: it would raise it again
                if _is_the_machine_s(error):
                    raise
                reason = f"the model does not take rows of {tokens.size(1)} tokens: {type(error).__name__}: {error}"
                exchange.send(answers, {"invalid": reason})
                continue
            if found.shape != (wanted := (*tokens.shape, batch.vocab)):
                reason = f"logits have shape {tuple(found.shape)}, not {wanted}"
                exchange.send(answers, {"invalid": reason})
                continue
            if places is None:
                logits.copy_(found)
            else:
                logits[: len(places)].copy_(found.flatten(0, 1)[torch.from_numpy(places).to(device)])
            seen = audit.refusal(watched.seen)
            exchange.send(answers, {"invalid": None if seen is None else f"of the model, when it was scored: {seen}"})


def _is_the_machine_s(error: Exception) -> bool:
    """Whether another try may end otherwise: no memory left, or a device that fails."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        name in str(error) for name in ("CUDA", "CUBLAS", "CUDNN")
    )


def main() -> None:
    """Parse what the scorer passed on."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--device", required=True)
    for name in ("rows", "T", "vocab", "places", "mapping", "requests", "answers"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    batch = exchange.Shape(given.rows, given.T, given.vocab, given.places)
    serve(given.run, given.data, given.device, batch, given.mapping, given.requests, given.answers)


if __name__ == "__main__":
    machine.quiet()
    main()
