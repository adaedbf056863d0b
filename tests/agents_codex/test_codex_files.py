"""What an agent's CODEX_HOME holds, and the command line of its pane."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from seats import seat_in

from org.agents.backend import Nudging, Seat
from org.agents.codex import conversation, files, login
from org.agents.codex.backend import Codex
from org.model.errors import ConfigError

CODEX = Codex()


def person(folder: Path, config: str = "", auth: bool = True) -> dict[str, str]:
    """A person's environment: a home with Codex's files, and a codex on PATH."""
    home, bin = folder / "person" / ".codex", folder / "bin"
    home.mkdir(parents=True)
    bin.mkdir()
    (bin / "codex").write_text("#!/bin/sh\necho codex-cli 0.169.0\n")
    (bin / "codex").chmod(0o755)
    (home / "config.toml").write_text(config)
    if auth:
        (home / "auth.json").write_text('{"auth_mode": "chatgpt"}')
    return {"HOME": str(folder / "person"), "PATH": f"{bin}:/usr/bin:/bin"}


def seated(folder: Path, config: str = "", auth: bool = True, environment: dict[str, str] | None = None, **entry: object) -> Seat:
    return seat_in(folder / "lab", "junior-1", person(folder, config, auth) | (environment or {}), backend="codex", **entry)


def settings(seat: Seat) -> dict:
    CODEX.prepare(seat)
    return tomllib.loads((files.home(seat) / "config.toml").read_text())


def contents(folder: Path) -> dict[str, str]:
    found = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    return {str(path): os.readlink(path) if path.is_symlink() else path.read_text() for path in found}


def test_a_person_who_is_logged_in_needs_nothing_else(tmp_path):
    seat = seated(tmp_path)
    assert CODEX.check(seat) == [] and CODEX.nudging is Nudging.TYPED and CODEX.stash() is None
    CODEX.prepare(seat)
    link = files.home(seat) / "auth.json"
    assert link.is_symlink() and link.resolve() == (tmp_path / "person" / ".codex" / "auth.json")


def test_nobody_logged_in_says_how(tmp_path):
    (told,) = CODEX.check(seated(tmp_path, auth=False))
    assert "codex login" in told and "key_env: OPENAI_API_KEY" in told and "junior-1" in told


def test_a_key_that_is_not_set_is_named_and_never_written(tmp_path):
    seat = seated(tmp_path, auth=False, key_env="LAB_KEY")
    assert "LAB_KEY, which is not set" in CODEX.check(seat)[0]
    seat = seat_in(seat.root, "junior-1", {**seat.environment, "LAB_KEY": "sk-very-secret"}, backend="codex", key_env="LAB_KEY")
    assert CODEX.check(seat) == []
    assert settings(seat)["model_providers"]["org"] == {
        "name": "org", "base_url": login.OPENAI, "wire_api": "responses", "env_key": "LAB_KEY"}  # fmt: skip
    command = CODEX.pane_command(seat)
    assert "LAB_KEY" in command.keeps
    assert "sk-very-secret" not in str(contents(seat.home)) + str(command)


def test_another_server_needs_no_key(tmp_path):
    seat = seated(tmp_path, auth=False, base_url="http://127.0.0.1:9/v1", model="small")
    told = settings(seat)
    assert CODEX.check(seat) == [] and told["model"] == "small" and told["model_provider"] == "org"
    assert told["model_providers"]["org"] == {"name": "org", "base_url": "http://127.0.0.1:9/v1", "wire_api": "responses"}


def test_a_provider_of_the_person_keeps_its_own_key(tmp_path):
    provider = 'base_url = "http://h/v1"\nenv_key = "MINE"\nenv_http_headers = {X = "TEAM"}'
    config = f'model_provider = "mine"\n[model_providers.mine]\n{provider}\n'
    seat = seated(tmp_path, config, auth=False)
    assert "MINE, TEAM, which is not set" in CODEX.check(seat)[0]
    assert {"MINE", "TEAM"} <= set(CODEX.pane_command(seat).keeps) and settings(seat)["model_provider"] == "mine"


def test_a_provider_that_codex_brings_itself_needs_no_login(tmp_path):
    assert CODEX.check(seated(tmp_path, 'model_provider = "ollama"\n', auth=False)) == []


def test_a_missing_program_says_how_to_install_it(tmp_path):
    seat = seat_in(tmp_path, environment={"PATH": str(tmp_path), "HOME": str(tmp_path)}, backend="codex")
    assert "npm install -g @openai/codex" in CODEX.check(seat)[0]
    with pytest.raises(ConfigError, match="codex is not on PATH"):
        CODEX.pane_command(seat)


def test_an_unreadable_config_of_the_person_is_named(tmp_path):
    seat = seated(tmp_path, "model = \n")
    assert "config.toml" in CODEX.check(seat)[0] and "junior-1" in CODEX.check(seat)[0]


def test_a_tested_version_is_no_note_and_another_one_is(tmp_path):
    seat = seated(tmp_path)
    (sandbox,) = CODEX.notes(seat)
    assert "without a sandbox" in sandbox
    (tmp_path / "bin" / "codex").write_text("#!/bin/sh\necho codex-cli 9.9.9\n")
    assert "codex 9.9.9 was not tested" in CODEX.notes(seat)[1]


def test_the_persons_models_stay_and_what_reaches_beyond_the_lab_goes(tmp_path):
    config = """
