"""How a person is called: a bell past tmux, a notification, a program of theirs."""

import os
import pty
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import many
import pytest
from pydantic import ValidationError

from org.config.attention import AttentionConfig
from org.lab.attention import Call
from org.lab.lab import Lab
from org.store import mail
from org.supervisor import attention, desktop
from org.supervisor.office import Office
from org.terminal import attach
from org.terminal.attach import Client

CALL = Call("question", "q-1", "chief asks: $(touch nowhere) {lab} & <b>; may I?")


def eventually(fact: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "this never became true"
        time.sleep(0.02)


def configured(lab: Lab, **fields: object) -> Lab:
    made = AttentionConfig(**fields)  # type: ignore[arg-type]
    return replace(lab, config=lab.config.model_copy(update={"attention": made}))


def test_a_program_of_the_person_gets_what_happened_as_one_argument(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "told"
    script = tmp_path / "tell.sh"
    script.write_text('#!/bin/sh\nprintf "%s|" "$@" >> "$TOLD"\n')
    script.chmod(0o755)
    said: list[str] = []
    os.environ["TOLD"] = str(file)
    office = Office(configured(lab, command=f"{script} --on={{on}} 'org {{lab}}' {{words}}"), say=said.append)
    with lab.ledger.transaction() as tx:
        mail.ask(tx, "chief", CALL.words.removeprefix("chief asks: "), many.NOW, None, None)
    attention.step(office, many.NOW + timedelta(minutes=1))
    eventually(lambda: file.exists() and file.read_text().endswith("|"))
    assert file.read_text() == f"--on=question|org main|{CALL.words}|"
    attention.step(office, many.NOW + timedelta(minutes=2))
    assert said == [f"calls a person: {CALL.words}"]


@pytest.mark.parametrize(("command", "told"), [("/nowhere/at-all", "cannot be run"), ("false", "ended with 1")])
def test_a_program_that_fails_is_said_in_the_office(lab: Lab, command: str, told: str) -> None:
    said: list[str] = []
    office = Office(configured(lab, command=command), say=said.append)
    with lab.ledger.transaction() as tx:
        mail.ask(tx, "chief", "May I?", many.NOW, None, None)
    attention.step(office, many.NOW + timedelta(minutes=1))
    eventually(lambda: any(told in line for line in said))


def test_nobody_waits_for_a_program_of_the_person(lab: Lab, tmp_path: Path) -> None:
    """It reads a pipe into which somebody writes only once the step is over."""
    os.mkfifo(tmp_path / "later")
    office = Office(configured(lab, command=f"cat {tmp_path}/later"), say=lambda line: None)
    with lab.ledger.transaction() as tx:
        mail.ask(tx, "chief", "May I?", many.NOW, None, None)
    attention.step(office, many.NOW + timedelta(minutes=1))
    (tmp_path / "later").write_text("over")


def test_a_program_that_hangs_is_ended_with_its_children(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "DEADLINE_SECONDS", 1.0)
    os.mkfifo(tmp_path / "never")
    script = tmp_path / "hang.sh"
    pids = tmp_path / "pids"
    script.write_text(f'#!/bin/sh\ncat "{tmp_path}/never" &\necho "$$ $!" > "{pids}.new" && mv "{pids}.new" "{pids}"\nwait\n')
    script.chmod(0o755)
    said: list[str] = []
    office = Office(configured(lab, command=f"{script}"), say=said.append)
    with lab.ledger.transaction() as tx:
        mail.ask(tx, "chief", "May I?", many.NOW, None, None)
    attention.step(office, many.NOW + timedelta(minutes=1))
    eventually(lambda: any("took longer than 1 s" in line for line in said))
    begun = pids.read_text().split() if pids.exists() else []  # on a busy machine it may have been ended before it began
    eventually(lambda: not any(runs(pid) for pid in begun))


def runs(pid: str) -> bool:
    """A process that ended and was not yet collected has no command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_of_many_calls_of_a_kind_most_come_in_one() -> None:
    calls = [Call("stuck", f"s-{n}", f"junior-{n} waits for you") for n in range(64)] + [CALL]
    found = attention.few(calls)
    assert [call.on for call in found] == ["stuck"] * 6 + ["question"] and found[-1] is CALL
    assert found[:5] == calls[:5] and found[5].words == "… and 59 more of that kind: `org status`"


def test_a_bell_is_written_to_a_terminal_and_to_nothing_else(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    assert attention._ring(os.ttyname(follower))
    assert os.read(leader, 8) == b"\a"
    file = tmp_path / "file"
    file.touch()
    assert not attention._ring(str(file)) and not file.read_bytes()
    assert not attention._ring(str(tmp_path / "missing"))


@pytest.mark.parametrize("beside", [True, False])
def test_where_no_desktop_is_beside_the_lab_the_attached_terminal_notifies(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    leader, follower = pty.openpty()
    monkeypatch.setattr(attach, "clients", lambda grid: [Client(os.ttyname(follower), False, many.NOW, "%1")])
    monkeypatch.setenv("PATH", str(tmp_path))
    if beside:
        executable(tmp_path / "osascript")
    office = Office(configured(lab, bell=not beside), grid=object(), say=lambda line: None)  # type: ignore[arg-type]
    with lab.ledger.transaction() as tx:
        mail.ask(tx, "chief", "May I?\x07\x1b[2J", many.NOW, None, None)
    attention.step(office, many.NOW + timedelta(minutes=1))
    os.set_blocking(leader, False)
    if beside:
        with pytest.raises(BlockingIOError):
            os.read(leader, 200)
    else:
        assert os.read(leader, 200) == b"\a\x1b]9;org main: chief asks: May I? [2J\a"


def executable(path: Path) -> str:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_a_notification_holds_a_few_calls_and_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linux, mac, none = executable(tmp_path / "notify"), executable(tmp_path / "script"), str(tmp_path / "not-installed")
    monkeypatch.setenv("DISPLAY", ":0")
    argv = desktop.command("main", [CALL] * 7, linux, mac)
    assert argv[:4] == [linux, "--app-name=org", "--", "org main"]
    assert argv[4].endswith("… and 2 more") and "&amp; &lt;b>" in argv[4]
    assert desktop.command("main", [CALL], none, none) == []
    for name in desktop.DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    assert desktop.command("main", [CALL], linux, none) == []
    argv = desktop.command("main", [CALL], linux, mac)
    assert argv[0] == mac and argv[-2:] == ["org main", CALL.words] and not any(CALL.words in part for part in argv[:-1])


@pytest.mark.parametrize("command", ["", "say 'x", "say {word}"])
def test_a_command_that_cannot_be_meant_is_refused(command: str) -> None:
    with pytest.raises(ValidationError):
        AttentionConfig(command=command)
