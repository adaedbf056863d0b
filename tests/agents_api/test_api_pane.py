"""The agent in a real terminal: typing, pasting, interrupting, being killed and started again."""

from collections.abc import Iterator

import pytest
from api_agent import letter, lines, lives, seat
from models import Call, ModelServer, Script, Shell, Turn, call, say, shell
from terminal_pane import Terminal

from org.agents.api import rows
from org.agents.api.backend import ApiBackend
from org.agents.observation import Composer

# A pane takes seconds to start, and both protocols are told by the tests of this folder that need none.
SLOW = {provider: pytest.param(provider, marks=pytest.mark.slow) for provider in ("anthropic", "openai")}
mostly_anthropic = pytest.mark.parametrize("provider", ["anthropic", SLOW["openai"]])
mostly_openai = pytest.mark.parametrize("provider", [SLOW["anthropic"], "openai"])


@pytest.fixture
def script() -> Script:
    return Script({})


@pytest.fixture
def terminal(tmp_path, provider, script) -> Iterator[Terminal]:
    with ModelServer(lambda request: script(request), agent_of=lambda request: "agent") as server:
        made = Terminal(tmp_path, server, provider)
        yield made
        made.close()


def prompts(terminal: Terminal) -> list[str]:
    hooks = seat(terminal.folder, terminal.provider, terminal.server).hooks
    return [row["prompt"] for row in rows.read(hooks)[0] if "prompt" in row]


def composer(terminal: Terminal) -> Composer:
    return ApiBackend().composer(terminal.screen())


@mostly_anthropic
def test_a_paste_of_several_lines_is_one_prompt_and_lines_can_be_typed(terminal, script):
    script.add("agent", say("Begun."), say("Both read."), say("Typed."))
    terminal.start()
    terminal.until(lambda: "Begun." in terminal.screen() and composer(terminal) is Composer.EMPTY)
    terminal.paste("first line\nsecond line\n\nfourth line")
    terminal.until(lambda: composer(terminal) is Composer.DRAFT and "fourth line" in terminal.screen())
    assert len(terminal.server.turns()) == 1
    terminal.keys("Enter")
    terminal.until(lambda: "Both read." in terminal.screen())
    assert terminal.server.turns()[1].prompt == "first line\nsecond line\n\nfourth line"
    terminal.type("one")
    terminal.keys("C-j")
    terminal.type("two")
    terminal.keys("Enter")
    terminal.until(lambda: "Typed." in terminal.screen() and composer(terminal) is Composer.EMPTY)
    assert prompts(terminal)[1:] == ["first line\nsecond line\n\nfourth line", "one\ntwo"]
    assert "tokens" in terminal.screen() and "$" in terminal.screen() and "context" in terminal.screen()


@mostly_openai
def test_ctrl_c_interrupts_a_command_and_a_stream_and_never_ends_the_pane(terminal, script):
    script.add("agent", shell("echo $$ > pid; exec sleep 300"), say("word " * 90, seconds=20), say("Calm."))
    terminal.start()
    worktree = seat(terminal.folder, terminal.provider, terminal.server).worktree
    pid = int(terminal.until(lambda: (worktree / "pid").exists() and (worktree / "pid").read_text()))
    terminal.keys("C-c")
    terminal.until(lambda: "interrupted" in terminal.screen())
    terminal.until(lambda: not lives(pid))
    terminal.type("and now?")
    terminal.keys("Enter")
    terminal.until(lambda: "word word" in terminal.screen())
    terminal.keys("C-c")
    terminal.until(lambda: terminal.screen().count("interrupted") >= 2)
    for key in ("C-c", "C-d", "C-c"):
        terminal.keys(key)
    terminal.type("still there?")
    terminal.keys("Enter")
    terminal.until(lambda: "Calm." in terminal.screen())
    assert terminal.server.strays == []


@mostly_anthropic
def test_kill_9_in_a_command_is_told_as_lost_and_nothing_runs_on(terminal, script):
    calls = (Call("read", {"path": "model.py"}), Shell("echo $$ > pid; sleep 300; touch late"))
    script.add("agent", Turn("Two.", calls), say("I look first."), say("Still here."))
    terminal.start()
    at = seat(terminal.folder, terminal.provider, terminal.server)
    pid = int(terminal.until(lambda: (at.worktree / "pid").exists() and (at.worktree / "pid").read_text().strip()))
    terminal.kill()
    assert lives(pid)  # a command outlives the kill of its agent …
    terminal.start()
    terminal.until(lambda: "I look first." in terminal.screen())
    assert not lives(pid)  # … but not its agent's next life
    asked = terminal.server.turns()[1]
    assert "width = 64" in asked.results[0].text and asked.results[1].text.startswith("Lost:")
    assert "started again in the middle of a turn" in asked.prompt and terminal.server.strays == []
    told = rows.read(at.hooks)[0]
    keys = [row["usage"]["key"] for row in told if "usage" in row]
    assert len(keys) == len(set(keys)) == 2 and len({row["session"] for row in told}) == 1


@mostly_openai
def test_kill_9_in_a_stream_asks_again_and_one_while_it_idles_changes_nothing(terminal, script):
    script.add("agent", say("slow words " * 50, seconds=20), say("Whole."), say("Remembered."))
    terminal.start()
    terminal.until(lambda: "slow words" in terminal.screen())
    terminal.kill()
    terminal.start()
    terminal.until(lambda: "Whole." in terminal.screen())
    terminal.until(lambda: "idle" in terminal.screen())
    terminal.kill()
    terminal.start()
    terminal.until(lambda: composer(terminal) is Composer.EMPTY and "goes on after" in terminal.screen())
    terminal.type("What was it?")
    terminal.keys("Enter")
    terminal.until(lambda: "Remembered." in terminal.screen())
    assert len(terminal.server.turns()) == 3 and terminal.server.strays == []
    assert "Whole." in str(terminal.server.turns()[2].body)


@mostly_anthropic
def test_its_letters_wake_it_in_the_pane(terminal, script):
    script.add("agent", say("Begun."), call("org", arguments=["inbox"]), say("Read it."))
    terminal.start()
    terminal.until(lambda: "Begun." in terminal.screen())
    at = seat(terminal.folder, terminal.provider, terminal.server)
    letter(at, subject="E7 kept")
    terminal.until(lambda: "Read it." in terminal.screen())
    assert "mail: 1 new letter" in terminal.history()


@mostly_anthropic
def test_a_second_process_does_not_touch_the_conversation(terminal, script):
    script.add("agent", say("Begun."))
    terminal.start()
    terminal.until(lambda: "Begun." in terminal.screen())
    at = seat(terminal.folder, terminal.provider, terminal.server)
    before = lines(at)
    other = Terminal(terminal.folder, terminal.server, terminal.provider)
    other.socket = terminal.folder / "tmux2"
    try:
        other.start(*other.command, "0.5")
        terminal.until(lambda: "another process plays junior-1" in other.screen())
    finally:
        other.close()
    assert lines(at) == before


@mostly_openai
def test_words_of_others_never_steer_the_terminal(terminal, script):
    evil = r"printf '\033[2J\033]0;owned\007\033[?1049h evil-output'"
    script.add("agent", shell(evil), say("Seen \x1b[2J through."))
    terminal.start()
    terminal.until(lambda: "through." in terminal.screen())
    assert "evil-output" in terminal.screen() and "owned" not in terminal.tmux("display-message", "-p", "#{pane_title}")
