"""The tokenizer that trainer/tokenizer.yaml declares: three values, checked, and nothing of it is code."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from trainer.measure.errors import UsageError

SHIPPED = Path(__file__).resolve().parent.parent / "tokenizer.yaml"
TASK = "task"  # whatever the data folder was prepared with
LOWEST, HIGHEST = 300, 65536  # token ids: 256 bytes, BOS and some merges; what two bytes can number
PATTERN_CHARACTERS = 4000
MEGABYTES = 10**9


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """None stands for the task's own value."""

    vocab: int | None = None
    pattern: str | None = None
    learned_mb: float | None = None

    def over(self, task: dict[str, Any]) -> dict[str, Any] | None:
        """All three values, given the task's; None where they are the task's."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        chosen = {name: task[name] if value is None else value for name, value in own.items()}
        return None if chosen == task else chosen


def read(path: Path = SHIPPED) -> Tokenizer:
    """What the file says; without one everything is the task's. Raises UsageError with key, value and the way out."""
    try:
        loaded = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Tokenizer()
    except (YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(loaded, dict):
        raise UsageError(f"{path.name}: want `key: value` lines")
    known = [field.name for field in fields(Tokenizer)]
    if unknown := [str(key) for key in loaded if key not in known]:
        raise UsageError(f"{path.name}: unknown key {', '.join(unknown)}; want {', '.join(known)}")
    chosen = {key: value for key, value in loaded.items() if value != TASK}
    for key, value in chosen.items():
        if (want := _wanted(key, value)) is not None:
            raise UsageError(f"{path.name}: {key}: {value!r:.80}; want {want}, or {TASK}")
    return Tokenizer(**chosen)


def _wanted(key: str, value: object) -> str | None:
    """What the value should have been; None where it is."""
    match key:
        case "vocab":
            right = type(value) is int and LOWEST <= value <= HIGHEST
            return None if right else f"{LOWEST} to {HIGHEST} token ids"
        case "pattern":
            right = isinstance(value, str) and 0 < len(value) <= PATTERN_CHARACTERS
            return None if right else f"a regular expression of 1 to {PATTERN_CHARACTERS} characters"
        case _:
            right = type(value) in (int, float) and 0 < value <= MEGABYTES  # type: ignore[operator]
            return None if right else "megabytes above 0, at most 1e9"
