"""What is prepared for Claude Code, without running it."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from seats import seat_in

from org.agents import hook
from org.agents.backend import Nudging, Seat
from org.agents.claude import conversation, files, login
from org.agents.claude.backend import Claude
from org.model.errors import ConfigError

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = "sk-abcdefghijklmnopqrstuvwxyz-0123456789"
CREDENTIALS = ".claude/.credentials.json"


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    return seat_with(tmp_path, {"ANTHROPIC_API_KEY": KEY})


def seat_with(folder: Path, environ: Mapping[str, str], **entry: object) -> Seat:
    """A seat on a machine with a claude program."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "claude").write_text("#!/bin/sh\n")
    (programs / "claude").chmod(0o755)
    basics = {"PATH": str(programs), "HOME": str(folder / "person"), "IS_SANDBOX": "1"}
    return seat_in(folder, "junior-1", {**basics, **environ}, backend="claude", **entry)


def config(seat: Seat) -> dict:  # type: ignore[type-arg]
    found = json.loads((files.folder(seat) / ".claude.json").read_text())
    assert isinstance(found, dict)
    return found


def settings(seat: Seat) -> dict:  # type: ignore[type-arg]
    found = json.loads(files.settings_file(seat).read_text())
    assert isinstance(found, dict)
    return found


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file()}


def test_preparing_twice_changes_nothing(seat: Seat) -> None:
    Claude().prepare(seat)
    before = contents(seat.home)
    Claude().prepare(seat)
    assert contents(seat.home) == before


def test_what_the_program_wrote_into_its_own_file_stays(seat: Seat) -> None:
    files.folder(seat).mkdir(parents=True)
    own = {"numStartups": 7, "projects": {str(seat.root): {"lastCost": 3}, "/elsewhere": {"a": 1}}}
    (files.folder(seat) / ".claude.json").write_text(json.dumps(own))
    Claude().prepare(seat)
    told = config(seat)
    assert told["numStartups"] == 7 and told["projects"]["/elsewhere"] == {"a": 1}
    assert told["projects"][str(seat.root)]["lastCost"] == 3 and told["projects"][str(seat.root)]["hasTrustDialogAccepted"]


def test_trust_is_kept_under_the_real_path_of_the_main_worktree_too(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    seat = seat_with(tmp_path / "link", {"ANTHROPIC_API_KEY": KEY})
    Claude().prepare(seat)
    assert {str(tmp_path / "link"), str(tmp_path / "real")} <= set(config(seat)["projects"])


def test_a_file_that_cannot_be_read_is_put_aside(seat: Seat) -> None:
    files.folder(seat).mkdir(parents=True)
    (files.folder(seat) / ".claude.json").write_text("{half")
    Claude().prepare(seat)
    assert config(seat)["hasCompletedOnboarding"]
    (aside,) = files.folder(seat).glob(".claude.json.unreadable-*")
    assert aside.read_text() == "{half"


def test_of_a_key_only_the_end_is_written_down_that_the_program_asks_for(seat: Seat) -> None:
    Claude().prepare(seat)
    assert config(seat)["customApiKeyResponses"] == {"approved": [KEY[-20:]], "rejected": []}
    assert not any(KEY.encode() in content for _, content in contents(seat.home).values())
    command = Claude().pane_command(seat)
    assert command.keeps == ("ANTHROPIC_API_KEY",) and KEY not in " ".join((*command.argv, *command.environment.values()))


def test_a_key_that_was_refused_by_hand_once_is_approved(seat: Seat) -> None:
    known = {"customApiKeyResponses": {"approved": [], "rejected": [KEY[-20:], "other"]}}
    answered = files.answered(known, login.find(seat), [])
    assert answered["customApiKeyResponses"] == {"approved": [KEY[-20:]], "rejected": ["other"]}


def test_every_hook_runs_a_program_of_ours_and_waits_are_long(seat: Seat) -> None:
    Claude().prepare(seat)
    table = settings(seat)["hooks"]
    assert all(hook.__file__ in table[event][0]["hooks"][0]["command"] for event in table)
    waiters = [h for entries in table.values() for e in entries for h in e["hooks"] if h.get("asyncRewake")]
    assert len(waiters) == 3 and all(h["command"].startswith("exec ") and h["timeout"] > 86400 for h in waiters)
    (again,) = [entry for entry in table["SessionStart"] if "matcher" in entry]
    assert again["matcher"] == "compact|clear" and str(seat.prompt) in again["hooks"][0]["command"]


def test_paths_with_spaces_are_quoted(tmp_path: Path) -> None:
    folder = tmp_path / "a lab"
    folder.mkdir()
    seat = seat_with(folder, {"ANTHROPIC_API_KEY": KEY})
    Claude().prepare(seat)
    assert f"'{seat.prompt}'" in json.dumps(settings(seat), ensure_ascii=False)


# The login.


def test_a_persons_account_comes_before_a_key_and_no_file_of_it_is_copied(tmp_path: Path) -> None:
    seat = seat_with(tmp_path, {"ANTHROPIC_API_KEY": KEY})
    credentials = tmp_path / "person" / CREDENTIALS
    credentials.parent.mkdir(parents=True)
    credentials.write_text("{}")
    Claude().prepare(seat)
    command = Claude().pane_command(seat)
    assert command.keeps == () and command.environment["CLAUDE_SECURESTORAGE_CONFIG_DIR"] == ""
    assert not list(seat.home.rglob(".credentials.json"))


def test_an_account_in_another_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".credentials.json").write_text("{}")
    seat = seat_with(tmp_path, {"CLAUDE_CONFIG_DIR": str(tmp_path / "mine")})
    assert login.find(seat).environment == {"CLAUDE_SECURESTORAGE_CONFIG_DIR": str(tmp_path / "mine")}


