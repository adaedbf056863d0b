"""The commands: parse, one call, one answer. Each imports only what it needs; only plan, train, epochs and sample need torch."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from trainer.measure import budget, compute_command, machine, plan, prepare_command
from trainer.measure.core import command as core_metric
from trainer.measure.errors import TrainerError, UsageError


class Parser(argparse.ArgumentParser):
    """Argument errors as one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Called by argparse for whatever it cannot parse."""
        raise UsageError(f"{self.prog}: {message}")


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code; what went wrong is one line on standard error."""
    machine.quiet()
    try:
        given = _parser().parse_args(arguments)
        given.call(given)
    except TrainerError as error:
        if str(error):  # a rank whose end another rank explains says nothing
            print(f"trainer: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> Parser:
    parser = Parser(prog="python -m trainer", description="Train a small GPT and score it.")
    commands = parser.add_subparsers(required=True, metavar="prepare|plan|train|evaluate|core|fingerprint|epochs|compute|sample")
    prepare = prepare_command.add(commands)
    plan.add(commands)
    train = commands.add_parser("train", help="train one model")
    train.add_argument("--seed", type=int, required=True)
    train.add_argument("--data-seed", type=int, help="of the data order alone; default: --seed")
    train.add_argument("--out", type=Path, required=True, help="run folder")
    train.add_argument("--recipe", type=Path, help="YAML laid over trainer/recipe.yaml")
    train.add_argument("--save-minutes", type=float, default=10.0, help="how often to save what a killed run would go on from")
    evaluate = commands.add_parser("evaluate", help="score a run in bits per byte")
    core = core_metric.add(commands)
    fingerprint = commands.add_parser("fingerprint", help="what makes scores comparable")
    epochs = commands.add_parser("epochs", help="how often a run would pass its corpus, and what its data lacks")
    compute_command.add(commands)
    sample = commands.add_parser("sample", help="let a run's model write")
    sample.add_argument("--prompt", action="append", help="may be given several times; - reads one a line; default: three")
    sample.add_argument("--tokens", type=int, default=100, help="most tokens after a prompt")
    sample.add_argument("--temperature", type=float, default=0.8, help="0 takes the likeliest token")
    sample.add_argument("--top-k", type=int, default=50, help="draw from so many likeliest tokens; 0 = from all")
    sample.add_argument("--seed", type=int, default=0, help="another one writes another text")
    for command in (train, epochs):
        command.add_argument("--budget", required=True, help="400step | 5e7tok | 2e15flop | 300s")
        command.add_argument("--depth", type=int, required=True, help="layers; the model's one size")
    for command in (evaluate, sample):
        command.add_argument("--run", type=Path, required=True)
    for command in (train, evaluate, epochs, sample):
        command.add_argument("--device", default="cpu", help="cpu | cuda | cuda:i")
    for command, call in (
        (train, _train),
        (evaluate, _evaluate),
        (fingerprint, _fingerprint),
        (epochs, _epochs),
        (sample, _sample),
    ):
        command.set_defaults(call=call)
    for command in (prepare, train, evaluate, core, fingerprint, epochs, sample):
        command.add_argument("--data", type=Path, required=True, help="data folder")
    return parser


def _train(given: argparse.Namespace) -> None:
    wanted = _budget(given)
    from trainer.measure import custody

    custody.begin()  # before anything that may be edited is imported
    from trainer.measure.request import Request
    from trainer.measure.train import train

    asked = Request(given.seed, wanted, given.depth, given.data, given.out, given.device, given.recipe, given.data_seed)
    record = train(replace(asked, save_minutes=given.save_minutes))
    if record is None:  # the first rank speaks
        return
    spent = f"{record['steps']} steps, {record['tokens']:,} tokens, {record['flops']:.3g} FLOPs, {record['total_seconds']:.1f} s"
    print(f"done: {spent}; next: python -m trainer evaluate --run {given.out} --data {given.data}")


def _evaluate(given: argparse.Namespace) -> None:
    from trainer.measure import files
    from trainer.measure.scorer import evaluate

    result = evaluate(given.run, given.data, given.device)
    print(json.dumps(result), flush=True)
    files.write_json(given.run / "result.json", result)


def _fingerprint(given: argparse.Namespace) -> None:
    from trainer.measure.fingerprint import fingerprint

    print(json.dumps(fingerprint(given.data)))


def _epochs(given: argparse.Namespace) -> None:
    wanted = _budget(given)
    from trainer.measure.epochs import epochs

    print(json.dumps(epochs(given.data, wanted, given.depth, given.device)))


def _budget(given: argparse.Namespace) -> budget.Budget:
    wanted = budget.parse(given.budget)
    if given.depth < 1:
        raise UsageError(f"--depth {given.depth}: want at least 1")
    return wanted


def _sample(given: argparse.Namespace) -> None:
    from trainer.measure.sample import Taste, Writer

    taste = Taste(given.temperature, given.top_k, given.tokens, given.seed)
    writer = Writer(given.run, given.data, given.device)
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    lines = (line.rstrip("\n") for line in sys.stdin)
    for prompt in lines if given.prompt == ["-"] else given.prompt or writer.prompts:
        print(bold + prompt + plain, end="", flush=True)
        for piece in writer.write(prompt, taste):
            print(piece, end="", flush=True)
        print("\n")
