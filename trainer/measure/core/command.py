"""`python -m trainer core`: parse, one call, one JSON line; the table goes to standard error."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from trainer.measure.core import prompts
from trainer.measure.errors import UsageError


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command to the trainer's; --data is added with everybody's."""
    parser: argparse.ArgumentParser = commands.add_parser("core", help="the CORE metric over an evaluation bundle")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, required=True, help="folder with core.yaml, eval_meta_data.csv and eval_data/")
    parser.add_argument("--max-per-task", type=int, help="items of each task, the same ones every time; default: all")
    parser.add_argument("--seed", type=int, default=prompts.SEED, help="of the examples before an item")
    parser.add_argument("--partial", action="store_true", help="the mean of the tasks that are there, which is not CORE")
    parser.add_argument("--device", default="cpu", help="cpu | cuda | cuda:i, or several with commas between")
    parser.set_defaults(call=_core)
    return parser


def _core(given: argparse.Namespace) -> None:
    if given.max_per_task is not None and given.max_per_task < 1:
        raise UsageError(f"--max-per-task {given.max_per_task}: want at least 1")
    from trainer.measure import files
    from trainer.measure.core.evaluation import Request, evaluate

    devices = tuple(given.device.split(","))
    asked = Request(given.run, given.data, given.bundle, devices, given.max_per_task, given.seed, given.partial)
    result = evaluate(asked, lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps(result), flush=True)
    files.write_json(given.run / "core.json", result)
