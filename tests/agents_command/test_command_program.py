"""Descriptions of programs, the role in a worktree, and the command line that comes of both."""

from pathlib import Path

import pytest
from command_seat import git, repository
from seats import seat_in

from org.agents.backend import Nudging, Seat
from org.agents.command import program, role
from org.agents.command.backend import Command
from org.agents.observation import Composer
from org.model.errors import ConfigError

COMMAND = Command()
LEAST = "name: x\nprogram: sh\ninstall: i\nscreen: {box: '^>(?P<text>.*)$'}\n"


def seated(folder: Path, text: str = LEAST, tracked: tuple[str, ...] = (), **entry: object) -> Seat:
    seat = seat_in(folder / "lab", "junior-1", {"PATH": "/usr/bin:/bin"}, backend="command", program_file="mine.yaml", **entry)
    repository(seat, *tracked)
    (seat.root / "mine.yaml").write_text(text)
    return seat


def status(seat: Seat) -> str:
    return git(seat.worktree, "status", "--porcelain")


def test_without_a_description_the_shipped_ones_are_named(tmp_path):
    (told,) = COMMAND.check(seat_in(tmp_path, backend="command"))
    assert "program_file" in told and "opencode" in told


@pytest.mark.parametrize("name", [path.stem for path in program.SHIPPED.glob("*.yaml")])
def test_a_shipped_description_is_found_by_its_name_and_whole(tmp_path, name):
    wanted = program.load(seat_in(tmp_path, backend="command", program_file=name))
    assert wanted.name == name and wanted.tested and wanted.install


@pytest.mark.parametrize(("text", "told"), [
    (LEAST + "colour: red\n", "colour: Extra inputs"), (LEAST.replace("sh\n", "[sh\n"), "cannot be read"),
    ("name: x\n", "program: Field required"), (LEAST.replace(">", "(>"), "is no regular expression"), ("", "the file: "),
    (LEAST.replace("?P<text>", ""), "no group `text`"),
])  # fmt: skip
def test_a_wrong_description_fails_with_its_file_and_key(tmp_path, text, told):
    found = COMMAND.check(seated(tmp_path, text))
    assert any("mine.yaml" in line and told in line for line in found), found


def test_a_missing_program_and_a_missing_key_are_told_with_their_fix(tmp_path):
    missing, key = COMMAND.check(seated(tmp_path, LEAST.replace("program: sh", "program: no-such"), key_env="MY_KEY"))
    assert "install it with `i`" in missing and "MY_KEY is not set" in key
    with pytest.raises(ConfigError, match="no-such is not on PATH"):
        COMMAND.pane_command(seated(tmp_path / "b", LEAST.replace("program: sh", "program: no-such")))


def test_a_file_that_does_not_exist_is_named(tmp_path):
    seat = seat_in(tmp_path, backend="command", program_file="gone.yaml")
    assert "gone.yaml: there is no such file" in COMMAND.check(seat)[0]


def test_arguments_are_filled_in_and_braces_of_other_meaning_stay(tmp_path):
    more = (
        "arguments: [--as, '{agent}', '{\"a\": {}}']\nprompt: ['{prompt}']\nmodel: [-m, '{model}']\nrole: {environment: ROLE}\n"
    )
    seat = seated(tmp_path, LEAST + more, model="big", args=("--more",))
    command = COMMAND.pane_command(seat)
    assert command.argv[1:6] == ("--as", "junior-1", '{"a": {}}', "-m", "big") and command.argv[-1] == "--more"
    assert command.argv[-2].startswith("ORG-0 ") and "{" not in command.argv[-2]
    assert command.environment["ROLE"] == str(seat.prompt) and command.environment["CUDA_VISIBLE_DEVICES"] == ""
    assert COMMAND.nudging is Nudging.TYPED and COMMAND.stash() is None


def test_a_role_given_as_an_argument_is_its_text(tmp_path):
    seat = seated(tmp_path, LEAST + "role: {arguments: [--system, '{role}']}\n")
    assert COMMAND.pane_command(seat).argv[1:3] == ("--system", "You are junior-1.\n")


