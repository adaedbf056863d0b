"""Backends by name, hooks, verbs and briefings."""

import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from seats import seat_in

from org.agents import briefing, hooks, registry, verbs
from org.agents.backend import Nudging
from org.agents.hooks import Report
from org.model.agent import State
from org.model.errors import ConfigError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SEAT = seat_in(Path())


def test_an_unknown_backend_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"no backend 'claud'; this version has .*offline, .*replay"):
        registry.named("claud")


def test_an_offline_pane_runs_org_pane_with_its_name_and_looks_for_its_mail_itself():
    offline = registry.named("offline")
    command = offline.pane_command(SEAT)
    assert command.argv == ("org", "pane", "junior-1") and command.cwd == SEAT.worktree
    assert command.environment == {"ORG_AGENT": "junior-1", "ORG_LAB": "comms"}
    assert offline.nudging is Nudging.NONE


def test_a_replay_without_a_script_is_a_config_error():
    with pytest.raises(ConfigError, match="agent junior-1: backend replay plays a script"):
        registry.named("replay").pane_command(SEAT)


def test_reports_are_read_from_where_the_last_look_ended(tmp_path):
    path = tmp_path / "junior-1" / "hooks.jsonl"
    assert hooks.read(path) == ([], 0)
    first = Report(NOW, "junior-1", State.IDLE, "between experiments")
    hooks.append(path, first)
    found, offset = hooks.read(path)
    assert found == [first]
    with path.open("ab") as file:
        file.write(b'no json\n{"at": "2026-03-02T09')
    assert hooks.read(path, offset) == ([], offset + 8)


def test_reports_of_many_threads_are_whole_lines(tmp_path):
    path = tmp_path / "hooks.jsonl"
    report = Report(NOW, "junior-1", State.WORKING, "w" * 500)
    threads = [threading.Thread(target=lambda: [hooks.append(path, report) for _ in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hooks.read(path)[0]) == 160


def run(script: str, **changes: object) -> verbs.Answer:
    made = verbs.Verbs((sys.executable, "-c", script), Path.cwd(), {"PATH": os.environ["PATH"]}, **changes)  # type: ignore[arg-type]
    return made("status")


def test_a_refusal_is_an_answer_with_its_reason():
    answer = run("import sys; print('Error: two are open\\n  E1, E2', file=sys.stderr); sys.exit(1)")
    assert not answer.done and answer.reason == "two are open; E1, E2"


def test_a_verb_that_never_answers_is_ended_and_counts_as_refused():
    answer = run("import time; time.sleep(60)", timeout_s=0.2)
    assert answer.reason == "org status gave no answer in 0.2 s"


def test_a_missing_org_program_is_said_in_one_line():
    answer = verbs.Verbs(("no-such-org",), Path.cwd(), {})("status")
    assert "no-such-org cannot be run" in answer.reason


def test_a_verb_sees_its_agent_and_lab_and_a_person_no_agent():
    made = verbs.for_agent((sys.executable, "-c", "import os; print(sorted(os.environ.items()))"), Path.cwd(), "j", "lab", {})
    assert "('ORG_AGENT', 'j')" in made("x").out and "('ORG_LAB', 'lab')" in made("x").out
    assert "ORG_AGENT" not in made.as_person()("x").out


def write(folder: Path, text: str, name: str = "junior") -> Path:
    path = folder / f"{name}.md"
    path.write_text(text)
    return path


def test_a_role_is_rendered_with_its_front_matter(tmp_path):
    write(tmp_path, "---\nname: junior\nvariables: [agent]\n---\nYou are {{ agent }}.\n")
    page = briefing.role(tmp_path, "junior", {"agent": "junior-1"})
    assert page == briefing.Page({"name": "junior", "variables": ["agent"]}, "You are junior-1.\n")


def test_a_missing_variable_names_file_and_variable(tmp_path):
    write(tmp_path, "You are {{ agnt }}.\n")
    with pytest.raises(ConfigError, match=r"junior\.md: 'agnt' is undefined; variables here: agent"):
        briefing.role(tmp_path, "junior", {"agent": "junior-1"})


def test_a_missing_role_names_the_ones_there_are(tmp_path):
    write(tmp_path, "x", "chief_scientist")
    with pytest.raises(ConfigError, match=r"juniour\.md: there is no such file; in its folder: chief_scientist"):
        briefing.role(tmp_path, "juniour", {})


def test_a_broken_template_names_its_line(tmp_path):
    path = write(tmp_path, "---\nname: junior\n---\n\nfine\n{% if x %}\n")
    with pytest.raises(ConfigError, match=r"junior\.md:6: "):
        briefing.page(path, {"x": 1})


def test_a_role_that_uses_an_undeclared_variable_fails_the_check_before_any_start(tmp_path):
    path = write(tmp_path, "---\nvariables: [agent]\n---\n{{ agent }} {{ lab }}\n")
    with pytest.raises(ConfigError, match="lab is used, but not among `variables`"):
        briefing.check(path)


def test_the_shipped_roles_pass_the_check():
    roles = Path(__file__).parents[2] / "roles"
    for name in ("chief_scientist", "junior"):
        briefing.check(roles / f"{name}.md")
