"""The evaluation bundle: a folder with core.yaml, eval_meta_data.csv and eval_data/*.jsonl, as values.

core.yaml lists tasks (label, dataset_uri, icl_task_type, num_fewshot, continuation_delimiter), the table has each one's
random baseline in percent. Errors name file and line.
"""

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from trainer.measure import digests
from trainer.measure.errors import UsageError

SOURCE = "https://karpathy-public.s3.us-west-2.amazonaws.com/eval_bundle.zip"
LAYOUT = "a bundle is a folder with core.yaml, eval_meta_data.csv and eval_data/; the public one: " + SOURCE
CORE = (
    "agi_eval_lsat_ar", "arc_challenge", "arc_easy", "bigbench_cs_algorithms", "bigbench_dyck_languages",
    "bigbench_language_identification", "bigbench_operators", "bigbench_qa_wikidata", "bigbench_repeat_copy_logic", "boolq",
    "commonsense_qa", "copa", "coqa", "hellaswag", "hellaswag_zeroshot", "jeopardy", "lambada_openai", "openbook_qa", "piqa",
    "squad", "winograd", "winogrande",
)  # fmt: skip
ORDER_SEED = 1337  # of the items' order: with it and prompts.SEED numbers compare with those that others publish


class Kind(StrEnum):
    """What an item offers, and so what is scored."""

    MULTIPLE_CHOICE = "multiple_choice"  # one context, several continuations: the likeliest a token
    SCHEMA = "schema"  # several contexts, one continuation: the context that makes it likeliest
    LANGUAGE_MODELING = "language_modeling"  # one continuation, every token of which has to be the model's first guess


@dataclass(frozen=True, slots=True)
class Item:
    """A question: (context, continuation) an option, and which option is right."""

    options: tuple[tuple[str, str], ...]
    gold: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One task. baseline: the share that guessing gets right. shots: solved items that a prompt shows first."""

    label: str
    kind: Kind
    shots: int
    delimiter: str
    baseline: float
    path: Path

    def items(self) -> list[Item]:
        """All of them, in the order that a part of them is taken in."""
        found = [_item(self.kind, line, where) for where, line in _lines(self.path)]
        if len(found) <= self.shots:
            raise UsageError(f"{self.path}: {len(found)} items are too few for {self.shots} examples before each")
        random.Random(ORDER_SEED).shuffle(found)
        return found


@dataclass(frozen=True, slots=True)
class Bundle:
    """Tasks in the order of core.yaml, and which of the 22 are not among them, or without their file."""

    tasks: tuple[Task, ...]
    missing: tuple[str, ...]
    digest: str


def open_folder(folder: Path, *, partial: bool = False) -> Bundle:
    """The bundle; raises UsageError where one of the 22 is missing or something is not as it has to be.

    partial: take all tasks that are there, of whatever names.
    """
    listed = _listed(folder / "core.yaml")
    baselines = _baselines(folder / "eval_meta_data.csv")
    tasks = [_task(folder, entry, baselines) for entry in listed if partial or entry.get("label") in CORE]
    there = tuple(task for task in tasks if task.path.is_file())
    missing = tuple(label for label in CORE if label not in {task.label for task in there})
    if missing and not partial:
        told = f"{len(missing)} of the 22 tasks of CORE are missing ({', '.join(missing)})"
        raise UsageError(f"--bundle {folder}: {told}; --partial gives the mean of the others; {LAYOUT}")
    if not there:
        raise UsageError(f"--bundle {folder}: none of the tasks has its file below eval_data/; {LAYOUT}")
    read = [folder / "core.yaml", folder / "eval_meta_data.csv", *(task.path for task in there)]
    digest = digests.of_parts(part for path in read for part in (path.name.encode(), digests.of_file(path).encode()))
    return Bundle(there, missing, digest)


def _listed(path: Path) -> list[dict[str, Any]]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        listed = YAML(typ="safe", pure=True).load(_text(path))["icl_tasks"]
    except (YAMLError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: want a list `icl_tasks` ({' '.join(str(error).split())}); {LAYOUT}") from None
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise UsageError(f"{path}: `icl_tasks` is no list of tasks; {LAYOUT}")
    labels = [entry.get("label") for entry in listed]
    twice = sorted({str(label) for label in labels if labels.count(label) > 1})
    if twice:
        raise UsageError(f"{path}: {', '.join(twice)} is listed twice")
    return listed


def _task(folder: Path, entry: dict[str, Any], baselines: dict[str, float]) -> Task:
    try:
        label, kind, shots = str(entry["label"]), Kind(entry["icl_task_type"]), entry["num_fewshot"]
        path = folder / "eval_data" / entry["dataset_uri"]
    except (KeyError, ValueError) as error:
        raise UsageError(f"{folder / 'core.yaml'}: task {entry.get('label')}: {error}") from None
    if label not in baselines:
        raise UsageError(f"{folder / 'eval_meta_data.csv'}: no random baseline of {label}")
    number = int(shots[0] if isinstance(shots, list) else shots)
    return Task(label, kind, number, entry.get("continuation_delimiter", " "), baselines[label], path)


def _baselines(path: Path) -> dict[str, float]:
    """Share of right guesses a task."""
    try:
        return {row["Eval Task"]: float(row["Random baseline"]) / 100 for row in csv.DictReader(_text(path).splitlines())}
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(f"{path}: want columns `Eval Task` and `Random baseline` in percent ({error})") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise UsageError(f"{path} is not there; {LAYOUT}") from None


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """`file:line` and the object on it."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{path}:{number}: no JSON: {error}") from None
            yield f"{path}:{number}", found


def _item(kind: Kind, line: dict[str, Any], where: str) -> Item:
    try:
        match kind:
            case Kind.MULTIPLE_CHOICE:
                found = Item(tuple((_said(line["query"]), _said(choice)) for choice in line["choices"]), int(line["gold"]))
            case Kind.SCHEMA:
                contexts, continuation = line["context_options"], _said(line["continuation"])
                found = Item(tuple((_said(context), continuation) for context in contexts), int(line["gold"]))
            case Kind.LANGUAGE_MODELING:
                found = Item(((_said(line["context"]).strip(), _said(line["continuation"])),))
    except (KeyError, TypeError, ValueError) as error:
        why = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{where}: no {kind} item: {why}") from None
    if not 0 <= found.gold < len(found.options) or not all(continuation.strip() for _, continuation in found.options):
        raise UsageError(f"{where}: gold {found.gold} is none of {len(found.options)} options, or a continuation is empty")
    return found


def _said(value: object) -> str:
    """A text; a number may stand for one, a list may not."""
    if not isinstance(value, str | int | float):
        raise TypeError(f"{value!r} is no text")
    return str(value)
