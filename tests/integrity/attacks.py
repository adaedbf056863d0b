"""The trainer with something added to what may be edited, a run of it, and what its evaluation says of that run."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from trainer.measure import digests

STEP = """
_call = TrainStep.__call__


def _edited(self, *given):
{body}
    return _call(self, *given)


TrainStep.__call__ = _edited
"""
LOGITS = """
_logits = GPT.logits


def _edited(self, tokens):
    logits = _logits(self, tokens)
{body}
    return logits


GPT.logits = _edited
"""


def environment(root: Path) -> dict[str, str]:
    """As the lab builds it for a run."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    return keep | quiet | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(root)}


class Zygote:
    """See zygote.py. One for all tests of the folder."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
        env = {k: v for k, v in environment(Path()).items() if k != "PYTHONPATH"}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def run(self, folder: Path, arguments: list[str], log: Path) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"folder": str(folder), "arguments": arguments, "log": str(log)}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)


@dataclass(frozen=True)
class Attack:
    """root: a snapshot of the trainer, its own. data: a prepared folder; `own_data` before one is changed."""

    root: Path
    data: Path
    recipe: Path
    zygote: Zygote

    @property
    def run(self) -> Path:
        return self.root.parent / "run"

    def add(self, file: str, text: str) -> None:
        """Append to a file of the snapshot, or make it."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as out:
            out.write("\n\n" + dedent(text))

    def in_step(self, body: str) -> None:
        """Code before every training step; `given` are inputs, targets, progress."""
        self.add("trainer/step.py", STEP.format(body=indent(dedent(body).strip(), "    ")))

    def in_logits(self, body: str) -> None:
        """Code after the model's logits: `self`, `tokens` (B, T), `logits` (B, T, V)."""
        self.add("trainer/model.py", LOGITS.format(body=indent(dedent(body).strip(), "    ")))

    def own_data(self) -> "Attack":
        copy = self.root.parent / "data"
        shutil.copytree(self.data, copy)
        return Attack(self.root, copy, self.recipe, self.zygote)

    def train(self, budget: str = "3step", fresh: bool = False) -> dict[str, Any]:
        """The record of a run. fresh: in an interpreter of its own, started in the snapshot."""
        arguments = ["train", "--seed", "1", "--budget", budget, "--depth", "1", "--data", self.data, "--out", self.run]
        status = self._trainer([*arguments, "--recipe", self.recipe], fresh)
        assert status == 0, self.log.read_text()
        record: dict[str, Any] = json.loads((self.run / "train.json").read_text())
        return record

    def evaluate(self, fresh: bool = False) -> dict[str, Any]:
        """What the scorer says of the run."""
        self.log.unlink(missing_ok=True)
        status = self._trainer(["evaluate", "--run", self.run, "--data", self.data], fresh)
        assert status == 0, self.log.read_text()
        result: dict[str, Any] = json.loads(self.log.read_text().splitlines()[-1])
        return result

    def adopt(self, trained: Path) -> None:
        """Take over a run that other code trained, as if this snapshot's had: what is looked at is the score."""
        shutil.copytree(trained, self.run, dirs_exist_ok=True)
        code = digests.of_sources(self.root / "trainer")
        record = json.loads((self.run / "train.json").read_text()) | {"code_digest": code}
        (self.run / "train.json").write_text(json.dumps(record))

    def refused(self, budget: str = "3step", fresh: bool = False) -> str:
        """Train, evaluate, and the reason why the score does not count."""
        self.train(budget, fresh)
        return self.reason(fresh)

    def reason(self, fresh: bool = False) -> str:
        result = self.evaluate(fresh)
        assert (result["valid"], result["value"]) == (False, None), result
        return str(result["reason"])

    @property
    def log(self) -> Path:
        return self.root.parent / "log"

    def _trainer(self, arguments: list[object], fresh: bool) -> int:
        told = [str(argument) for argument in arguments]
        if not fresh:
            return self.zygote.run(self.root, told, self.log)
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "trainer", *told]
            return subprocess.run(
                command, cwd=self.root, env=environment(self.root), stdout=log, stderr=log, check=False
            ).returncode


def snapshot(folder: Path, trainer: Path = digests.PACKAGE) -> Path:
    """A copy of the trainer to edit."""
    root = folder / "snapshot"
    shutil.copytree(trainer, root / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    return root
