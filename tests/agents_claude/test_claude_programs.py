"""The programs that run alone inside the pane: waker, guard, status line, alone."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from org.agents import guard, waker
from org.agents.claude import alone, statusline
from org.supervisor import wake

# A program that starts a waiter like Claude Code does: `sh` in between, then it is its child.
PARENT = """
import subprocess, sys
done = subprocess.run(["sh", "-c", sys.argv[1]], capture_output=True, text=True)
print(done.returncode, done.stderr.strip())
"""


def eventually(true: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Waiting:
    """A program with a waiter. said: exit status and text of the waiter, once it ended."""

    def __init__(self, folder: Path) -> None:
        self.wake, self.hold, self.sessions = folder / "wake", folder / "hold", folder / "sessions"
        self.sessions.mkdir(exist_ok=True)
        places = f"'{self.wake}' '{self.hold}' '{self.sessions}'"
        line = f"exec '{sys.executable}' -I -S '{waker.__file__}' {places}"
        self.program = subprocess.Popen(
            [sys.executable, "-c", PARENT, line], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        eventually(lambda: (self.wake / ".lock").exists())

    def is_now(self, status: str) -> None:
        beside = self.sessions / "new"
        beside.write_text(json.dumps({"status": status}))
        os.replace(beside, self.sessions / f"{self.program.pid}.json")

    @property
    def said(self) -> str:
        return (self.program.communicate(timeout=120)[0]).strip()

    def end(self) -> None:
        if self.program.poll() is None:
            os.killpg(self.program.pid, signal.SIGKILL)
        self.program.wait()


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    made = Waiting(tmp_path)
    yield made
    made.end()


def test_a_line_is_taken_once_and_said(waiting: Waiting) -> None:
    wake.leave(waiting.wake, 17, "ORG-17: mail")
    assert waiting.said == "2 ORG-17: mail"
    assert wake.claimed(waiting.wake, 17) and not wake.take_back(waiting.wake, 17)


def test_lines_that_gathered_are_said_together_in_order(waiting: Waiting) -> None:
    waiting.is_now("busy")
    for number in (9, 10):
        wake.leave(waiting.wake, number, f"ORG-{number}: mail")
    waiting.is_now("idle")
    assert waiting.said == "2 ORG-9: mail\nORG-10: mail"


@pytest.mark.parametrize("status", ["busy", "waiting"])
def test_a_turn_or_a_dialog_is_waited_for(waiting: Waiting, status: str) -> None:
    waiting.is_now(status)
    wake.leave(waiting.wake, 17, "ORG-17: mail")
    time.sleep(waker.EVERY_S * 4)
    assert not wake.claimed(waiting.wake, 17)
    waiting.is_now("idle")
    eventually(lambda: wake.claimed(waiting.wake, 17))


def test_a_held_agent_is_not_woken(waiting: Waiting) -> None:
    waiting.hold.write_text("")
    wake.leave(waiting.wake, 17, "ORG-17: mail")
    time.sleep(waker.EVERY_S * 4)
    assert not wake.claimed(waiting.wake, 17)
    waiting.hold.unlink()
    eventually(lambda: wake.claimed(waiting.wake, 17))


def test_a_second_waiter_ends_at_once(waiting: Waiting, tmp_path: Path) -> None:
    assert Waiting(tmp_path).said == "0"
    assert waiting.program.poll() is None


def test_a_waiter_ends_with_its_program(waiting: Waiting, tmp_path: Path) -> None:
    waiting.program.send_signal(signal.SIGKILL)
    waiting.program.wait()
    eventually(lambda: _is_free(waiting.wake / ".lock"))
    wake.leave(waiting.wake, 17, "ORG-17: mail")
    time.sleep(waker.EVERY_S * 2)
    assert not wake.claimed(waiting.wake, 17)
    later = Waiting(tmp_path)
    assert later.said == "2 ORG-17: mail"


def _is_free(lock: Path) -> bool:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def test_nobody_is_woken_too_often(tmp_path: Path) -> None:
    claimed = tmp_path / "claimed"
    claimed.mkdir()
    for number in range(waker.OFTEN):
        assert not waker.too_often(claimed)
        (claimed / f"{number}.txt").write_text("")
    assert waker.too_often(claimed)


def test_the_office_takes_back_what_nobody_took(tmp_path: Path) -> None:
    wake.leave(tmp_path, 5, "ORG-5: mail")
    assert wake.take_back(tmp_path, 5)
    assert waker.take(tmp_path / "5.txt", tmp_path / "claimed") == ""


# The guard.


@pytest.mark.parametrize(
    "command",
    [
        "pkill -f train", "sleep 1 && killall python", "sudo -n pkill x", "git stash", "git stash push -m x", "git gc",
        "git -C . prune", "git push origin main", "cd a; git switch main", "git checkout main", "git checkout -b mine",
        "git checkout -", "git worktree remove x", "git branch -D junior-2", "git update-ref refs/heads/main HEAD",
        "tmux send-keys -t 1 y", "nvidia-smi -pl 300", "nvidia-smi --gpu-reset -i 0", "kill -9 -1", "bash -c 'pkill x'",
        "CUDA_VISIBLE_DEVICES=3 python train.py", "export CUDA_VISIBLE_DEVICES=0,1", "true | xargs killall",
        "timeout 5 pkill x", "env A=1 pkill x", "ls\npkill x", "(pkill x)", "if true; then git stash; fi",
        "git reflog expire --all", "bash <<EOF\npkill x\nEOF", "cat <<EOF\nx\nEOF\npkill x", "git \\\n  stash",
    ],
)  # fmt: skip
def test_what_hurts_others_is_refused(command: str, tmp_path: Path) -> None:
    told = _guarded({"tool_name": "Bash", "tool_input": {"command": command}, "cwd": str(tmp_path)}, tmp_path)
    assert told["permissionDecision"] == "deny" and told["permissionDecisionReason"].startswith("The lab refuses ")


@pytest.mark.parametrize(
    "command",
    [
        "git checkout -- deleted.py",
        "git status", "git commit -am 'stop the stash of pkill'", "git stash list", "git checkout -- a.py", "git checkout a.py",
        "git checkout HEAD -- a.py", "git checkout HEAD a.py", "git log --oneline", "git branch", "nvidia-smi", "nvidia-smi -L",
        "nvidia-smi --query-gpu=name --format=csv", "kill 4242", "echo pkill", "grep -rn 'tmux send-keys' .", "org try -- ls",
        "CUDA_VISIBLE_DEVICES= python a.py", "git worktree list", "python - <<'EOF'\nprint(\"it's\")\nEOF", "git diff main", "",
        "cat > notes.md <<'EOF'\ngit stash\npkill x\nEOF", "cat <<-EOF > a\n  tmux ls\n  EOF\nls",
    ],
)  # fmt: skip
def test_what_hurts_nobody_passes(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    assert _guarded({"tool_name": "Bash", "tool_input": {"command": command}, "cwd": str(tmp_path)}, tmp_path) == {}


def test_files_of_the_lab_and_of_other_agents_are_closed(tmp_path: Path) -> None:
    own, other = tmp_path / "worktrees" / "junior-1", tmp_path / "worktrees" / "junior-2"
    own.mkdir(parents=True)
    (own / "way-out").symlink_to(other)
    cases = {
        own / "a.py": True, "a.py": True, other / "a.py": False, tmp_path / "comms" / "ledger.db": False,
        "../junior-2/a.py": False, own / "way-out" / "a.py": False, "/somewhere/else": True,
    }  # fmt: skip
    for path, passes in cases.items():
        event = {"tool_name": "Write", "tool_input": {"file_path": str(path)}, "cwd": str(own)}
        assert (_guarded(event, own, tmp_path) == {}) is passes, path


def test_a_guard_that_understands_nothing_lets_pass(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", guard.__file__, str(tmp_path)], input="{", capture_output=True, text=True, check=True
    )
    assert done.stdout == "" and "org guard" in done.stderr


def test_a_command_in_words_is_understood_too(tmp_path: Path) -> None:
    assert guard.refusal({"tool_name": "shell", "tool_input": {"command": ["pkill", "-f", "a b"]}}, str(tmp_path), [])


def _guarded(event: dict[str, object], worktree: Path, *closed: Path) -> dict[str, str]:
    arguments = [sys.executable, "-I", "-S", guard.__file__, str(worktree), *map(str, closed)]
    done = subprocess.run(arguments, input=json.dumps(event), capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)["hookSpecificOutput"] if done.stdout else {}
    return found


# The status line.


def test_the_status_line_tells_mail_and_context_and_keeps_the_rest(tmp_path: Path) -> None:
    mail, file = tmp_path / "new", tmp_path / "status.json"
    mail.mkdir()
    (mail / "one").write_text("")
    (mail / ".half").write_text("")
    told = {"session_id": "s", "context_window": {"used_percentage": 42.6}, "workspace": {"current_dir": "x"}}
    arguments = [sys.executable, "-I", "-S", statusline.__file__, str(file), str(mail), "junior-1"]
    done = subprocess.run(arguments, input=json.dumps(told), capture_output=True, text=True, check=True)
    assert done.stdout == "junior-1 · 1 new letter · context 43 %\n"
    assert json.loads(file.read_text()) == {"session_id": "s", "context_window": {"used_percentage": 42.6}}


def test_a_status_line_without_anything_is_the_agents_name(tmp_path: Path) -> None:
    assert statusline.line("chief", statusline.unread(str(tmp_path / "none")), None) == "chief"


# Alone.


def test_a_program_starts_when_the_other_one_of_its_conversation_is_gone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "300"]) as other:
        told = {"pid": other.pid, "sessionId": "c", "procStart": None}
        (tmp_path / f"{other.pid}.json").write_text(json.dumps(told))
        arguments = [sys.executable, "-I", "-S", alone.__file__, str(tmp_path), "c", "/bin/echo", "started"]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as mine:
            time.sleep(alone.EVERY_S * 3)
            assert mine.poll() is None
            other.kill()
            other.wait()
            assert mine.communicate(timeout=120)[0] == "started\n"


def test_a_number_that_another_process_got_is_not_the_program(tmp_path: Path) -> None:
    told = {"pid": os.getppid(), "sessionId": "c", "procStart": "1"}
    (tmp_path / "1.json").write_text(json.dumps(told))
    assert alone.holder(tmp_path, "c") is None
    (tmp_path / "1.json").write_text(json.dumps({**told, "procStart": None}))
    assert alone.holder(tmp_path, "c") == os.getppid() and alone.holder(tmp_path, "d") is None
