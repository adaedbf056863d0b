"""A folder with a short path, the scripted server, and the real program in a pane; everything ends with the test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from claude_bench import Bench, Plan, bench_in, clis
from models import ModelServer


@pytest.fixture
def folder() -> Iterator[Path]:
    """Below it a socket's path is short enough."""
    made = Path(tempfile.mkdtemp(prefix="org-c-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def plan() -> Plan:
    return Plan()


@pytest.fixture
def server(plan: Plan) -> Iterator[ModelServer]:
    with ModelServer(plan) as running:
        yield running


@pytest.fixture
def bench_of(folder: Path, server: ModelServer, plan: Plan) -> Iterator[Callable[..., Bench]]:
    """Makes benches: `bench_of(args=(…))`."""
    if clis() is None:
        pytest.skip("claude is neither in ORG_TEST_CLIS nor on PATH")
    made: list[Bench] = []

    def make(agent: str = "junior-1", **entry: object) -> Bench:
        made.append(bench_in(folder, server, plan, agent, made[0].grid if made else None, **entry))
        return made[-1]

    yield make
    if made:
        made[0].grid.kill_server()


@pytest.fixture
def bench(bench_of: Callable[..., Bench]) -> Bench:
    return bench_of()
