"""How often a run would pass its corpus, known before anything is trained; and what its data folder lacks.

Steps and tokens are counted, FLOPs divided by those of a token. What a time budget buys is a deliberate underestimate,
so that whoever refuses too many epochs because of it is right to.
"""

from pathlib import Path
from typing import Any

from trainer.measure import budget as budgets
from trainer.measure import data as datas
from trainer.measure import flops, own_tokens, utilization
from trainer.measure.errors import UsageError

OTHER_GPU, CPU = 5e13, 5e10  # FLOP/s where the device is not in the table of peaks
USED = 0.2  # of the peak: what a plain implementation reaches
STEPS_A_SECOND = 20.0  # eager steps of a small model are bound by their launches, not by the arithmetic


def epochs(folder: Path, budget: budgets.Budget, depth: int, device: str = "cpu") -> dict[str, Any]:
    """Tokens that one run of the shipped recipe is served and how many times that is the training corpus.

    missing: files that the folder lacks; then tokens and epochs are None. estimated: whether a clock was guessed at, or what
    the tokens of a declared tokenizer are worth that nobody has made yet.
    """
    facts: dict[str, Any] = {"tokens": None, "train_tokens": None, "epochs": None, "estimated": False}
    missing = _missing(folder)
    if missing:
        return {**facts, "missing": missing, "mend": f"python -m trainer prepare --data {folder}"}
    data = datas.open_folder(folder)
    used = own_tokens.made(data)
    vocab = used.vocab if used else own_tokens.chosen(data)["vocab"]  # type: ignore[index]
    tokens = _tokens(budget, depth, vocab, device, used.worth if used else 1.0)
    corpus, guessed = data.train_tokens, budget.unit == "s" or used is None
    known = {"tokens": tokens, "train_tokens": corpus, "epochs": tokens / corpus, "estimated": guessed}
    known |= {"kept_fraction": float(data.facts.get("kept_fraction", 1.0))}  # of the text that the corpus has
    return {**facts, **known, "missing": []}


def _missing(folder: Path) -> list[str]:
    try:
        names = datas.open_folder(folder).facts["files"]
    except (UsageError, KeyError):
        return ["data.json"]
    return [name for name in sorted(names) if not (folder / name).exists()]


def _tokens(budget: budgets.Budget, depth: int, vocab: int, device: str, worth: float) -> int:
    """The task's tokens that the budget is worth, before it is rounded to whole steps. worth: of them, one that is served."""
    from trainer import recipe as recipes
    from trainer import scaling

    recipe = scaling.scaled(recipes.load(), depth=depth, vocab=vocab)
    match budget.unit:
        case "step":
            return int(budget.amount * recipe.batch_tokens * worth)
        case "tok":
            return int(budget.amount)
    a_token = flops_per_token(recipe, depth, vocab)
    if budget.unit == "flop":
        return int(budget.amount / a_token * worth)
    return int(budget.amount * min(USED * peak(device) / a_token, STEPS_A_SECOND * recipe.batch_tokens) * worth)


def flops_per_token(recipe: Any, depth: int, vocab: int) -> float:
    """Training FLOPs of a token in closed form, on a model that has shapes and no memory."""
    import torch

    from trainer import model

    with torch.device("meta"):
        built = model.build(recipe, depth=depth, vocab=vocab, dtype=torch.bfloat16)
    tables = sum(m.weight.numel() for m in built.modules() if isinstance(m, torch.nn.Embedding))
    matrices = sum(parameter.numel() for parameter in built.parameters()) - tables
    T = recipe.sequence_length
    return flops.closed_form(matrix_parameters=matrices, layers=depth, width=built.width, T=T, tokens=T) / T


def peak(device: str) -> float:
    """The device's FLOP/s by its name; a GPU that is not known, or not here, counts as a slow one."""
    import torch

    if not device.startswith("cuda"):
        return CPU
    name = torch.cuda.get_device_name(device) if torch.cuda.is_available() else ""
    return utilization.peak(name) or OTHER_GPU
