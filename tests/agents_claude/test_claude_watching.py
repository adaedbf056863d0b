"""Observations from a recorded session, and from rows made by hand where time matters."""

import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from claude_records import RECORDED, alive, at, lines_of, never, replayed, row, screen_of
from seats import seat_in

from org.agents.claude import files, transcript
from org.agents.claude.backend import Claude
from org.agents.claude.hookrows import Row
from org.agents.claude.prompts import Prompts
from org.agents.claude.spending import Spending
from org.agents.claude.transcript import Dropped, Queued, Refused, Taken
from org.agents.claude.turn import Turn
from org.agents.claude.watcher import ClaudeWatcher
from org.agents.observation import Prompt
from org.model.agent import Cause, State

PROMPTS = [
    "ORG-1: one new letter", "work long", "ORG-2: while it works", "and again",
    "ORG-3: 1 new letter. Read it: org inbox", "!echo by hand", "in the background", "/compact",
]  # fmt: skip


def test_a_recorded_session_is_told_prompt_by_prompt(tmp_path: Path) -> None:
    watcher = replayed(tmp_path)
    seen = watcher.look(never, at(0))
    assert seen.prompts[0].text.startswith("ORG-0: Begin")
    assert sorted(p.text for p in seen.prompts[1:]) == sorted(PROMPTS)
    assert (seen.state, seen.cause, seen.words) == (State.IDLE, Cause.NONE, "Done.")
    assert seen.session and seen.context and 0 < seen.context < 0.5
    again = watcher.look(never, at(60))
    assert again.prompts == again.queued == again.usage == ()
    assert again.state is State.IDLE


def test_a_new_watcher_tells_the_same_at_the_same_times(tmp_path: Path) -> None:
    first = replayed(tmp_path)
    seen = first.look(never, at(0))
    assert Claude().watcher(first.seat).look(never, at(500)) == seen


def test_times_of_prompts_grow(tmp_path: Path) -> None:
    times = [prompt.at for prompt in replayed(tmp_path).look(never, at(0)).prompts]
    assert times == sorted(set(times))


def test_a_session_told_line_by_line_gives_the_same_prompts(tmp_path: Path) -> None:
    watcher = replayed(tmp_path)
    assert watcher.told is None
    hooks, rows = watcher.seat.hooks.read_bytes().splitlines(), lines_of("transcript.jsonl")
    (path,) = (files.folder(watcher.seat) / "projects").glob("*/*.jsonl")
    watcher.seat.hooks.write_bytes(b"")
    path.write_bytes(b"")
    merged = sorted([*((_time(line), watcher.seat.hooks, line) for line in hooks), *((_time(line), path, line) for line in rows)])
    told: list[str] = []
    for when, file, line in merged:
        with file.open("ab") as out:
            out.write(line + b"\n")
        told += [p.text for p in watcher.look(lambda: "", when).prompts]
    told += [p.text for p in watcher.look(lambda: "", at(600)).prompts]
    assert sorted(told[1:]) == sorted(PROMPTS)


def _time(line: bytes) -> datetime:
    found = json.loads(line)
    text = found.get("at") or found.get("timestamp")
    return datetime.fromisoformat(text)


def test_every_recorded_call_costs_once(tmp_path: Path) -> None:
    used = replayed(tmp_path).look(never, at(0)).usage
    ids = {json.loads(line)["message"]["id"] for line in lines_of("transcript.jsonl") if b'"assistant"' in line}
    assert {u.key for u in used} == ids and len(used) == len(ids)
    assert sum(u.output_tokens == 50 for u in used) == 1


def test_a_message_that_comes_in_parts_is_counted_when_it_is_whole(tmp_path: Path) -> None:
    spending, path = Spending(tmp_path, "junior-1"), tmp_path / "projects" / "a" / "s.jsonl"
    path.parent.mkdir(parents=True)
    _append(path, _answer("m1", 3, None))
    assert spending.take(at(0)) == ()
    _append(path, _answer("m1", 90, None))
    _append(path, _answer("m2", 5, "end_turn"))
    assert [(u.key, u.output_tokens) for u in spending.take(at(3))] == [("m1", 90), ("m2", 5)]
    _append(path, _answer("m2", 5, "end_turn"))
    assert spending.take(at(6)) == ()


def _answer(id: str, tokens: int, stop: str | None) -> dict[str, object]:
    usage = {"input_tokens": 1, "output_tokens": tokens}
    message = {"id": id, "model": "m", "stop_reason": stop, "usage": usage}
    return {"type": "assistant", "timestamp": at(0).isoformat(), "sessionId": "s", "message": message}


def _append(path: Path, told: dict[str, object]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(told, separators=(",", ":")) + "\n")


def test_a_refusal_tells_its_end() -> None:
    (refused,) = [event for line in lines_of("refused.jsonl") if (event := transcript.parse(line))]
    assert isinstance(refused, Refused) and refused.status == 429
    told = json.loads((RECORDED / "status-limit.json").read_text())["rate_limits"]["five_hour"]
    assert refused.until is not None and refused.until.timestamp() == told["resets_at"]


