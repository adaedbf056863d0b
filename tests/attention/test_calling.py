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
from org.supervisor import attention
from org.supervisor.office import Office

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


def test_a_bell_is_written_to_a_terminal_and_to_nothing_else(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    assert attention._ring(os.ttyname(follower))
    assert os.read(leader, 8) == b"\a"
    file = tmp_path / "file"
    file.touch()
    assert not attention._ring(str(file)) and not file.read_bytes()
    assert not attention._ring(str(tmp_path / "missing"))


def test_a_notification_holds_a_few_calls_and_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "notify"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("DISPLAY", ":0")
    argv = attention.notification("main", [CALL] * 7, str(program))
    assert argv[:4] == [str(program), "--app-name=org", "--", "org main"]
    assert argv[4].endswith("… and 2 more") and "&amp; &lt;b>" in argv[4]
    assert attention.notification("main", [CALL], str(tmp_path / "not-installed")) == []
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    assert attention.notification("main", [CALL], str(program)) == []


@pytest.mark.parametrize("command", ["", "say 'x", "say {word}"])
def test_a_command_that_cannot_be_meant_is_refused(command: str) -> None:
    with pytest.raises(ValidationError):
        AttentionConfig(command=command)
