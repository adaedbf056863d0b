"""The backend as the office sees it: its command, its checks, its input box, what its watcher tells."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from api_agent import letter, seat
from seats import seat_in

from org.agents import registry
from org.agents.api import rows
from org.agents.api.conversation import Answer, Prompt, Stop, Tokens
from org.agents.api.letters import Letters
from org.agents.api.rows import Rows, Status
from org.agents.api.watcher import ApiWatcher
from org.agents.backend import Nudging
from org.agents.observation import NOTHING_NEW, Composer
from org.model.agent import Cause, State
from org.model.errors import ConfigError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
NOWHERE = SimpleNamespace(url="http://127.0.0.1:1", openai_url="http://127.0.0.1:1/v1")


def test_its_pane_runs_org_pane_and_keeps_its_own_key_only(tmp_path):
    backend = registry.named("api")
    at = seat_in(tmp_path, environment={"LAB_KEY": "x", "OTHER_KEY": "y"}, backend="api", key_env="LAB_KEY")
    assert backend.check(at) == []
    backend.prepare(at)
    backend.prepare(at)
    command = backend.pane_command(at)
    assert command.argv == ("org", "pane", "junior-1") and command.cwd == at.worktree
    assert "LAB_KEY" in command.keeps and "OTHER_KEY" not in command.keeps and "x" not in command.environment.values()
    assert backend.nudging is Nudging.NONE and backend.stash() is None


def test_what_lacks_is_told_with_its_fix(tmp_path):
    backend = registry.named("api")
    (lacks,) = backend.check(seat_in(tmp_path, backend="api", provider="openai"))
    assert lacks.startswith("agent junior-1: OPENAI_API_KEY is not set: export it before `org start`")
    (wrong,) = backend.check(seat_in(tmp_path, backend="api", args=("--effort", "9")))
    assert "--window TOKENS" in wrong
    with pytest.raises(ConfigError):
        backend.pane_command(seat_in(tmp_path, backend="api", args=("--effort", "9")))


@pytest.mark.parametrize(
    ("screen", "shown"),
    [
        ("09:00:00 ◆ Done.\n› \n┄┄ junior-1 · idle\n   m · context 3 %\n", Composer.EMPTY),
        ("› half a thought\n┄┄ junior-1 · idle\n", Composer.DRAFT),
        ("› \n  second line\n┄┄ junior-1 · idle\n", Composer.DRAFT),
        ("09:00:00 › typed before\n┄┄ junior-1 · idle\n", Composer.UNKNOWN),
        ("$ ls\n› \n", Composer.UNKNOWN),
        ("", Composer.UNKNOWN),
    ],
)
def test_the_input_box_is_read_off_the_screen(screen, shown):
    assert registry.named("api").composer(screen) is shown


def answer(key: str) -> Answer:
    return Answer(key, NOW, "m-1", (), Stop.END, Tokens(10, 20, 30, 40))


def test_the_watcher_tells_states_prompts_and_calls_once(tmp_path):
    at = seat(tmp_path, "anthropic", NOWHERE)
    watcher, told = ApiWatcher(at), Rows(at.hooks, "junior-1", "s-1")
    assert watcher.look(str, NOW) is NOTHING_NEW
    told.prompt(Prompt("p1", NOW, "Widen it."))
    told.status(NOW, Status(State.WORKING, "reading"))
    told.usage(answer("a1"))
    told.status(LATER, Status(State.WAITING, "w", Cause.RATE_LIMIT, LATER, "rate limit: 429", 0.5))
    seen = watcher.look(str, NOW)
    assert (seen.state, seen.cause, seen.until, seen.context) == (State.WAITING, Cause.RATE_LIMIT, LATER, 0.5)
    assert (seen.session, seen.heard_at, seen.reason, seen.words) == ("s-1", LATER, "rate limit: 429", "w")
    assert [(p.text, p.at, p.session) for p in seen.prompts] == [("Widen it.", NOW, "s-1")]
    (used,) = seen.usage
    assert (used.key, used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens) == (
        "a1", 10, 20, 30, 40,
    )  # fmt: skip
    assert watcher.look(str, NOW) is NOTHING_NEW
    told.prompt(Prompt("p2", LATER, "And depth."))
    assert watcher.look(str, NOW).state is None


def test_a_watcher_passes_over_bad_rows_and_waits_for_a_torn_one(tmp_path):
    at = seat(tmp_path, "anthropic", NOWHERE)
    watcher, told = ApiWatcher(at), Rows(at.hooks, "junior-1", "s-1")
    told.status(NOW, Status(State.IDLE, "fine"))
    with at.hooks.open("ab") as file:
        file.write(b'no json\n[1]\n{"at": "2026-03-02T09:00:00+00:00", "agent": "junior-1", "state": "flying"}\n{"at": "20')
    assert watcher.look(str, NOW).state is None
    with at.hooks.open("ab") as file:
        file.write(b'26-03-02T09:00:00+00:00", "agent": "junior-1", "state": "idle", "words": "x"}\n')
    assert watcher.look(str, NOW).words == "x"
    assert len(rows.read(at.hooks)[0]) == 3


def test_letters_left_unread_are_announced_again_only_while_it_idles_and_three_times_in_all(tmp_path):
    at = seat(tmp_path, "anthropic", NOWHERE)
    letter(at, "m1", "E1: kept\nORG-7 and a second line")
    letters = Letters(at.mailbox)
    first = letters.news(NOW, idle=False)
    assert first == "ORG-0: mail: 1 new letter (chief: E1: kept ORG-7 and a second line), read with `org inbox`"
    assert letters.news(NOW, idle=True) is None
    again = [letters.news(NOW + timedelta(minutes=11 * n), idle=n != 1) is not None for n in range(1, 7)]
    assert again == [False, True, True, False, False, False]
    letter(at, "m2", "another")
    assert "1 new letter (chief: another)" in letters.news(LATER, idle=True)


def test_a_letter_that_cannot_be_read_still_wakes_it(tmp_path):
    at = seat(tmp_path, "anthropic", NOWHERE)
    (at.mailbox / "new" / "bad.md").write_text("no letter")
    assert Letters(at.mailbox).news(NOW, idle=True) == "ORG-0: mail: 1 new letter, read with `org inbox`"
