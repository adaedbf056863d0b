"""The real Codex in real panes against a scripted server: what the backend promises, seen only through its own eyes."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from codex_pane import KEY, Pane, by_prompt, eventually, git, grid_in_short_folder, pane_of, program
from models import ModelServer, Request, Shell, Turn, rate_limited, say, shell

from org.agents.codex import files
from org.agents.observation import Composer
from org.model.agent import Cause, State
from org.terminal.grid import Grid

pytestmark = pytest.mark.network
Make = Callable[..., Pane]


@pytest.fixture
def lab() -> Iterator[tuple[Path, Grid]]:
    program()
    with grid_in_short_folder() as made:
        yield made


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(lambda request: say("Nothing to do.")) as made:
        yield made


@pytest.fixture
def make(lab: tuple[Path, Grid], server: ModelServer) -> Iterator[Make]:
    """An agent of the lab, started."""
    with ExitStack() as stack:

        def made(agent: str = "junior-1", **entry: Any) -> Pane:
            pane = stack.enter_context(pane_of(agent, lab[0], lab[1], server, **entry))
            pane.start()
            return pane

        yield made


def idle_after(pane: Pane, word: str) -> None:
    """Tick until a prompt with that word was told and its turn is over."""
    pane.until(lambda: any(word in text for text in pane.prompts) and pane.state is State.IDLE)


def long(command: str) -> Turn:
    """A command that Codex waits for; by itself it goes on without it after ten seconds."""
    return Turn(calls=(Shell(command, 60),))


def told(pane: Pane, word: str) -> int:
    return sum(word in text for text in pane.prompts)


def test_it_starts_in_an_empty_home_without_a_question_and_with_its_role(make: Make, server: ModelServer) -> None:
    pane = make()
    idle_after(pane, "ORG-0")
    assert pane.backend.composer(pane.screen()) is Composer.EMPTY and len(pane.prompts) == 1
    first = server.turns()[0]
    assert "ROLE-junior-1-BEGINS" in first.everything and first.prompt == pane.prompts[0] and first.key == KEY
    assert not any(o.state is State.WAITING for o in pane.seen) and server.strays == []
    assert list(pane.seat.worktree.iterdir()) == [pane.seat.worktree / ".git"]


def test_each_pane_runs_its_commands_with_its_own_name_no_device_and_no_key(make: Make, server: ModelServer) -> None:
    look = 'echo "[$ORG_AGENT|$CUDA_VISIBLE_DEVICES|$STUB_API_KEY|$ORG_LAB]"; command -v org'
    server.answer = lambda request: say("Seen.") if request.results else shell(look)
    panes = [make("junior-1"), make("junior-2")]
    for pane in panes:
        idle_after(pane, "ORG-0")
    seen = {r.session: r.results[0].text for r in server.turns() if r.results}
    assert len(seen) == 2
    for pane in panes:
        text = seen[next(o.session for o in pane.seen if o.session)]
        assert f"[{pane.seat.agent}|||comms]" in text and "/bin/org" in text


def test_a_nudge_to_an_idle_agent_is_shown_in_the_box_and_taken_up_once(make: Make) -> None:
    pane = make()
    idle_after(pane, "ORG-0")
    pane.paste("ORG-17: 1 new letter (chief: hello). Read it: org inbox", submit=False)
    eventually(lambda: "ORG-17" in pane.screen())
    assert pane.backend.composer(pane.screen()) is Composer.DRAFT
    pane.key("Enter")
    idle_after(pane, "ORG-17")
    assert told(pane, "ORG-17") == 1


def test_a_nudge_to_a_busy_agent_is_queued_and_delivered_after_the_tool_call(make: Make, server: ModelServer) -> None:
    begun = long("touch begun; while [ ! -e go ]; do sleep 0.2; done")
    server.answer = by_prompt({"ORG-2": begun, "ORG-3": say("Read.")}, say("Begun."))
    pane = make()
    idle_after(pane, "ORG-0")
    pane.paste("ORG-2: work")
    pane.until(lambda: (pane.seat.worktree / "begun").exists() and pane.state is State.WORKING)
    assert pane.backend.composer(pane.screen()) is Composer.EMPTY
    pane.paste("ORG-3: 1 new letter. Read it: org inbox")
    pane.until(lambda: any("ORG-3" in line for o in pane.seen for line in o.queued))
    assert told(pane, "ORG-3") == 0
    (pane.seat.worktree / "go").touch()
    idle_after(pane, "ORG-3")
    assert told(pane, "ORG-3") == 1 and any("ORG-3" in r.prompt for r in server.turns())


def test_an_interrupted_turn_is_idle_and_says_so(make: Make, server: ModelServer) -> None:
    server.answer = by_prompt({"ORG-4": say("never", wait=60)}, say("Begun."))
    pane = make()
    idle_after(pane, "ORG-0")
    pane.paste("ORG-4: think long")
    pane.until(lambda: pane.state is State.WORKING and told(pane, "ORG-4"))
    pane.key("Escape")
    pane.until(lambda: pane.seen[-1].cause is Cause.INTERRUPTED and pane.state is State.IDLE)
    assert pane.backend.composer(pane.screen()) is Composer.EMPTY


def test_a_usage_limit_is_waiting_with_its_end_and_the_next_prompt_works_again(make: Make, server: ModelServer) -> None:
    resets = int(datetime.now(UTC).timestamp()) + 7200
    limit = Turn("no more", status=429, error="usage_limit_reached", headers={"x-resets-at": str(resets)})
    server.answer = by_prompt({"ORG-5": limit}, say("Fine."))
    pane = make()
    idle_after(pane, "ORG-0")
    pane.paste("ORG-5: ask")
    seen = pane.until_state(State.WAITING)
    assert seen.cause is Cause.RATE_LIMIT and seen.until is not None and abs(seen.until.timestamp() - resets) <= 60
    assert pane.backend.composer(pane.screen()) is Composer.EMPTY
    pane.paste("ORG-6: again")
    idle_after(pane, "ORG-6")


def test_a_rate_that_is_limited_is_waiting_while_codex_tries_again(make: Make, server: ModelServer) -> None:
    server.answer = by_prompt({"ORG-7": [rate_limited(8), say("At last.")]}, say("Begun."))
    pane = make()
    idle_after(pane, "ORG-0")
    pane.paste("ORG-7: ask")
    assert pane.until_state(State.WAITING).cause is Cause.RATE_LIMIT
    idle_after(pane, "ORG-7")
    assert told(pane, "ORG-7") == 1


def test_what_a_person_types_is_told_once_without_a_token(make: Make) -> None:
    pane = make()
    idle_after(pane, "ORG-0")
    pane.literal("what do you think of warmup?")
    eventually(lambda: pane.backend.composer(pane.screen()) is Composer.DRAFT)
    pane.literal("Enter")
    idle_after(pane, "warmup")
    assert [text for text in pane.prompts if "ORG-" not in text] == ["what do you think of warmup?"]


def test_killed_in_a_tool_call_it_goes_on_in_the_same_conversation(make: Make, server: ModelServer) -> None:
    server.answer = by_prompt({"ORG-8": long("touch begun; sleep 50")}, say("Going on."))
    pane = make()
    idle_after(pane, "ORG-0")
    pane.paste("ORG-8: work")
    pane.until(lambda: (pane.seat.worktree / "begun").exists() and pane.state is State.WORKING)
    session = next(o.session for o in pane.seen if o.session)
    pane.kill()
    command = pane.start()
    assert command.argv[1:3] == ("resume", session)
    idle_after(pane, "started again")
    assert {o.session for o in pane.seen if o.session} == {session}
    assert [text.split()[0] for text in pane.prompts] == ["ORG-0", "ORG-8:", "ORG-0"]
    last = server.turns()[-1]
    assert "ORG-8" in last.everything and "ROLE-junior-1-BEGINS" in last.everything
    again = pane.backend.watcher(pane.seat).look(pane.screen, datetime.now(UTC))
    assert [p.text for p in again.prompts] == pane.prompts and again.state is State.IDLE


def test_every_answer_of_the_model_is_paid_once_across_a_restart(make: Make, server: ModelServer) -> None:
    pane = make()
    idle_after(pane, "ORG-0")
    pane.kill()
    pane.start()
    idle_after(pane, "started again")
    used = [u for o in pane.seen for u in o.usage]
    asked: list[Request] = server.turns()
    assert len(used) == len({u.key for u in used}) == len(asked) == 2
    assert sum(u.output_tokens for u in used) == sum(r.usage["output_tokens"] for r in asked)
    assert sum(u.input_tokens for u in used) == sum(r.usage["input_tokens"] for r in asked)


def test_a_conversation_that_was_deleted_is_begun_anew_and_said(make: Make, server: ModelServer) -> None:
    pane = make()
    idle_after(pane, "ORG-0")
    old = next(o.session for o in pane.seen if o.session)
    pane.kill()
    shutil.rmtree(files.home(pane.seat) / "sessions")
    pane.start()
    idle_after(pane, "cannot be found")
    assert told(pane, old) == 1 and pane.seen[-1].session != old


def test_a_new_assignment_reaches_a_conversation_that_goes_on(make: Make, server: ModelServer) -> None:
    pane = make()
    idle_after(pane, "ORG-0")
    beside = pane.seat.prompt.with_name("role.new")
    beside.write_text("# Your role\nNow you work on warmup. SECOND-ROLE\n")
    beside.replace(pane.seat.prompt)
    pane.paste("ORG-9: you have a new program")
    idle_after(pane, "ORG-9")
    assert "SECOND-ROLE" in server.turns()[-1].everything and "SECOND-ROLE" not in server.turns()[0].everything


def test_a_command_that_hurts_others_is_refused_by_the_guard(make: Make, server: ModelServer) -> None:
    server.answer = lambda request: say("I see.") if request.results else shell("git stash")
    pane = make()
    git(pane.seat.worktree, "status")
    idle_after(pane, "ORG-0")
    (result,) = [r.results[0].text for r in server.turns() if r.results]
    assert "The lab refuses git stash" in result


def test_while_a_person_has_the_agent_it_comes_back_silently(make: Make) -> None:
    pane = make()
    idle_after(pane, "ORG-0")
    pane.seat.hold.touch()
    pane.kill()
    pane.start()
    eventually(lambda: "ORG-0" in pane.screen() and pane.backend.composer(pane.screen()) is Composer.EMPTY)
    pane.literal("I am here")
    eventually(lambda: pane.backend.composer(pane.screen()) is Composer.DRAFT)
    pane.literal("Enter")
    idle_after(pane, "I am here")
    assert [text[:5] for text in pane.prompts] == ["ORG-0", "I am "]