model = "gpt-x"
model_reasoning_effort = "high"
notify = ["my-notifier"]
approval_policy = "untrusted"
[mcp_servers.mail]
command = "mail"
[projects."/elsewhere"]
trust_level = "trusted"
[features]
web_search_request = true
multi_agent = true
[shell_environment_policy]
inherit = "none"
[tui]
status_line = []
"""
    told = settings(seated(tmp_path, config))
    assert told["model"] == "gpt-x" and told["model_reasoning_effort"] == "high"
    assert told["features"]["web_search_request"] is True
    assert not {"notify", "approval_policy", "mcp_servers"} & set(told) and "/elsewhere" not in told["projects"]
    assert told["features"]["multi_agent"] is False and "status_line" not in told["tui"]
    assert told["shell_environment_policy"]["inherit"] == "all"


def test_an_agents_commands_see_their_own_name_and_no_device(tmp_path):
    told = settings(seated(tmp_path))["shell_environment_policy"]
    assert told["set"] == {"ORG_AGENT": "junior-1", "ORG_LAB": "comms", "CUDA_VISIBLE_DEVICES": ""}
    assert told["ignore_default_excludes"] is False


def test_the_main_worktree_and_the_agents_are_trusted_and_no_daemon_or_question_is_started(tmp_path):
    seat = seated(tmp_path)
    told = settings(seat)
    assert {str(seat.root), str(seat.worktree)} <= set(told["projects"])
    assert told["features"]["daemon_auto_start"] is False and told["check_for_update_on_startup"] is False
    assert told["notice"]["hide_rate_limit_model_nudge"] is True and told["allow_login_shell"] is False


def test_the_role_is_linked_so_that_a_new_assignment_is_read(tmp_path):
    seat = seated(tmp_path)
    CODEX.prepare(seat)
    seat.prompt.write_text("first role")
    assert (files.home(seat) / "AGENTS.md").read_text() == "first role"
    seat.prompt.write_text("second role")
    assert (files.home(seat) / "AGENTS.md").read_text() == "second role"


def test_preparing_twice_changes_nothing_and_the_worktree_stays_as_it_is(tmp_path):
    seat = seated(tmp_path, 'model = "m"\n')
    seat.worktree.mkdir(parents=True)
    CODEX.prepare(seat)
    first = contents(seat.home)
    CODEX.prepare(seat)
    assert contents(seat.home) == first and list(seat.worktree.iterdir()) == []


def test_every_event_is_reported_and_shell_commands_pass_the_guard(tmp_path):
    seat = seated(tmp_path)
    CODEX.prepare(seat)
    hooks = json.loads((files.home(seat) / "hooks.json").read_text())["hooks"]
    reports = {event: entries[0]["hooks"][0]["command"] for event, entries in hooks.items()}
    assert set(reports) == set(files.EVENTS) and all(str(seat.hooks) in c and c.endswith(" junior-1") for c in reports.values())
    assert hooks["PreToolUse"][1]["matcher"] == "Bash" and "guard.py" in hooks["PreToolUse"][1]["hooks"][0]["command"]
    assert hooks["Interrupt"][0]["hooks"][0]["timeout"] <= 3


def test_a_first_start_begins_a_conversation_with_the_reserved_token(tmp_path):
    command = CODEX.pane_command(seated(tmp_path, args=("--search",)))
    assert command.argv[0].endswith("/codex") and "resume" not in command.argv and "--search" in command.argv
    assert "--no-daemon" in command.argv and command.argv[-1].startswith("ORG-0 ") and "you are junior-1" in command.argv[-1]
    assert command.environment["CODEX_HOME"].endswith("home/codex") and command.environment["CUDA_VISIBLE_DEVICES"] == ""


def rollout(seat: Seat, session: str, source: str = "cli", seconds: int = 0) -> Path:
    path = files.home(seat) / "sessions" / "2026" / "11" / "21" / f"rollout-2026-11-21T06-00-0{seconds}-{session}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "session_meta", "payload": {"id": session, "source": source}}) + "\n")
    os.utime(path, (1000 + seconds, 1000 + seconds))
    return path


def test_the_conversation_that_moved_last_is_resumed_and_told_that_old_orders_are_lifted(tmp_path):
    seat = seated(tmp_path)
    rollout(seat, "first", seconds=1)
    rollout(seat, "second", seconds=2)
    rollout(seat, "began-with-exec", source="exec", seconds=3)
    command = CODEX.pane_command(seat)
    assert command.argv[1:3] == ("resume", "second")
    assert command.argv[-1].startswith("ORG-0 ") and "replaces older orders" in command.argv[-1]


def test_a_lost_conversation_is_begun_anew_and_said(tmp_path):
    seat = seated(tmp_path)
    conversation.remember(seat, "gone-1")
    rollout(seat, "gone-1").write_text("damaged")
    command = CODEX.pane_command(seat)
    assert "resume" not in command.argv and "(gone-1) cannot be found" in command.argv[-1]


def test_while_a_person_has_the_agent_a_start_says_nothing(tmp_path):
    seat = seated(tmp_path)
    rollout(seat, "first")
    seat.hold.parent.mkdir(parents=True, exist_ok=True)
    seat.hold.touch()
    assert not any("ORG-0" in word for word in CODEX.pane_command(seat).argv)


def test_a_codex_home_that_only_the_start_saw_is_remembered_for_restarts(tmp_path):
    seat = seated(tmp_path, auth=False)
    own = tmp_path / "own"
    own.mkdir()
    (own / "auth.json").write_text("{}")
    CODEX.prepare(seat_in(seat.root, "junior-1", {**seat.environment, "CODEX_HOME": str(own)}, backend="codex"))
    assert login.persons_home(seat) == own and CODEX.check(seat) == []
