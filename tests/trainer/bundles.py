"""Small evaluation bundles of all three types, whose right answers under an alphabet of letters are known."""

import json
from pathlib import Path
from typing import Any

from trainer.measure.core import bundle

VOCAB, BOS = 128, 127
MC, SCHEMA, LM = "multiple_choice", "schema", "language_modeling"
CHOICES = [
    {"query": "ab", "choices": ["c", "q"], "gold": 0},
    {"query": "ab", "choices": ["q", "cxx"], "gold": 1},  # likelier a token, not as a whole
    {"query": "pq", "choices": ["x", "rst", "ry"], "gold": 1},
    {"query": "mn", "choices": ["o", "oo"], "gold": 1},  # the model prefers the shorter one: wrong
]
CONTEXTS = [
    {"context_options": ["abc", "xyz"], "continuation": "d", "gold": 0},
    {"context_options": ["abc", "klm"], "continuation": "no", "gold": 1},
    {"context_options": ["ab", "xx"], "continuation": "y", "gold": 0},  # wrong
]
SENTENCES = [
    {"context": " abc ", "continuation": "def"},
    {"context": "ab", "continuation": "cdf"},  # the last letter is wrong
    {"context": "rs", "continuation": "tu"},
    {"context": "uv", "continuation": "w"},
]
ITEMS = {MC: CHOICES, SCHEMA: CONTEXTS, LM: SENTENCES}
RIGHT = {MC: 3, SCHEMA: 2, LM: 3}


def write_bundle(
    folder: Path, tasks: dict[str, tuple[str, int, float]], items: dict[str, list[dict[str, Any]]] = ITEMS, delimiter: str = ""
) -> Path:
    """tasks: label → (type, examples, random baseline in percent)."""
    (folder / "eval_data" / "part").mkdir(parents=True)
    lines = ["icl_tasks:"]
    for label, (kind, shots, _) in tasks.items():
        lines += [f"- label: {label}", f"  dataset_uri: part/{label}.jsonl", f"  num_fewshot: [{shots}]"]
        lines += [f"  icl_task_type: {kind}", f"  continuation_delimiter: {json.dumps(delimiter)}"]
        text = "".join(json.dumps(item) + "\n" for item in items[kind])
        (folder / "eval_data" / "part" / f"{label}.jsonl").write_text(text)
    (folder / "core.yaml").write_text("\n".join(lines) + "\n")
    table = "".join(f"{label},x,{baseline}\n" for label, (_, _, baseline) in tasks.items())
    (folder / "eval_meta_data.csv").write_text("Eval Task,Task Category,Random baseline\n" + table)
    return folder


def write_core(folder: Path) -> Path:
    """All 22 labels, of the three types in turn, and one label more."""
    labels = [*bundle.CORE, "heavier"]
    return write_bundle(folder, {label: ((MC, SCHEMA, LM)[at % 3], at % 2, 25.0) for at, label in enumerate(labels)})


def letters(text: str) -> list[int]:
    return [ord(letter) for letter in text]