def test_a_role_that_the_program_cannot_be_given_is_named_in_the_opening_prompt(tmp_path):
    seat = seated(tmp_path, LEAST + "prompt: ['{prompt}']\n")
    assert f"stand in the file {seat.prompt}" in COMMAND.pane_command(seat).argv[-1]


def test_while_a_person_has_the_agent_a_start_says_nothing(tmp_path):
    seat = seated(tmp_path, LEAST + "prompt: ['{prompt}']\n")
    seat.hold.touch()
    assert len(COMMAND.pane_command(seat).argv) == 1


def test_the_role_in_the_worktree_is_a_link_that_git_does_not_see(tmp_path):
    seat = seated(tmp_path, LEAST + "role: {file: AGENTS.md}\nprompt: ['{prompt}']\n")
    COMMAND.prepare(seat)
    COMMAND.prepare(seat)
    assert (seat.worktree / "AGENTS.md").read_text() == "You are junior-1.\n" and status(seat) == ""
    assert (seat.root / ".git/info/exclude").read_text().count("/AGENTS.md") == 1
    assert "in your instructions" in COMMAND.pane_command(seat).argv[-1]


def test_a_tracked_file_is_never_touched(tmp_path):
    seat = seated(tmp_path, LEAST + "role: {file: AGENTS.md}\nprompt: ['{prompt}']\n", tracked=("AGENTS.md",))
    COMMAND.prepare(seat)
    assert (seat.worktree / "AGENTS.md").read_text() == "the person's own\n" and status(seat) == ""
    assert "stand in the file" in COMMAND.pane_command(seat).argv[-1]


def test_a_tracked_file_that_was_deleted_in_the_worktree_is_not_replaced(tmp_path):
    seat = seated(tmp_path, tracked=("AGENTS.md",))
    (seat.worktree / "AGENTS.md").unlink()
    assert not role.place(seat, "AGENTS.md") and not (seat.worktree / "AGENTS.md").exists()


def test_an_untracked_file_and_somebody_elses_link_are_never_touched(tmp_path):
    seat = seated(tmp_path)
    (seat.worktree / "AGENTS.md").write_text("notes")
    (seat.worktree / "GEMINI.md").symlink_to("nowhere")
    assert not role.place(seat, "AGENTS.md") and not role.place(seat, "GEMINI.md")
    assert (seat.worktree / "AGENTS.md").read_text() == "notes"


def test_a_file_that_the_repository_wants_to_see_is_not_placed(tmp_path):
    seat = seated(tmp_path)
    (seat.worktree / ".gitignore").write_text("!/AGENTS.md\n")
    assert not role.place(seat, "AGENTS.md")


def test_files_of_the_description_are_written_into_the_agents_home(tmp_path):
    seat = seated(tmp_path, LEAST + "files: {a.json: '{\"role\": \"{role_file}\"}'}\nenvironment: {CONF: '{home}/a.json'}\n")
    COMMAND.prepare(seat)
    assert (seat.home / "a.json").read_text() == f'{{"role": "{seat.prompt}"}}'
    assert COMMAND.pane_command(seat).environment["CONF"] == f"{seat.home}/a.json"


def test_where_two_descriptions_know_a_screen_the_more_cautious_word_counts(tmp_path):
    both = Command()
    assert both.composer("> ") is Composer.UNKNOWN
    both.watcher(seated(tmp_path / "a"))
    assert both.composer("> ") is Composer.EMPTY and both.composer("> words") is Composer.DRAFT
    screen = "{box: '^never(?P<text>)', dialogs: [{pattern: sure, cause: person, reason: r}]}"
    asking = f"name: y\nprogram: sh\ninstall: i\nscreen: {screen}\n"
    both.watcher(seated(tmp_path / "b", asking))
    assert both.composer("sure\n> ") is Composer.DIALOG and both.composer("> ") is Composer.EMPTY
