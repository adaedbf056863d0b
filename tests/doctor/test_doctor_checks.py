"""Each check of the doctor: what is fine, what is not, and that the fix is said."""

import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from org.config import AgentConfig, Config
from org.lab.doctor import agents, cards, ceilings, clock, disk, sandbox, sockets, task, tools
from org.lab.doctor.examine import examine
from org.lab.doctor.finding import Finding, Level, ok
from org.model.errors import OrgError
from org.runs.gpus import Gpu
from org.runs.host import Limits, Memory

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
H100 = "NVIDIA H100 80GB HBM3"


def levels(found: list[Finding]) -> list[str]:
    """The levels; whatever is not fine has a fix of one line."""
    assert all(bool(f.fix) is (f.level is not Level.OK) and "\n" not in f.fix for f in found), found
    return [f.level.value for f in found]


@pytest.mark.parametrize(
    ("what", "version", "oldest", "level"),
    [
        ("git", "2.39.5", (2, 38), "ok"),
        ("git", "2.51.0 (Apple Git-155)", (2, 38), "ok"),
        ("git", "2.30.2", (2, 38), "problem"),
        ("git", "", (2, 38), "problem"),
        ("tmux", "3.7b", (3, 2), "ok"),
        ("tmux", "2.9a", (3, 2), "problem"),
        ("tmux", "master", (3, 2), "ok"),
        ("SQLite", "3.31.1", tools.STRICT_TABLES, "problem"),
    ],
)
def test_tools_have_to_be_there_and_new_enough(what: str, version: str, oldest: tuple[int, int], level: str) -> None:
    assert levels([tools.judge(what, version, oldest, "install it")]) == [level]


@pytest.mark.parametrize(("version", "level"), [("3.3a", "warning"), ("3.3", "ok"), ("3.4", "ok"), ("13.3a", "ok")])
def test_the_tmux_that_dies_of_a_paste_is_a_warning(version: str, level: str) -> None:
    found = tools.dead_pane_trap(tools.judge("tmux", version, (3, 2), "install it"))
    assert levels([found]) == [level]


@pytest.mark.parametrize(
    ("name", "said", "level"),
    [
        ("claude", "2.1.329 (Claude Code)", "ok"),
        ("claude", "2.1.330 (Claude Code)", "warning"),
        ("codex", "codex-cli 0.169.0", "ok"),
        ("codex", "codex-cli 0.170.0-alpha.1", "warning"),
        ("codex", "Error: cannot find module", "problem"),
        ("codex", "", "problem"),
    ],
)
def test_programs_of_agents_are_of_a_tested_version(name: str, said: str, level: str) -> None:
    assert levels([agents.judge_version(name, said)]) == [level]


def test_what_a_backend_says_is_parted_into_finding_and_fix() -> None:
    assert agents.parted("claude is not logged in; run `claude`; or export K") == (
        "claude is not logged in",
        "run `claude`; or export K",
    )
    assert agents.parted("there is no backend 'x'")[1]


def test_root_without_a_word_about_the_machine_is_a_warning() -> None:
    assert levels(list(agents.as_root(True, False))) == ["warning"]
    assert levels(list(agents.as_root(True, True))) == ["ok"]
    assert list(agents.as_root(False, False)) == []


def test_memory_is_counted_an_agent_and_a_run() -> None:
    entries = [AgentConfig(role="junior", backend="claude")] * 4 + [AgentConfig(role="junior", backend="codex")] * 4
    wanted = agents.memory_mb(entries, slots=8)
    assert wanted == 4 * agents.MEMORY_MB["claude"] + 4 * agents.MEMORY_MB["codex"] + 8 * agents.RUN_MB
    for memory, level in ((Memory(64_000, 50_000), "ok"), (Memory(64_000, 9_000), "warning"), (Memory(8_000, 7_000), "problem")):
        assert levels([agents.judge_memory(memory, wanted, 8)]) == [level]


@pytest.mark.parametrize(
    ("gpu", "holder", "expected"),
    [
        (Gpu(0, H100, 81559, 500), None, []),
        (Gpu(0, H100, 81559, 70000, (17,)), "main R7", []),
        (Gpu(0, H100, 81559, 70000, (17,)), None, ["warning"]),
        (Gpu(0, H100, compute_mode="prohibited"), None, ["problem"]),
        (Gpu(0, H100, compute_mode="exclusive_process"), None, []),
        (Gpu(0, H100, mig=True), None, ["warning"]),
        (Gpu(0, H100, ecc_errors=2), None, ["problem"]),
        (Gpu(0, H100, slowed=("too hot",)), None, ["warning"]),
    ],
)
def test_a_card_s_ills_are_told(gpu: Gpu, holder: str | None, expected: list[str]) -> None:
    assert levels(list(cards.ills(gpu, holder))) == expected


@pytest.mark.parametrize(
    ("said", "gpus", "expected"),
    [
        ({"torch": "2.13.0+cpu"}, 0, ["ok"]),
        ({"torch": None}, 0, ["problem"]),
        ({"torch": "2.13.0+cpu", "tiktoken": None}, 0, ["problem"]),
        ({"torch": "2.5.1"}, 0, ["warning"]),
        ({"torch": "2.14.0"}, 0, ["warning"]),
        ({"torch": "2.13.0+cpu", "cuda": None, "sees": 0}, 8, ["problem", "warning"]),
        ({"torch": "2.13.0", "cuda": "12.8", "sees": 4}, 8, ["problem", "warning"]),
        ({"torch": "2.13.0", "cuda": "12.8", "sees": 8}, 8, ["ok", "warning"]),
        ({"torch": "2.13.0", "cuda": "12.8", "sees": 8, "attention": ["flash_attn_interface"]}, 8, ["ok"]),
    ],
)
def test_torch_has_to_fit_the_devices(said: dict[str, Any], gpus: int, expected: list[str]) -> None:
    told = {"rustbpe": "0.1", "tiktoken": "0.7", "attention": [], **said}
    assert levels(list(task.judge(told, [H100] * gpus))) == expected