def test_lines_of_another_format_are_passed_over() -> None:
    for line in (b'{"type":"user"', b'{"type":"user"}', b'{"type":"user","message":3}', b'{"x":"queue-operation"}', b"[]"):
        assert transcript.parse(line) is None


# Prompts of both sources.


def heard(text: str, seconds: float, **more: object) -> Row:
    return row("UserPromptSubmit", seconds, prompt=text, **more)


def test_the_hook_alone_tells_a_prompt_after_a_moment() -> None:
    prompts = Prompts()
    assert prompts.take([heard("hello", 0)], [], at(1)) == ((), ())
    assert prompts.take([], [], at(4)) == ((Prompt(at(0), "hello"),), ())
    assert prompts.take([], [Taken(at(0), "hello", True)], at(5)) == ((), ())


@pytest.mark.parametrize("hook_first", [True, False])
def test_both_sources_tell_a_prompt_once(hook_first: bool) -> None:
    prompts = Prompts()
    looks = [([heard("hello", 0)], []), ([], [Taken(at(0.1), "hello", True)])]
    told = [prompts.take(*look, at(1))[0] for look in (looks if hook_first else reversed(looks))]
    assert [p.text for p in (*told[0], *told[1], *prompts.take([], [], at(9))[0])] == ["hello"]


def test_the_same_words_twice_are_two_prompts() -> None:
    prompts = Prompts()
    first = prompts.take([heard("again", 0)], [Taken(at(0), "again", True)], at(0))[0]
    second = prompts.take([heard("again", 5)], [Taken(at(5), "again", True)], at(5))[0]
    assert [p.at for p in (*first, *second)] == [at(0), at(5)] and not prompts.take([], [], at(20))[0]


def test_a_queued_prompt_is_told_again_when_it_is_taken_up() -> None:
    prompts = Prompts()
    assert prompts.take([heard("later", 0)], [Queued(at(0), "later")], at(0)) == ((), ("later",))
    assert [p.text for p in prompts.take([], [Taken(at(0), "later", True)], at(9))[0]] == ["later"]


def test_a_queued_prompt_that_is_taken_back_is_none() -> None:
    prompts = Prompts()
    prompts.take([heard("later", 0)], [Queued(at(0), "later"), Dropped("later")], at(0))
    assert prompts.take([], [], at(9)) == ((), ())


def test_a_prompt_that_is_told_late_is_told_as_of_then() -> None:
    prompts = Prompts()
    prompts.take([heard("early", 0)], [], at(0))
    (later,) = prompts.take([], [Taken(at(2), "later", True)], at(2))[0]
    (early,) = prompts.take([], [], at(4))[0]
    assert early.text == "early" and early.at > later.at


@pytest.mark.parametrize("operation", ["popAll", "remove"])
def test_the_transcript_tells_what_was_taken_back(operation: str) -> None:
    told = {"type": "queue-operation", "operation": operation, "timestamp": at(0).isoformat(), "content": "later"}
    assert transcript.parse(json.dumps(told).encode()) == Dropped("later")
    assert transcript.parse(json.dumps({**told, "operation": "remove", "reason": "absorbed_mid_turn"}).encode()) is None


def test_what_the_program_says_to_itself_is_no_prompt() -> None:
    told = "<task-notification>\n<summary>Background command completed</summary>\n</task-notification>"
    prompts = Prompts()
    prompts.take([heard(told, 0), heard("wake up and look", 0, source="schedule_wakeup")], [], at(0))
    assert prompts.take([], [], at(9)) == ((), ())


def test_going_on_after_a_usage_limit_is_nobodys_prompt() -> None:
    words = "Your claude.ai usage limit has reset. Continue the task."
    told = {"timestamp": at(1).isoformat(), "isMeta": True, "origin": {"kind": "auto-continuation"}}
    line = json.dumps({"type": "user", "message": {"role": "user", "content": words}, **told}, separators=(",", ":"))
    taken = transcript.parse(line.encode())
    assert taken == Taken(at(1), words, False)
    prompts = Prompts()
    prompts.take([heard(words, 1)], [Queued(at(0), words), taken], at(1))
    assert prompts.take([], [], at(9)) == ((), ()) and not prompts.waiting


def test_a_pasted_text_is_told_as_it_was_pasted() -> None:
    assert transcript.plain('\n\n<pasted_content id="48c4">\none\ntwo\n</pasted_content id="48c4">\n') == "one\ntwo"


# The state.


def turn(*rows: Row) -> Turn:
    made = Turn()
    for one in rows:
        made.hear(one)
    return made


def state(made: Turn, live: object, seconds: float) -> tuple[State | None, Cause]:
    standing = made.now(live, at(seconds))  # type: ignore[arg-type]
    return standing.state, standing.cause


