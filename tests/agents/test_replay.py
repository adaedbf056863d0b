"""Scripts: typed at the start, played step by step, continued behind a crash."""

import os
import signal

import pytest
from offline_lab import RECIPE, OfflineLab, git

from org.agents import replay, script
from org.agents.script import Crash, Propose, Say, Send, Sleep, WaitFor
from org.comms import mailbox
from org.model.errors import ConfigError, OrgError
from org.model.message import Kind

SCRIPT = """\
- wait_for: {program: open}
- say: hello
- propose: {subject: A larger softcap, recipe: {softcap: 20.0}, files: {trainer/new.py: "x = 1\\n"}}
- sleep: 2
- send: {to: chief, subject: done, body: E1 is in}
- wait_for: {experiments: decided}
- wait_for: {message: note, within: 30}
"""


def player(place: OfflineLab, text: str = SCRIPT) -> replay.Player:
    path = place.home / "script.yaml"
    path.write_text(text)
    return replay.Player(place.desk(), script.load(path))


def test_a_script_is_played_in_its_order(place):
    one = player(place)
    one.step()
    assert place.calls("send") == []  # sleeps
    place.later(2)
    one.step()
    assert place.calls("send") == [["send", "chief", "done", "E1 is in"]]
    (experiment,) = place.experiments()
    changed = git(place.layout.worktree("junior-1"), "diff", "--name-only", experiment.base_commit, experiment.tip_commit)
    assert changed.split() == ["trainer/new.py", "trainer/recipe.yaml"]
    place.discard("E1")
    one.step()
    place.letter(Kind.NOTE, "go on")
    one.step()
    assert one.why() == ["at its end"]
    assert mailbox.unread(place.layout.mailbox("junior-1")).messages == ()


def test_a_restarted_script_goes_on_where_it_was(place):
    player(place).step()
    place.later(2)
    again = player(place)
    again.step()  # its sleep begins again
    place.later(2)
    again.step()
    assert place.output.getvalue().count("hello") == 1
    assert len(place.calls("propose")) == 1


def test_a_crash_ends_the_process_once_and_the_script_goes_on_behind_it(place):
    text = "- say: before\n- crash: 9\n- say: behind\n"
    child = os.fork()
    if child == 0:
        player(place, text).step()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    player(place, text).step()
    assert "behind" in place.output.getvalue() and "before" not in place.output.getvalue()


def test_killed_between_edit_and_commit_the_scripts_edit_is_made_again(place):
    place.recipe.write_text(RECIPE.replace("softcap: 15.0 ", "softcap: 20.0 "))
    player(place).step()
    assert [e.subject for e in place.experiments()] == ["A larger softcap"]


def test_an_expected_refusal_is_no_error_and_an_unexpected_one_is(place):
    place.refuse(propose="no")
    player(place, "- propose: {subject: x, recipe: {softcap: 20.0}, refused: true}\n- say: over\n").step()
    assert "refused, as expected: no" in place.output.getvalue() and "over" in place.output.getvalue()
    with pytest.raises(OrgError, match="to be taken"):
        player(place, "- propose: {subject: y, recipe: {softcap: 21.0}}\n").step()


def test_a_wait_that_takes_too_long_is_told(place):
    one = player(place, "- wait_for: {message: handback, within: 5}\n")
    one.step()
    place.later(6)
    with pytest.raises(OrgError, match="5 s are over"):
        one.step()


def test_every_kind_of_step_is_typed(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(SCRIPT + "- crash: 15\n")
    kinds = [WaitFor, Say, Propose, Sleep, Send, WaitFor, WaitFor, Crash]
    assert [type(step) for step in script.load(path)] == kinds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- say: hi\n- slep: 2\n", "s.yaml:2: unknown step 'slep'; did you mean `sleep`?"),
        ("- propose: {subjct: x}\n", "s.yaml:1: propose: unknown key 'subjct'; did you mean `subject`?"),
        ("- propose: {because: x}\n", "s.yaml:1: propose: missing 1 required positional argument: 'subject'"),
        ("- sleep: soon\n", "s.yaml:1: sleep: 'soon' is not what this step takes"),
        ("- say\n", "s.yaml:1: a step is one word with its value"),
        ("say: hi\n", "s.yaml:1: a list of steps was expected"),
        ("- say: [\n", "s.yaml:2: not YAML"),
    ],
)
def test_a_wrong_script_names_its_line(tmp_path, text, words):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        script.load(path)
    assert words in str(caught.value)
