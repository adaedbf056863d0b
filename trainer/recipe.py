"""The recipe as typed values. A new key is a line here and a line in recipe.yaml."""

import dataclasses
import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

SHIPPED = Path(__file__).with_name("recipe.yaml")


class RecipeError(ValueError):
    """A recipe file that cannot be read; the message names file, key and the way out."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every value a run may try; meanings and units stand in recipe.yaml."""

    tokens_per_parameter: float
    sequence_length: int
    batch_tokens: int
    aspect: int
    head_dim: int
    mlp_ratio: float
    window_pattern: str
    short_window: float
    value_embeddings: bool
    value_gate_channels: int
    rope_base: float
    qk_scale: float
    softcap: float
    embedding_init: float
    head_init: float
    matrix_init: float
    residual_init: float
    x0_init: float
    muon_lr: float
    muon_momentum_start: float
    muon_momentum: float
    muon_momentum_steps: int
    muon_beta2: float
    muon_iterations: int
    weight_decay: float
    embedding_lr: float
    value_embedding_lr: float
    unembedding_lr: float
    scalar_lr: float
    x0_lr: float
    adam_beta1: float
    x0_beta1: float
    adam_beta2: float
    adam_eps: float
    embedding_weight_decay: float
    warmup_ratio: float
    warmdown_ratio: float
    final_lr_fraction: float
    micro_batch_tokens: int
    compile: str

    def values(self) -> dict[str, Any]:
        """Plain key → value, for records and checkpoints."""
        return dataclasses.asdict(self)


def load(path: Path | None = None) -> Recipe:
    """The shipped recipe, with the keys of the YAML file at `path` laid over it. Raises RecipeError."""
    values = _read(SHIPPED)
    if path is not None:
        values |= _read(path)
    missing = [field.name for field in dataclasses.fields(Recipe) if field.name not in values]
    if missing:
        raise RecipeError(f"{SHIPPED.name}: no value for {', '.join(missing)}")
    return Recipe(**values)


def _read(path: Path) -> dict[str, Any]:
    try:
        loaded = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such recipe file") from None
    except YAMLError as error:
        raise RecipeError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(loaded, dict):
        raise RecipeError(f"{path}: want `key: value` lines")
    fields = {field.name: field.type for field in dataclasses.fields(Recipe)}
    return {key: _typed(path, key, value, fields) for key, value in loaded.items()}


def _typed(path: Path, key: str, value: Any, fields: dict[str, Any]) -> Any:
    """`value` as the field's type; an integer may stand for a float, nothing else is bent."""
    if key not in fields:
        near = difflib.get_close_matches(str(key), fields, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise RecipeError(f"{path}: unknown key {key}{hint}")
    want = fields[key]
    if want is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, want) or (want is int and isinstance(value, bool)):
        raise RecipeError(f"{path}: {key}: {value!r} is not {'an' if want is int else 'a'} {want.__name__}")
    return value
