"""A Codex agent as observations, from recordings of the real program."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from seats import seat_in

from org.agents.backend import Seat
from org.agents.codex import conversation, files
from org.agents.codex.rollout import Rollout
from org.agents.codex.watcher import CodexWatcher
from org.agents.observation import NOTHING_NEW, Observation
from org.model.agent import Cause, State

HERE = Path(__file__).parent
NOW = datetime(2026, 12, 1, tzinfo=UTC)
A_WHILE = timedelta(seconds=3)


def rows(recording: str, file: str = "rollout-0.jsonl") -> list[dict]:
    return [json.loads(line) for line in (HERE / "recordings" / recording / file).read_text().splitlines()]


def seated(folder: Path, recording: str) -> Seat:
    """A seat that holds a recording."""
    seat = seat_in(folder, backend="codex")
    day = files.home(seat) / "sessions" / "2026" / "11" / "21"
    day.mkdir(parents=True)
    source = HERE / "recordings" / recording
    shutil.copy(source / "hooks.jsonl", seat.hooks)
    session = rows(recording)[0]["payload"]["id"]
    shutil.copy(source / "rollout-0.jsonl", day / f"rollout-2026-11-21T06-00-00-{session}.jsonl")
    return seat


def screen(name: str) -> str:
    return (HERE / "screens" / f"{name}.txt").read_text()


def no_screen() -> str:
    raise AssertionError("the screen is not needed")


def whole(watcher: CodexWatcher) -> Observation:
    return watcher.look(no_screen, NOW)


def told_one_by_one(folder: Path, recording: str) -> list[Observation]:
    """The observations of an office that looks after every single row of both files, in the order they were written."""
    seat = seated(folder, recording)
    rollout = conversation.rollouts(files.home(seat))[0]
    lines = [(json.loads(text)["at"].replace("+00:00", "Z"), seat.hooks, text) for text in seat.hooks.read_text().splitlines()]
    lines += [(json.loads(text)["timestamp"], rollout, text) for text in rollout.read_text().splitlines()]
    seat.hooks.write_text("")
    rollout.write_text("")
    watcher, seen = CodexWatcher(seat), []
    for _, path, text in sorted(lines, key=lambda row: row[0]):
        with path.open("a") as file:
            file.write(text + "\n")
        seen.append(watcher.look(lambda: "", NOW))
    return seen


def test_the_prompts_of_a_conversation_are_told_once_in_order_whoever_typed_them(tmp_path):
    texts = [prompt.text for prompt in whole(CodexWatcher(seated(tmp_path, "turns"))).prompts]
    assert [text[:6] for text in texts] == ["ORG-0 ", "ORG-1:", "ORG-2:", "a pers", "!echo "]


def test_looking_after_every_row_tells_the_same_prompts_and_use_as_looking_once(tmp_path):
    at_once = whole(CodexWatcher(seated(tmp_path / "a", "turns")))
    seen = told_one_by_one(tmp_path / "b", "turns")
    assert [p.text for o in seen for p in o.prompts] == [p.text for p in at_once.prompts]
    assert [u for o in seen for u in o.usage] == list(at_once.usage)


def test_the_states_of_turns_come_in_order(tmp_path):
    seen = [(o.state, o.cause) for o in told_one_by_one(tmp_path, "turns") if o.state]
    changes = [pair for before, pair in zip([None, *seen], seen, strict=False) if pair != before]
    working, idle = (State.WORKING, Cause.NONE), (State.IDLE, Cause.NONE)
    assert changes == [working, idle, working, idle, working, (State.IDLE, Cause.INTERRUPTED), working, idle]


def test_every_call_of_the_model_is_counted_once_with_its_model(tmp_path):
    usage = whole(CodexWatcher(seated(tmp_path, "turns"))).usage
    counts = [row["payload"] for row in rows("turns") if row["payload"].get("type") == "token_count"]
    total = counts[-1]["info"]["total_token_usage"]
    assert len({u.key for u in usage}) == len(usage) == 3 and {u.model for u in usage} == {"scripted"}
    assert sum(u.input_tokens + u.cache_read_tokens for u in usage) == total["input_tokens"]
    assert sum(u.output_tokens for u in usage) == total["output_tokens"]


def test_a_version_without_usage_records_is_counted_by_what_grew(tmp_path):
    seat = seated(tmp_path, "turns")
    path = conversation.rollouts(files.home(seat))[0]
    kept = [line for line in path.read_text().splitlines(True) if "token_usage_record" not in line]
    with_records = whole(CodexWatcher(seated(tmp_path / "b", "turns"))).usage
    path.write_text("".join(kept))
    without = whole(CodexWatcher(seat)).usage
    assert sum(u.input_tokens for u in without) == sum(u.input_tokens for u in with_records) > 0
    assert len({u.key for u in without}) == len(without)


def test_a_new_watcher_tells_the_same_again_with_the_same_times_and_keys(tmp_path):
    seat = seated(tmp_path, "turns")
    assert whole(CodexWatcher(seat)) == whole(CodexWatcher(seat))


def test_the_conversation_and_the_share_of_its_window_are_told_and_the_id_is_kept(tmp_path):
    seat = seated(tmp_path, "turns")
    seen = whole(CodexWatcher(seat))
    assert seen.session == rows("turns")[0]["payload"]["id"] and 0.03 < seen.context < 0.05
    assert json.loads((seat.home / "conversation.json").read_text())["session"] == seen.session


def test_a_nearly_full_window_is_a_cause(tmp_path):
    seat = seated(tmp_path, "turns")
    path = conversation.rollouts(files.home(seat))[0]
    path.write_text(path.read_text().replace('"model_context_window":258400', '"model_context_window":10000'))
    seen = whole(CodexWatcher(seat))
    assert (seen.state, seen.cause) == (State.IDLE, Cause.CONTEXT) and 0.9 < seen.context <= 1


def test_a_usage_limit_waits_until_its_window_opens(tmp_path):
    seen = [o for o in told_one_by_one(tmp_path, "limits") if o.cause is Cause.RATE_LIMIT]
    opens = next(row["payload"]["rate_limits"]["primary"] for row in rows("limits") if "rate_limits" in row["payload"]
                 and row["payload"]["rate_limits"]["primary"])["resets_at"]  # fmt: skip
    assert seen[0].state is State.WAITING and seen[0].until == datetime.fromtimestamp(opens, UTC)
    assert "usage limit" in seen[0].reason


def test_another_error_of_the_provider_is_told_with_its_message(tmp_path):
    seen = [o for o in told_one_by_one(tmp_path, "limits") if o.cause is Cause.API_ERROR]
    assert seen[0].state is State.WAITING and "invalid_request_error" in seen[0].reason


def test_a_question_for_permission_comes_from_the_hook_and_the_screen_does_not_reword_it(tmp_path):
    watcher = CodexWatcher(seated(tmp_path, "approval"))
    seen = whole(watcher)
    assert (seen.state, seen.cause, seen.reason) == (State.WAITING, Cause.PERMISSION, "asks whether Bash may run")
    again = watcher.look(lambda: screen("approval"), NOW + A_WHILE)
    assert (again.state, again.cause, again.reason) == (seen.state, seen.cause, seen.reason)


def test_a_permission_that_was_given_is_work_again(tmp_path):
    watcher = CodexWatcher(seated(tmp_path, "approval"))
    whole(watcher)
    assert watcher.look(lambda: screen("working"), NOW + A_WHILE).state is State.WORKING


def test_rows_of_a_run_that_the_agent_began_itself_cost_but_are_not_its_conversation(tmp_path):
    seat = seated(tmp_path, "turns")
    path = conversation.rollouts(files.home(seat))[0]
    nested = path.with_name(path.name.replace("T06", "T07"))
    session = rows("turns")[0]["payload"]["id"]
    nested.write_text(path.read_text().replace('"source":"cli"', '"source":"exec"').replace(session, "other"))
    path.unlink()
    seat.hooks.write_text(seat.hooks.read_text().replace(session, "other"))
    watcher = CodexWatcher(seat)
    seen = whole(watcher)
    assert len(seen.usage) == 3 and seen.prompts == () and seen.state is None and not (seat.home / "conversation.json").exists()


def test_a_hook_that_is_faster_than_its_rollout_waits_for_it(tmp_path):
    seat = seated(tmp_path, "approval")
    path = conversation.rollouts(files.home(seat))[0]
    later = path.rename(tmp_path / "later")
    watcher = CodexWatcher(seat)
    first = datetime.fromisoformat(rows("approval")[0]["timestamp"])
    assert watcher.look(lambda: "", first) == NOTHING_NEW
    later.rename(path)
    assert watcher.look(no_screen, first).cause is Cause.PERMISSION


@pytest.mark.parametrize("junk", [b"no json\n", b"[]\n", b'{"type":"event_msg","timestamp":"x","payload":{}}\n', b'{"type":"eve'])
def test_rows_that_nobody_understands_are_passed_over(tmp_path, junk):
    seat = seated(tmp_path, "turns")
    path = conversation.rollouts(files.home(seat))[0]
    path.write_bytes(path.read_bytes() + junk)
    seat.hooks.write_bytes(junk.replace(b"type", b"event") + seat.hooks.read_bytes())
    assert len(whole(CodexWatcher(seat)).prompts) == 5


def test_a_rollout_is_read_on_from_where_the_last_look_ended(tmp_path):
    path = tmp_path / "rollout.jsonl"
    lines = (HERE / "recordings" / "turns" / "rollout-0.jsonl").read_bytes().splitlines(True)
    path.write_bytes(b"".join(lines[:10]) + lines[10][:30])
    rollout = Rollout(path, "junior-1")
    first = rollout.steps()
    path.write_bytes(b"".join(lines))
    whole_one = Rollout(path, "junior-1")
    assert first + rollout.steps() == whole_one.steps()


def look_twice(watcher: CodexWatcher, name: str) -> tuple[Observation, Observation]:
    return watcher.look(lambda: screen(name), NOW), watcher.look(lambda: screen(name), NOW + A_WHILE)


@pytest.mark.parametrize(
    ("name", "cause"),
    [("trust", Cause.PERSON), ("hook_review", Cause.PERSON), ("login", Cause.LOGIN), ("approval", Cause.PERMISSION)],
)
def test_a_dialog_before_the_first_prompt_is_seen_on_the_screen(tmp_path, name, cause):
    seen, again = look_twice(CodexWatcher(seat_in(tmp_path, backend="codex")), name)
    assert (seen.state, seen.cause) == (again.state, again.cause) == (State.WAITING, cause)


@pytest.mark.parametrize(
    ("name", "cause"),
    [("server_busy", Cause.RATE_LIMIT), ("refused_key", Cause.LOGIN), ("no_network", Cause.API_ERROR)],
)
def test_a_request_that_is_tried_for_seconds_is_waiting(tmp_path, name, cause):
    watcher = CodexWatcher(seat_in(tmp_path, backend="codex"))
    first, second = look_twice(watcher, name)
    assert first.state is None and (second.state, second.cause) == (State.WAITING, cause)
    assert watcher.look(lambda: screen("working"), NOW + 2 * A_WHILE).state is State.WORKING


def test_a_line_behind_a_turn_is_told_once_as_queued(tmp_path):
    first, second = look_twice(CodexWatcher(seat_in(tmp_path, backend="codex")), "queued")
    assert first.queued[0].startswith("ORG-2:") and second.queued == ()


def test_the_screen_is_captured_every_two_seconds_at_most(tmp_path):
    watcher, looks = CodexWatcher(seat_in(tmp_path, backend="codex")), []
    for tick in range(9):  # four seconds of ticks
        watcher.look(lambda: looks.append(1) or screen("working"), NOW + tick * timedelta(seconds=0.5))
    assert len(looks) == 3


def test_a_turn_whose_end_nobody_told_ends_when_the_box_stays_open(tmp_path):
    watcher = CodexWatcher(seat_in(tmp_path, backend="codex"))
    assert watcher.look(lambda: screen("working"), NOW).state is State.WORKING
    assert watcher.look(lambda: screen("empty"), NOW + A_WHILE) == NOTHING_NEW
    assert watcher.look(lambda: screen("empty"), NOW + 5 * A_WHILE).state is State.IDLE


def test_a_program_that_was_never_heard_and_shows_nothing_known_is_told_as_unknown(tmp_path):
    watcher = CodexWatcher(seat_in(tmp_path, backend="codex"))
    assert watcher.look(lambda: "some shell $", NOW) == NOTHING_NEW
    seen = watcher.look(lambda: "some shell $", NOW + timedelta(minutes=1))
    assert (seen.state, seen.cause) == (State.WAITING, Cause.UNKNOWN)
