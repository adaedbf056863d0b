"""What has to be equal for two scores to be comparable, without importing torch."""

from pathlib import Path
from typing import Any

from trainer.measure import data as datas
from trainer.measure import digests, machine


def fingerprint(folder: Path) -> dict[str, Any]:
    """Evaluator, corpus, tokenizer and validation digests, validation bytes, library versions."""
    return {"evaluator_digest": digests.of_evaluator(), **datas.open_folder(folder).identity, **machine.versions()}