def test_a_turn_goes_from_prompt_to_stop() -> None:
    begun = turn(row("SessionStart", 0, source="startup"), row("UserPromptSubmit", 1))
    assert state(begun, alive("busy", 0.9), 2) == (State.WORKING, Cause.NONE)
    begun.hear(row("Stop", 3, last_assistant_message="It is done."))
    assert state(begun, alive("busy", 0.9), 3.1) == (State.IDLE, Cause.NONE) and begun.words == "It is done."


def test_idle_without_a_stop_is_an_interruption_once_it_is_settled() -> None:
    made = turn(row("UserPromptSubmit", 1))
    assert state(made, alive("idle", 5), 5.5)[0] is None
    assert state(made, alive("idle", 5), 7) == (State.IDLE, Cause.INTERRUPTED)


def test_a_prompt_whose_session_file_lags_is_no_interruption() -> None:
    made = turn(row("UserPromptSubmit", 1))
    assert state(made, alive("idle", 0), 1.2)[0] is None


def test_a_queued_prompt_that_begins_a_turn_without_a_hook_is_work() -> None:
    made = turn(row("Stop", 3))
    assert state(made, alive("busy", 3.4), 4)[0] is State.WORKING
    assert state(made, alive("busy", 1), 9)[0] is State.WORKING


def test_a_permission_ends_with_the_answer() -> None:
    made = turn(row("UserPromptSubmit", 1), row("PreToolUse", 2), row("PermissionRequest", 2, tool_name="Bash"))
    assert state(made, alive("waiting", 2.1, "permission prompt"), 60) == (State.WAITING, Cause.PERMISSION)
    assert state(made, alive("busy", 70), 71) == (State.WORKING, Cause.NONE)
    assert state(made, alive("idle", 70), 72) == (State.IDLE, Cause.INTERRUPTED)


def test_a_dialog_that_no_hook_tells_waits_for_a_person() -> None:
    made = turn(row("Stop", 1))
    assert state(made, alive("waiting", 5, "dialog open"), 6) == (State.WAITING, Cause.PERSON)


def test_an_error_lasts_until_the_next_turn() -> None:
    made = turn(row("UserPromptSubmit", 1), row("StopFailure", 2, error="rate_limit", last_assistant_message="Limit."))
    assert state(made, alive("idle", 2.1), 3600) == (State.WAITING, Cause.RATE_LIMIT)
    assert state(made, alive("busy", 4000), 4001) == (State.WORKING, Cause.NONE)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("rate_limit", Cause.RATE_LIMIT), ("authentication_failed", Cause.LOGIN), ("billing_error", Cause.PERSON),
        ("overloaded", Cause.API_ERROR), ("something new", Cause.API_ERROR),
    ],
)  # fmt: skip
def test_every_error_has_a_cause(error: str, cause: Cause) -> None:
    assert state(turn(row("StopFailure", 2, error=error)), None, 3) == (State.WAITING, cause)


def test_an_agent_whose_provider_failed_is_idle_after_a_while() -> None:
    made = turn(row("StopFailure", 2, error="server_error"))
    assert state(made, alive("idle", 2), 200) == (State.IDLE, Cause.API_ERROR)


def test_a_program_that_is_gone_has_no_state() -> None:
    made = turn(row("UserPromptSubmit", 1))
    assert state(made, replace(alive("busy", 1), alive=False), 5)[0] is None
    made.hear(row("SessionEnd", 6, reason="other"))
    assert state(made, None, 7)[0] is None


def test_compaction_in_a_turn_does_not_end_it() -> None:
    made = turn(row("UserPromptSubmit", 1), row("PreCompact", 2), row("SessionStart", 3, source="compact"))
    assert state(made, alive("busy", 1), 4)[0] is State.WORKING


# The screen, last.


def test_a_start_that_asks_for_trust_waits_for_a_person(tmp_path: Path) -> None:
    watcher = _dark(tmp_path)
    seen = watcher.look(lambda: screen_of("trust"), at(0))
    assert (seen.state, seen.cause, seen.reason) == (State.WAITING, Cause.PERSON, "asks whether the folder is trusted")


def test_an_unknown_screen_is_told_after_a_while(tmp_path: Path) -> None:
    watcher = _dark(tmp_path)
    assert watcher.look(lambda: "something new", at(0)).state is None
    seen = watcher.look(lambda: "something new", at(30))
    assert (seen.state, seen.cause) == (State.WAITING, Cause.UNKNOWN)


def test_a_session_file_of_a_dead_program_does_not_count(tmp_path: Path) -> None:
    watcher = replayed(tmp_path)
    path = files.sessions(watcher.seat) / f"{os.getpid()}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "procStart": "1"}))
    assert watcher.look(lambda: "", at(0)).state is None


def _dark(folder: Path) -> ClaudeWatcher:
    return Claude().watcher(seat_in(folder, backend="claude"))
