"""A tiny corpus and one tiny trained run, each built once per session, and ways to run the trainer."""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import starter
import torch.distributed as dist
from starter import Command, Starter

from trainer.measure import cli, digests

ROOT = digests.PACKAGE.parent
TINY = "aspect: 64\nsequence_length: 64\nbatch_tokens: 512\n"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of the trainer to run, and to edit."""

    root: Path

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in one of its files; `old` has to be there."""
        path = self.root / "trainer" / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """`python -m trainer …` as the lab runs it: cwd and PYTHONPATH the snapshot, an almost empty environment; what trains
        is forked from an image of torch."""
        if starter.POSSIBLE and arguments[0] == "train":
            return _starter().run(self._command(["trainer", *arguments], environment))[0]
        return self._python("-m", "trainer", *arguments, **environment)

    def python(self, module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """`python -m` another module of the trainer."""
        return self._python("-m", module, *arguments)

    def torchrun(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """The same in two processes; arguments that begin with a script run that instead of the trainer."""
        what = () if str(arguments[0]).endswith(".py") else ("-m", "trainer")
        return self._python("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", *what, *arguments)

    def ranks(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """The same, forked from an image of torch and without torchrun, which is two thirds of such a test."""
        if not starter.POSSIBLE:
            return self.torchrun(*arguments)
        store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # as torchrun's: its port is free
        told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port), "WORLD_SIZE": "2"}
        told |= {"TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0"}
        what = arguments if str(arguments[0]).endswith(".py") else ("trainer", *arguments)
        done = _starter().run(*(self._command(what, told | {"RANK": rank, "LOCAL_RANK": rank}) for rank in "01"))
        said = ["".join(part) for part in zip(*((one.stdout, one.stderr) for one in done), strict=True)]
        return subprocess.CompletedProcess(arguments, next((one.returncode for one in done if one.returncode), 0), *said)

    def _python(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        asked = self._command(arguments, environment)
        return subprocess.run(
            [sys.executable, *asked.arguments], cwd=asked.cwd, env=asked.environment, capture_output=True, text=True,
            timeout=starter.SECONDS, check=False,
        )  # fmt: skip

    def _command(self, arguments: Sequence[str | Path], environment: Mapping[str, str]) -> Command:
        return Command([str(a) for a in arguments], str(self.root), _ENVIRONMENT | {"PYTHONPATH": str(self.root), **environment})


_ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
    "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1",
}  # fmt: skip


@functools.cache
def _starter() -> Starter:
    """One a session, which ends with it."""
    return Starter(_ENVIRONMENT)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder: 0.4 MB, vocabulary 512."""
    folder = tmp_path_factory.mktemp("data")
    assert cli.main(["prepare", "--data", str(folder), "--max-mb", "0.4", "--vocab", "512"]) == 0
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe file that makes a model of a few milliseconds a step."""
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def shipped() -> Snapshot:
    """The trainer where it stands; not to be edited."""
    return Snapshot(ROOT)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """The trainer as it stands, free to edit."""
    root = tmp_path / "snapshot"
    shutil.copytree(digests.PACKAGE, root / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    return Snapshot(root)


@pytest.fixture(scope="session")
def train(data: Path, tiny: Path) -> Callable[..., int]:
    """Train in this process: train(out, seed=1, budget="8step", recipe=tiny) → exit code."""

    def run(out: Path, *, seed: int = 1, budget: str = "8step", recipe: Path = tiny, more: tuple[object, ...] = ()) -> int:
        arguments = ["train", "--seed", seed, "--budget", budget, "--depth", 1, "--data", data, "--out", out]
        return cli.main([str(argument) for argument in (*arguments, "--recipe", recipe, *more)])

    return run


@dataclass(frozen=True, slots=True)
class Scored:
    """A finished run, its evaluation's standard output, and the result."""

    run: Path
    stdout: str
    result: dict[str, Any]


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory, data: Path, train: Callable[..., int]) -> Scored:
    """A run of 30 steps, evaluated on the command line."""
    run = tmp_path_factory.mktemp("runs") / "run"
    assert train(run, budget="30step") == 0
    done = Snapshot(ROOT).run("evaluate", "--run", run, "--data", data)
    assert done.returncode == 0, done.stderr
    return Scored(run, done.stdout, json.loads(done.stdout))