@pytest.mark.parametrize(
    ("template", "program"),
    [
        ("{python} -m trainer train", None),
        ("uv run train.py", "uv"),
        ("env UV_PROJECT_ENVIRONMENT={data}/venv uv run train.py", "uv"),
        ("OMP_NUM_THREADS=1 {data}/venv/bin/python -m x", None),
        ("sh -c 'uv sync'", "sh"),
    ],
)
def test_the_program_of_a_command_is_found(template: str, program: str | None) -> None:
    assert task.first_program(template) == program


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (("--full-auto",), "--full-auto"),
        (("-s", "workspace-write"), "-s workspace-write"),
        (("--sandbox=read-only",), "--sandbox read-only"),
        (("-c", "sandbox_mode=workspace-write"), "-c sandbox_mode=workspace-write"),
        (("--sandbox", "danger-full-access"), None),
        (("--model", "read-only"), None),
        ((), None),
    ],
)
def test_a_sandbox_that_hides_devices_is_read_from_the_arguments(args: tuple[str, ...], found: str | None) -> None:
    assert sandbox.confinement(args) == found


def test_writing_is_tried_and_leaves_nothing(tmp_path: Path) -> None:
    assert levels([sandbox.writable("comms", tmp_path / "not" / "there")]) == ["ok"]
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    assert levels([sandbox.writable("comms", tmp_path / "file" / "below")]) == ["problem"]


def test_disk_is_judged_against_what_the_ladder_keeps() -> None:
    assert levels([disk.judge(500, 40, 50), disk.judge(80, 40, 50), disk.judge(10, 40, 50)]) == ["ok", "warning", "problem"]
    assert disk.checkpoint_gb(24) > 20 * disk.checkpoint_gb(8) / 10 > 0 and disk.checkpoint_gb(0) == 0
    assert 2 < disk.checkpoint_gb(24) < 12, "a GPT of depth 24 has about a billion weights"


@pytest.mark.parametrize(
    ("now", "newest", "kept", "level"),
    [
        (NOW, NOW - timedelta(days=3), True, "ok"),
        (NOW, None, None, "ok"),
        (NOW, NOW + timedelta(hours=12), True, "ok"),
        (NOW, NOW, False, "warning"),
        (datetime(1970, 1, 2, tzinfo=UTC), None, True, "problem"),
        (NOW, NOW + timedelta(days=40), True, "problem"),
    ],
)
def test_an_impossible_time_is_a_problem(now: datetime, newest: datetime | None, kept: bool | None, level: str) -> None:
    assert levels([clock.judge(now, newest, kept)]) == [level]


def test_a_socket_is_asked_and_never_removed() -> None:
    with tempfile.TemporaryDirectory(prefix="org-d") as folder:  # a socket's path has to be short
        path = Path(folder) / "s"
        assert levels([sockets.judge(path)]) == ["ok"]
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen()
            assert "a grid is up" in sockets.judge(path).says
        assert levels([sockets.judge(path)]) == ["warning"] and path.exists()
        path.unlink()
        path.write_text("")
        assert levels([sockets.judge(path)]) == ["problem"] and path.exists()
    assert levels([sockets.judge(Path("/tmp") / ("x" * 120))]) == ["warning"]


@pytest.mark.parametrize(
    ("limits", "agents", "expected"),
    [
        (Limits(65536, 524288, 1024), 9, ["ok", "ok"]),
        (Limits(1024, 524288, 1024), 16, ["warning", "ok"]),
        (Limits(256, 524288, 1024), 2, ["problem", "ok"]),
        (Limits(65536, 8192, 1024), 9, ["ok", "warning"]),
        (Limits(65536, 524288, 64), 9, ["ok", "warning"]),
        (Limits(65536), 9, ["ok"]),
    ],
)
def test_ceilings_are_judged_against_the_number_of_agents(limits: Limits, agents: int, expected: list[str]) -> None:
    assert levels(list(ceilings.judge(limits, agents))) == expected


def test_a_check_that_fails_is_a_finding_and_the_others_are_made() -> None:
    def broken(subject: object) -> list[Finding]:
        raise OrgError("git is at lunch")

    def late(subject: object) -> list[Finding]:
        raise subprocess.TimeoutExpired("claude", 30)

    fine = ok("last", "made")
    found = examine(None, {"first": broken, "second": late, "last": lambda subject: [fine]})  # type: ignore[arg-type]
    assert levels(found) == ["problem", "problem", "ok"] and "at lunch" in found[0].says and found[2] == fine


def test_torch_is_asked_in_a_process_of_its_own() -> None:
    code = "import os, sys; from org.lab.doctor import task; print(task._ask(sys.executable, os.environ, with_cuda=True)); "
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told, imported = done.stdout.splitlines()
    assert "'torch': '" in told and "'cuda'" in told and "'sees': " in told and imported == "False"


def test_the_disk_that_is_wanted_follows_the_first_rung() -> None:
    ladder = [{"depth": 8, "run_budget": "300s", "pool": 8}, {"depth": 24, "devices": 8, "run_budget": "9000s"}]
    told = {"command": "x", "evaluate": "y", "editable": ["a"], "ladder": ladder}
    config = Config.model_validate({"lab": "t", "structure": "solo", "agents": [{"role": "junior"}], "task": told})
    assert disk.wanted_gb(config, 8) == pytest.approx(16 * disk.checkpoint_gb(8) + disk.SNAPSHOTS_GB)
