"""`python -m runs.toy_bundle DIR`: an evaluation bundle in the public one's format, for the script at toy scale.

Three tasks of made-up items, one of each type. Their names are none of CORE's 22, so that their mean never passes for it.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

PAIRS = (
    ("for x in", "range(10):"), ("import os,", "sys"), ("def f(self):", "return self"), ("if x is not", "None:"),
    ("class A:", "pass"), ("while", "True:"), ("try:", "import re"), ("except", "ValueError:"), ("with open(path)", "as file:"),
    ("raise", "TypeError"), ("assert x ==", "1"), ("return x", "+ y"),
)  # fmt: skip
TASKS = {"toy_choice": ("multiple_choice", 2, 50), "toy_context": ("schema", 0, 50), "toy_repeat": ("language_modeling", 1, 0)}
ITEMS = 16


def items(kind: str, draw: random.Random) -> list[dict[str, Any]]:
    """Items of one type."""
    found: list[dict[str, Any]] = []
    for _ in range(ITEMS):
        (context, right), (other, wrong) = draw.sample(PAIRS, 2)
        gold = draw.randrange(2)
        if kind == "multiple_choice":
            found.append({"query": context, "choices": [wrong, right] if gold else [right, wrong], "gold": gold})
        elif kind == "schema":
            found.append({"context_options": [other, context] if gold else [context, other], "continuation": right, "gold": gold})
        else:
            found.append({"context": f"{context} {right}\n{context}", "continuation": right})
    return found


def write(folder: Path) -> None:
    """The folder; the same every time."""
    (folder / "eval_data").mkdir(parents=True, exist_ok=True)
    listed, baselines = ["icl_tasks:"], ["Eval Task,Random baseline"]
    for label, (kind, shots, baseline) in TASKS.items():
        text = "".join(json.dumps(item) + "\n" for item in items(kind, random.Random(label)))
        (folder / "eval_data" / f"{label}.jsonl").write_text(text, encoding="utf-8")
        listed += [f"- label: {label}", f"  dataset_uri: {label}.jsonl", f"  num_fewshot: [{shots}]", f"  icl_task_type: {kind}"]
        baselines.append(f"{label},{baseline}")
    (folder / "eval_meta_data.csv").write_text("\n".join(baselines) + "\n", encoding="utf-8")
    (folder / "core.yaml").write_text("\n".join(listed) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
