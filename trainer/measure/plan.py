"""What `--depth` derives, before anything is trained: shape, batch, rates, and the budget to train it with.

FLOPs are those that a run counts, forward, backward and optimizer, on a model that has shapes and no memory.
"""

import argparse
import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from trainer.measure.errors import UsageError

DERIVED = ("batch_tokens", "muon_lr", "embedding_lr", "value_embedding_lr", "unembedding_lr", "weight_decay")


@dataclass(frozen=True, slots=True)
class Plan:
    """Of one depth. tokens, steps, flops: of the suggested budget. derived: recipe key → (the recipe's value, this depth's)."""

    depth: int
    vocab: int
    width: int
    heads: int
    parameters: int  # matrices and head: what multiplies activations
    all_parameters: int
    tokens_per_parameter: float
    derived: dict[str, tuple[float, float]]
    tokens: int
    steps: int
    flops_per_token: float
    flops: float
    budget: str

    def text(self) -> str:
        """For a person: one value a line."""
        rows = [
            ("width", f"{self.width} in {self.heads} heads"),
            ("parameters", f"{self.parameters:,} of matrices and head; {self.all_parameters:,} with tables"),
            *((key, _change(*values)) for key, values in self.derived.items()),
            ("horizon", f"{self.tokens:,} tokens, {self.tokens_per_parameter:g} a parameter, {self.steps:,} steps"),
            ("flops", f"{self.flops_per_token:.3g} a token, {self.flops:.3g} in all"),
            ("budget", f"--depth {self.depth} --budget {self.budget}"),
        ]
        return "\n".join(f"{name:<20}{value}" for name, value in rows)

    def values(self) -> dict[str, Any]:
        """For a program; of derived only this depth's value."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {"derived": {key: now for key, (_, now) in self.derived.items()}}


def plan(depth: int, vocab: int, *, recipe: Path | None = None, tokens_per_parameter: float | None = None) -> Plan:
    """What a run of this depth would use. tokens_per_parameter: instead of the recipe's. Raises UsageError."""
    from trainer import recipe as recipes
    from trainer import scaling

    try:
        known = recipes.load(recipe)
    except recipes.RecipeError as error:
        raise UsageError(f"recipe: {error}") from error
    if tokens_per_parameter is not None:
        known = replace(known, tokens_per_parameter=tokens_per_parameter)
    used = scaling.scaled(known, depth=depth, vocab=vocab)
    steps = max(round(scaling.horizon(known, depth=depth, vocab=vocab) / used.batch_tokens), 1)
    width, heads, parameters, all_parameters, flops_per_step = _costs(used, depth, vocab)
    flops, tokens = steps * flops_per_step, steps * used.batch_tokens
    return Plan(
        depth, vocab, width, heads, parameters, all_parameters, known.tokens_per_parameter,
        {key: (getattr(known, key), getattr(used, key)) for key in DERIVED},
        tokens, steps, flops_per_step / used.batch_tokens, flops, f"{flops:.2g}flop".replace("e+", "e"),
    )  # fmt: skip


def _costs(recipe: Any, depth: int, vocab: int) -> tuple[int, int, int, int, float]:
    """Width, heads, parameters that multiply activations, all parameters, and FLOPs of a step."""
    import torch

    from trainer import attention, model
    from trainer.measure import flops
    from trainer.step import TrainStep

    device, T = torch.device("meta"), recipe.sequence_length

    def of_rows(rows: int) -> int:
        tokens = torch.zeros((rows, T), dtype=torch.int64, device=device)
        return flops.of_step(lambda: step(tokens, tokens, 0.0))

    with device, attention.plain():
        built = model.build(recipe, depth=depth, vocab=vocab, dtype=torch.bfloat16)
        step = TrainStep(built, recipe)
        of_one, of_two = of_rows(1), of_rows(2)
    a_row, optimizer = of_two - of_one, 2 * of_one - of_two
    everything = sum(p.numel() for p in built.parameters())
    tables = sum(m.weight.numel() for m in built.modules() if isinstance(m, torch.nn.Embedding))
    heads = built.width // recipe.head_dim
    return built.width, heads, everything - tables, everything, a_row * (recipe.batch_tokens / T) + optimizer


def _change(recipe: float, now: float) -> str:
    said = f"{now:,}" if isinstance(now, int) else f"{now:.3g}"
    return said if now == recipe else f"{said}, {now / recipe:.3g} times the recipe's"


def add(commands: Any) -> None:
    """Add the command to the trainer's."""
    parser = commands.add_parser("plan", help="what --depth derives, and the budget to train it with")
    parser.add_argument("--depth", type=int, required=True, help="layers; the model's one size")
    parser.add_argument("--data", type=Path, help="data folder, for its vocabulary")
    parser.add_argument("--vocab", type=int, default=2048, help="where there is no data folder yet")
    parser.add_argument("--recipe", type=Path, help="YAML laid over trainer/recipe.yaml")
    parser.add_argument("--tokens-per-parameter", type=float, help="instead of the recipe's")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(call=_plan)


def _plan(given: argparse.Namespace) -> None:
    if given.depth < 1:
        raise UsageError(f"--depth {given.depth}: want at least 1")
    if given.tokens_per_parameter is not None and not given.tokens_per_parameter > 0:
        raise UsageError(f"--tokens-per-parameter {given.tokens_per_parameter}: want a number above 0")
    vocab = given.vocab
    if given.data:
        from trainer.measure import data, own_tokens

        opened = data.open_folder(given.data)
        vocab = (own_tokens.chosen(opened) or {"vocab": opened.vocab})["vocab"]
    found = plan(given.depth, vocab, recipe=given.recipe, tokens_per_parameter=given.tokens_per_parameter)
    print(json.dumps(found.values()) if given.json else found.text())
