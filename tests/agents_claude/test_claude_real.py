"""The real Claude Code, in real panes, against the scripted server."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from claude_bench import KEY, Bench, Plan, git
from models import ModelServer, Turn, call, rate_limited, refused, say, shell

from org.agents.backend import Seat
from org.agents.claude import files
from org.agents.claude.backend import Claude
from org.agents.observation import Composer
from org.model.agent import Cause, State

pytestmark = [pytest.mark.network, pytest.mark.slow]


def test_it_starts_without_a_dialog_and_takes_up_its_first_prompt(bench: Bench, server: ModelServer) -> None:
    bench.start()
    first = server.turns()[0]
    assert bench.prompts == [first.prompt] and first.prompt.startswith("ORG-0: Begin")
    assert "THE-ROLE-OF-junior-1" in first.system
    assert first.key == KEY and bench.box is Composer.EMPTY
    assert not {"AskUserQuestion", "EnterPlanMode", "EnterWorktree", "CronCreate"} & set(first.tools)
    assert all(o.state is not State.WAITING for o in bench.seen)


def test_nothing_is_written_into_the_persons_home_or_the_worktree(bench: Bench) -> None:
    bench.start()
    home = Path(bench.seat.environment["HOME"])
    assert not (home / ".claude").exists() and not (home / ".claude.json").exists()
    assert git(bench.seat.worktree, "status", "--porcelain", "--ignored") == ""


def test_files_of_the_repository_that_ask_for_trust_open_no_dialog(bench: Bench) -> None:
    (bench.seat.worktree / ".mcp.json").write_text('{"mcpServers": {"other": {"command": "true"}}}')
    (bench.folder / "outside.md").write_text("Outside.")
    (bench.seat.worktree / "CLAUDE.md").write_text("@../../../outside.md\n@/etc/hostname\n")
    bench.start()
    assert bench.box is Composer.EMPTY


def test_two_panes_have_an_environment_each_and_no_device(
    bench_of: Callable[..., Bench], plan: Plan, server: ModelServer
) -> None:
    one, two = bench_of("junior-1"), bench_of("junior-2")
    probe = 'echo "<$ORG_AGENT|$CUDA_VISIBLE_DEVICES|$MY_OWN_KEY|$PWD>"'
    for bench in (one, two):
        bench.start()
        plan.turns[f"look {bench.seat.agent}"] = shell(probe)
        bench.paste(f"look {bench.seat.agent}")
    for bench in (one, two):
        bench.until(lambda bench=bench: len(bench.prompts) == 2 and bench.idle())  # type: ignore[misc]
        (result,) = [r for t in server.turns(str(bench.session)) for r in t.results]
        assert result.text == f"<{bench.seat.agent}|||{bench.seat.worktree}>"


def test_a_key_of_another_name_reaches_the_program_and_no_file(bench_of: Callable[..., Bench], server: ModelServer) -> None:
    bench = bench_of(key_env="MY_OWN_KEY")
    bench.seat = _with_environment(bench, MY_OWN_KEY="another-key")
    bench.start()
    assert server.turns()[0].key == "another-key"
    found = subprocess.run(["grep", "-rl", "another-key", str(bench.seat.home)], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_a_persons_login_is_used_where_it_lies(bench_of: Callable[..., Bench], server: ModelServer) -> None:
    bench = bench_of(base_url=None, key_env=None)
    credentials = Path(bench.seat.environment["HOME"]) / ".claude" / ".credentials.json"
    credentials.parent.mkdir()
    login = {"accessToken": "a-persons-token", "refreshToken": "r", "expiresAt": 4102444800000, "scopes": ["user:inference"]}
    credentials.write_text(json.dumps({"claudeAiOauth": {**login, "subscriptionType": "max"}}))
    bench.more = {"ANTHROPIC_BASE_URL": server.url}
    bench.start()
    assert {turn.key for turn in server.turns()} == {"a-persons-token"}
    assert os.listdir(credentials.parent) == [credentials.name]
    assert not (files.folder(bench.seat) / credentials.name).exists()


def test_a_line_in_the_wake_folder_wakes_an_idle_agent_without_a_key(bench: Bench, server: ModelServer) -> None:
    bench.start()
    line = bench.wake(17)
    bench.until(lambda: line in bench.prompts and bench.idle())
    assert bench.claimed(17) and line in server.turns()[-1].prompt
    assert bench.prompts.count(line) == 1


def test_a_draft_outlives_a_wake(bench: Bench) -> None:
    bench.start()
    bench.draft("half a thought")
    line = bench.wake(17)
    bench.until(lambda: line in bench.prompts and bench.idle())
    assert bench.box is Composer.DRAFT and "half a thought" in bench.screen


def test_a_busy_agent_is_woken_when_its_turn_is_over(bench: Bench, plan: Plan) -> None:
    bench.start()
    plan.turns["work long"] = say("long words " * 20, seconds=4)
    bench.paste("work long")
    bench.until(lambda: bench.state[0] is State.WORKING)
    line = bench.wake(18)
    bench.stays(lambda: bench.state[0] is not State.WORKING or not bench.claimed(18), seconds=2)
    bench.until(lambda: line in bench.prompts)


def test_every_turn_leaves_a_waiter_also_an_interrupted_one(bench: Bench, plan: Plan) -> None:
    bench.start()
    lines = [bench.wake(n) for n in (1, 2)]
    bench.until(lambda: set(lines) <= {line for prompt in bench.prompts for line in lines if line in prompt} and bench.idle())
    plan.turns["work long"] = say("long words " * 20, seconds=20)
    bench.paste("work long")
    bench.until(lambda: bench.state[0] is State.WORKING)
    bench.key("Escape")
    bench.until(lambda: bench.state == (State.IDLE, Cause.INTERRUPTED))
    last = bench.wake(3)
    bench.until(lambda: any(last in prompt for prompt in bench.prompts))


def test_nobody_is_woken_while_a_person_has_the_agent(bench: Bench) -> None:
    bench.start()
    bench.seat.hold.write_text("a person\n")
    line = bench.wake(19)
    bench.stays(lambda: not bench.claimed(19), seconds=2)
    bench.seat.hold.unlink()
    bench.until(lambda: line in bench.prompts)


def test_a_permission_dialog_is_seen_and_neither_woken_nor_answered(bench_of: Callable[..., Bench], plan: Plan) -> None:
    bench = bench_of(args=("--permission-mode", "manual"))
    bench.start()
    plan.turns["make a file"] = shell("touch made")
    bench.paste("make a file")
    bench.until(lambda: bench.state == (State.WAITING, Cause.PERMISSION) and "whether Bash may" in bench.seen[-1].reason)
    bench.until(lambda: bench.box is Composer.DIALOG)  # the hook runs before it is drawn
    line = bench.wake(20)
    waits = lambda: bench.state == (State.WAITING, Cause.PERMISSION) and bench.box is Composer.DIALOG  # noqa: E731
    bench.stays(lambda: waits() and not bench.claimed(20) and not (bench.seat.worktree / "made").exists(), seconds=2)
    bench.key("Enter")
    bench.until(lambda: line in bench.prompts and bench.idle())
    assert (bench.seat.worktree / "made").exists()


def test_a_pasted_line_waits_for_a_stashed_draft_which_comes_back(bench: Bench) -> None:
    bench.start()
    bench.draft("half a thought")
    assert bench.box is Composer.DRAFT
    bench.key("C-s")
    bench.until(lambda: bench.box is Composer.EMPTY)
    bench.paste("ORG-33: 2 new letters. Read them: org inbox")
    bench.until(lambda: "ORG-33: 2 new letters. Read them: org inbox" in bench.prompts and bench.idle())
    bench.until(lambda: bench.box is Composer.DRAFT and "half a thought" in bench.screen)


def test_what_a_person_types_is_told_once(bench: Bench) -> None:
    bench.start()
    bench.type("please look at the loss")
    bench.until(lambda: "please look at the loss" in bench.prompts and bench.idle())
    bench.type("!echo by hand")
    bench.until(lambda: "!echo by hand" in bench.prompts and bench.idle())
    bench.stays(lambda: True, seconds=4)
    assert bench.prompts[1:] == ["please look at the loss", "!echo by hand"]


def test_what_is_typed_in_a_turn_is_queued_and_then_taken_up(bench: Bench, plan: Plan) -> None:
    bench.start()
    plan.turns["work long"] = shell("sleep 4")
    bench.paste("work long")
    bench.until(lambda: "$ sleep 4" in bench.screen)
    bench.paste("ORG-40: while it works")
    bench.until(lambda: "ORG-40: while it works" in bench.queued)
    assert "ORG-40: while it works" not in bench.prompts
    bench.until(lambda: "ORG-40: while it works" in bench.prompts and bench.idle())
    bench.stays(lambda: True, seconds=4)
    assert bench.prompts.count("ORG-40: while it works") == bench.queued.count("ORG-40: while it works") == 1


def test_a_finished_background_command_is_nobodys_prompt(bench: Bench, plan: Plan, server: ModelServer) -> None:
    bench.start()
    plan.turns["in the background"] = call("Bash", command="sleep 1; echo over", run_in_background=True, description="x")
    bench.paste("in the background")
    bench.until(lambda: any("<task-notification>" in turn.prompt for turn in server.turns()) and bench.idle())
    bench.stays(lambda: True, seconds=4)
    assert bench.prompts[1:] == ["in the background"]


def test_a_long_paste_is_told_without_its_marks(bench: Bench) -> None:
    bench.start()
    pane = bench.grid.find(bench.seat.agent).pane_id
    text = "\n".join(f"line {n} of a long text" for n in range(6))
    bench.grid.tmux.run(
        ["load-buffer", "-b", "long", "-"], ["paste-buffer", "-p", "-r", "-d", "-b", "long", "-t", pane], input=text
    )
    bench.until(lambda: "Pasted text" in bench.screen)
    bench.key("Enter")
    bench.until(lambda: text in bench.prompts)


def test_escape_is_told_as_an_interrupted_turn(bench: Bench, plan: Plan) -> None:
    bench.start()
    plan.turns["run the long one"] = shell("sleep 20")
    bench.paste("run the long one")
    bench.until(lambda: "$ sleep 20" in bench.screen and bench.state[0] is State.WORKING)
    bench.key("Escape")
    bench.until(lambda: bench.state == (State.IDLE, Cause.INTERRUPTED), seconds=8)
    bench.paste("go on")
    bench.until(lambda: "go on" in bench.prompts and bench.state == (State.IDLE, Cause.NONE))


def _usage_limit(ends_in_s: float) -> tuple[int, Turn]:
    """What a claude.ai account is told; and when it ends."""
    end = int(time.time() + ends_in_s)
    unified = {"reset": end, "status": "rejected", "representative_claim": "five_hour", "5h_reset": end, "5h_utilization": "1.0"}
    headers = {f"anthropic_ratelimit_unified_{key}": str(value) for key, value in {**unified, "5h_status": "rejected"}.items()}
    return end, rate_limited(ends_in_s, x_should_retry="false", **headers)


def _with_account(bench: Bench) -> None:
    bench.seat = _with_environment(bench, CLAUDE_CODE_OAUTH_TOKEN="a-token", ANTHROPIC_API_KEY="")
    bench.more = {"ANTHROPIC_BASE_URL": bench.server.url, "CLAUDE_CODE_OAUTH_TOKEN": "a-token"}


def test_a_usage_limit_is_told_with_its_end(bench_of: Callable[..., Bench], plan: Plan) -> None:
    bench = bench_of(base_url=None, key_env=None)
    _with_account(bench)
    bench.start()
    end, plan.always = _usage_limit(3600)
    bench.paste("go on")
    bench.until(lambda: bench.state == (State.WAITING, Cause.RATE_LIMIT) and bench.seen[-1].until is not None)
    until = bench.seen[-1].until
    assert until is not None and until.timestamp() == end
    plan.always = None
    line = bench.wake(31)
    bench.until(lambda: line in bench.prompts and bench.state == (State.IDLE, Cause.NONE))


def test_the_menu_at_a_long_usage_limit_is_a_dialog_that_can_be_closed(bench_of: Callable[..., Bench], plan: Plan) -> None:
    bench = bench_of(base_url=None, key_env=None)
    _with_account(bench)
    bench.start()
    _, plan.always = _usage_limit(3 * 24 * 3600)
    bench.paste("go on")
    bench.until(lambda: bench.state == (State.WAITING, Cause.RATE_LIMIT) and bench.box is Composer.DIALOG)
    bench.stays(lambda: bench.state == (State.WAITING, Cause.RATE_LIMIT) and bench.seen[-1].until is not None, seconds=3)
    key = Claude().close(bench.screen)
    assert key == "Escape"
    bench.key(key)
    bench.until(lambda: bench.box is Composer.EMPTY)
    assert bench.state == (State.WAITING, Cause.RATE_LIMIT)
    plan.always = None
    line = bench.wake(30)
    bench.until(lambda: line in bench.prompts and bench.state == (State.IDLE, Cause.NONE))


def test_a_rate_limit_of_a_key_has_no_known_end(bench: Bench, plan: Plan) -> None:
    bench.start()
    plan.always = rate_limited(60, x_should_retry="false")
    bench.paste("go on")
    bench.until(lambda: bench.state == (State.WAITING, Cause.RATE_LIMIT))
    assert bench.seen[-1].until is None and "429" in bench.seen[-1].reason


def test_a_refused_key_is_a_login_that_lacks(bench: Bench, plan: Plan) -> None:
    bench.more = {"CLAUDE_CODE_MAX_RETRIES": "0"}
    bench.start()
    plan.always = refused()
    bench.paste("go on")
    bench.until(lambda: bench.state == (State.WAITING, Cause.LOGIN))


def test_a_provider_that_does_not_answer_is_told(bench: Bench, plan: Plan) -> None:
    bench.start()
    plan.always = rate_limited(40)
    bench.paste("go on")
    bench.until(lambda: bench.state == (State.WAITING, Cause.API_ERROR))


def test_after_kill_9_the_same_conversation_goes_on(bench: Bench, plan: Plan, server: ModelServer) -> None:
    bench.start()
    session = bench.session
    plan.turns["run the long one"] = shell("sleep 20")
    bench.paste("run the long one")
    bench.until(lambda: "$ sleep 20" in bench.screen)
    bench.kill()
    bench.start(until_idle=False)
    bench.until(lambda: any(p.startswith("ORG-0: Your program was started again") for p in bench.prompts) and bench.idle())
    assert bench.session == session and len(server.turns()[-1].prompts) > len(server.turns()[0].prompts)
    line = bench.wake(21)
    bench.until(lambda: line in bench.prompts)


def test_two_programs_never_have_one_conversation(bench: Bench) -> None:
    bench.start()
    spec = bench.spec()
    other = bench.grid
    other.ensure([replace(spec, agent="intruder")])
    bench.stays(lambda: "❯" not in other.screen("intruder"), seconds=3)
    bench.kill()
    bench.until(lambda: "started again" in other.screen("intruder"))


def test_clear_is_followed_and_gives_the_role_again(bench: Bench, server: ModelServer) -> None:
    bench.start()
    first = bench.session
    bench.seat.prompt.write_text("You are junior-1. A-NEW-PROGRAM\n")
    bench.type("/clear")
    bench.until(lambda: bench.session != first)
    bench.paste("hello again")
    bench.until(lambda: "hello again" in bench.prompts and bench.idle())
    assert "A-NEW-PROGRAM" in json.dumps(dict(server.turns()[-1].body))
    assert not any("ORG-0" in prompt for prompt in server.turns()[-1].prompts)
    second = bench.session
    bench.kill()
    bench.start(until_idle=False)
    bench.until(lambda: any("started again" in p for p in bench.prompts))
    assert bench.session == second


def test_compaction_gives_the_role_again_as_it_is_now(bench: Bench, server: ModelServer) -> None:
    bench.start()
    bench.seat.prompt.write_text("You are junior-1. A-NEW-PROGRAM\n" + "a long brief\n" * 900)
    bench.type("/compact")
    bench.until(lambda: "Compacted" in bench.screen and bench.idle())
    bench.paste("hello again")
    bench.until(lambda: "hello again" in bench.prompts and bench.idle())
    told = json.dumps(dict(server.turns()[-1].body))
    assert "A-NEW-PROGRAM" in told
    assert not any("summary" in prompt for prompt in bench.prompts)


def test_a_lost_conversation_begins_anew_and_says_so(bench: Bench) -> None:
    bench.start()
    session = bench.session
    bench.kill()
    (transcript,) = (files.folder(bench.seat) / "projects").glob(f"*/{session}.jsonl")
    transcript.unlink()
    bench.start(until_idle=False)
    bench.until(lambda: any("Your earlier conversation cannot be found" in p for p in bench.prompts))
    assert bench.session != session


def test_every_call_is_counted_once_also_of_a_program_in_the_shell(bench: Bench, plan: Plan, server: ModelServer) -> None:
    bench.start()
    plan.turns["delegate"] = shell("claude -p 'a question of its own'", text="I ask another one.", output_tokens=77)
    bench.paste("delegate")
    bench.until(lambda: "delegate" in bench.prompts and bench.idle() and not bench.queued)
    bench.stays(lambda: True, seconds=4)
    used = [usage for o in bench.seen for usage in o.usage]
    assert len(used) == len({usage.key for usage in used}) == len(server.turns())
    assert sum(u.output_tokens for u in used) == sum(t.usage["output_tokens"] for t in server.turns())
    assert any(u.output_tokens == 77 for u in used)
    assert bench.prompts[1:] == ["delegate"]


def test_the_share_of_the_context_is_told(bench: Bench, plan: Plan) -> None:
    bench.start()
    plan.turns["read much"] = say("Read.", input_tokens=930_000, output_tokens=10)
    bench.paste("read much")
    bench.until(lambda: bench.state == (State.IDLE, Cause.CONTEXT))
    assert (bench.seen[-1].context or 0) > 0.9


def test_the_guard_refuses_with_a_reason_that_the_model_reads(bench: Bench, plan: Plan, server: ModelServer) -> None:
    bench.start()
    plan.turns["clean up"] = shell("sleep 1 && pkill -f trainer")
    bench.paste("clean up")
    bench.until(lambda: "clean up" in bench.prompts and bench.idle())
    (result,) = server.turns()[-1].results
    assert result.failed and "The lab refuses pkill" in result.text


def test_the_key_that_sends_a_session_away_does_nothing(bench: Bench) -> None:
    bench.start()
    session = bench.session
    bench.key("Left")
    bench.stays(lambda: bench.session == session and bench.box is Composer.EMPTY, seconds=1)


def _with_environment(bench: Bench, **more: str) -> Seat:
    return replace(bench.seat, environment={**bench.seat.environment, **more})