def test_a_token_comes_before_a_key(tmp_path: Path) -> None:
    seat = seat_with(tmp_path, {"ANTHROPIC_API_KEY": KEY, "CLAUDE_CODE_OAUTH_TOKEN": "t"})
    assert login.find(seat).keeps == ("CLAUDE_CODE_OAUTH_TOKEN",)


def test_a_key_of_another_name_is_printed_by_a_helper(tmp_path: Path) -> None:
    seat = seat_with(tmp_path, {"MY_KEY": "secret-secret", "ANTHROPIC_API_KEY": KEY}, key_env="MY_KEY")
    Claude().prepare(seat)
    assert settings(seat)["apiKeyHelper"] == "printenv MY_KEY"
    assert Claude().pane_command(seat).keeps == ("MY_KEY",)


def test_another_server_gets_no_key_that_was_not_named_for_it(tmp_path: Path) -> None:
    seat = seat_with(tmp_path, {"ANTHROPIC_API_KEY": KEY, "CLAUDE_CODE_OAUTH_TOKEN": "t"}, base_url="http://127.0.0.1:1")
    command = Claude().pane_command(seat)
    assert command.keeps == () and command.environment["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1"


# The checks.


def test_all_is_well(seat: Seat) -> None:
    assert Claude().check(seat) == [] and Claude().nudging is Nudging.WAKE


def test_a_missing_program_is_told_with_its_installation(seat: Seat) -> None:
    without = replace(seat, environment={**seat.environment, "PATH": "/nowhere"})
    (told,) = Claude().check(without)
    assert "npm install" in told
    with pytest.raises(ConfigError, match="npm install"):
        Claude().pane_command(without)


def test_no_login_is_told_with_the_ways_to_have_one(tmp_path: Path) -> None:
    (told,) = Claude().check(seat_with(tmp_path, {}))
    assert "not logged in" in told and "CLAUDE_CODE_OAUTH_TOKEN" in told


def test_a_key_that_is_named_and_not_set_is_told_by_name(tmp_path: Path) -> None:
    (told,) = Claude().check(seat_with(tmp_path, {"ANTHROPIC_API_KEY": KEY}, key_env="MY_KEY"))
    assert "MY_KEY is not set" in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is asked")
def test_root_has_to_say_that_the_machine_may_be_lost(seat: Seat) -> None:
    bare = replace(seat, environment={**seat.environment, "IS_SANDBOX": ""})
    (told,) = Claude().check(bare)
    assert "IS_SANDBOX=1" in told
    asking = replace(bare, entry=bare.entry.model_copy(update={"args": ("--permission-mode", "manual")}))
    assert Claude().check(asking) == []


# The command and the conversation.


def test_a_first_start_has_a_new_conversation_and_a_first_word(tmp_path: Path) -> None:
    seat = seat_with(tmp_path, {"ANTHROPIC_API_KEY": KEY}, model="opus", args=("--add-dir", "/data"))
    Claude().prepare(seat)
    argv = Claude().pane_command(seat).argv
    assert argv[-3:-1] == ("--session-id", conversation.chosen(seat).id) and argv[-1].startswith("ORG-0: Begin")
    assert argv[argv.index("--model") + 1] == "opus" and "--dangerously-skip-permissions" in argv
    assert argv.index("--add-dir") < argv.index("--settings")
    assert Claude().pane_command(seat).argv == argv


def test_an_entry_may_choose_its_own_permission_mode(tmp_path: Path) -> None:
    seat = seat_with(tmp_path, {"ANTHROPIC_API_KEY": KEY}, args=("--permission-mode", "acceptEdits"))
    assert "--dangerously-skip-permissions" not in Claude().pane_command(seat).argv


def test_a_transcript_is_taken_up_again(seat: Seat) -> None:
    begun = _said(seat, "SessionStart", "UserPromptSubmit")
    argv = Claude().pane_command(seat).argv
    assert argv[-3:-1] == ("--resume", begun) and argv[-1].startswith("ORG-0: Your program was started again")


def test_while_a_person_has_the_agent_it_is_told_nothing(seat: Seat) -> None:
    begun = _said(seat, "SessionStart", "UserPromptSubmit")
    seat.hold.write_text("")
    assert Claude().pane_command(seat).argv[-2:] == ("--resume", begun)


def test_the_conversation_that_a_person_went_on_in_is_the_panes_own(seat: Seat) -> None:
    _said(seat, "SessionStart", "UserPromptSubmit")
    other = "11111111-2222-4333-8444-555555555555"
    _transcript(seat, other)
    _hooks(seat, other, "SessionStart")
    Claude().prepare(seat)
    assert conversation.chosen(seat).id == other and Claude().pane_command(seat).argv[-3:-1] == ("--resume", other)


def test_a_lost_conversation_is_followed_by_a_new_one_that_says_so(seat: Seat) -> None:
    begun = _said(seat, "SessionStart", "UserPromptSubmit")
    found = conversation.transcript(seat, begun)
    assert found is not None
    found.unlink()
    Claude().prepare(seat)
    argv = Claude().pane_command(seat).argv
    assert argv[-3] == "--session-id" and argv[-2] != begun and "cannot be found" in argv[-1]
    Claude().prepare(seat)
    assert Claude().pane_command(seat).argv == argv


def test_a_conversation_without_a_word_is_not_missed(seat: Seat) -> None:
    begun = _said(seat, "SessionStart")
    found = conversation.transcript(seat, begun)
    assert found is not None
    found.write_text('{"type":"mode"}\n')
    Claude().prepare(seat)
    argv = Claude().pane_command(seat).argv
    assert argv[-2] != begun and argv[-1].startswith("ORG-0: Begin")


def test_a_program_that_just_started_keeps_its_conversation(seat: Seat) -> None:
    Claude().prepare(seat)
    id = conversation.chosen(seat).id
    _hooks(seat, id, "SessionStart")
    files.sessions(seat).mkdir()
    told = {"pid": os.getpid(), "sessionId": id, "status": "idle", "statusUpdatedAt": 0}
    (files.sessions(seat) / f"{os.getpid()}.json").write_text(json.dumps(told))
    Claude().prepare(seat)
    assert conversation.chosen(seat).id == id


def _said(seat: Seat, *events: str) -> str:
    """A conversation that was begun, with a transcript."""
    Claude().prepare(seat)
    id = conversation.chosen(seat).id
    _hooks(seat, id, *events)
    _transcript(seat, id)
    return id


def _hooks(seat: Seat, id: str, *events: str) -> None:
    for event in events:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = {"at": at, "agent": seat.agent, "event": {"hook_event_name": event, "session_id": id}}
        hook.append(str(seat.hooks), row)


def _transcript(seat: Seat, id: str) -> None:
    path = files.folder(seat) / "projects" / "-lab" / f"{id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"type":"user","message":{"role":"user","content":"hello"}}\n')
