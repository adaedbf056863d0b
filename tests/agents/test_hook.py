"""The hook that coding agents' programs run: one row an event, no key in it, status 0 whatever comes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from org.agents import hook

SHAPED = "sk-ant-" + "a1B2c3D4" * 4


def run(file: Path, payload: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", hook.__file__, str(file), "junior-1"]
    return subprocess.run(
        command, input=payload, env={**os.environ, **environment}, cwd=file.parent, capture_output=True, text=True, check=False
    )


def rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line)["event"] for line in file.read_text(encoding="utf-8").splitlines()]


def test_keys_in_what_agents_and_people_say_are_not_written(tmp_path: Path) -> None:
    file = tmp_path / "hooks.jsonl"
    said = {"hook_event_name": "UserPromptSubmit", "prompt": f"use hunter2hunter2 and {SHAPED}", "message": "no key here"}
    assert run(file, json.dumps(said), MY_API_KEY="hunter2hunter2").returncode == 0
    assert rows(file) == [{**said, "prompt": "use [MY_API_KEY] and [secret]"}]


def test_a_key_that_the_cut_would_tear_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "hooks.jsonl"
    run(file, json.dumps({"last_assistant_message": "x" * (hook.LONGEST - 12) + SHAPED}))
    assert SHAPED[:10] not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("payload", ["", "{", "[]"])
def test_it_never_fails(tmp_path: Path, payload: str) -> None:
    assert run(tmp_path / "hooks.jsonl", payload).returncode == 0
