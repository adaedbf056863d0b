"""One line into a pane: whole, inert, and never at the price of the server."""

from pathlib import Path

from tmux_lab import dead, eventually, shell, sleeper

from org.terminal.delivery import inert, paste_line, press_enter
from org.terminal.grid import Grid

READER = "stty -echo; while IFS= read -r line; do printf '%s\\n' \"$line\" >> got; done"


def got(folder: Path) -> str:
    return (folder / "got").read_bytes().decode() if (folder / "got").exists() else ""


def reading(grid: Grid, folder: Path) -> None:
    grid.ensure([shell("junior-1", folder, f"touch ready; {READER}")])
    assert eventually(lambda: (folder / "ready").exists())


def test_a_line_arrives_whole_and_is_submitted(grid: Grid, folder: Path) -> None:
    reading(grid, folder)
    line = "mail from chief: comms/junior-1/new/17.md; 'é' \"$HOME\" `date` #{pane_id} \\ ;"
    assert paste_line(grid, "junior-1", line).delivered
    assert eventually(lambda: got(folder)) == line + "\n"
    assert grid.tmux.run(["list-buffers"]) == []


def test_a_line_may_wait_for_its_enter(grid: Grid, folder: Path) -> None:
    reading(grid, folder)
    assert paste_line(grid, "junior-1", "held", submit=False).delivered
    assert got(folder) == ""
    assert press_enter(grid, "junior-1").delivered
    assert eventually(lambda: got(folder)) == "held\n"


def test_a_paste_into_a_dead_pane_is_refused_and_the_server_lives(grid: Grid, folder: Path) -> None:
    grid.ensure([shell("junior-1", folder, "exit 0"), sleeper("chief", folder)])
    assert eventually(lambda: dead(grid, "junior-1"))
    for attempt in (paste_line(grid, "junior-1", "hello"), press_enter(grid, "junior-1")):
        assert not attempt.delivered and "has ended" in attempt.reason
    assert grid.alive() and not dead(grid, "chief")
    assert grid.tmux.run(["list-buffers"]) == []


def test_escape_bytes_and_line_feeds_are_inert(grid: Grid, folder: Path) -> None:
    reading(grid, folder)
    assert paste_line(grid, "junior-1", "a\x1b[201~\r\nrm -rf x\x03\x04 b\x9b31m\x7f").delivered
    assert paste_line(grid, "junior-1", "second").delivered
    assert eventually(lambda: got(folder).count("\n") == 2)
    assert got(folder) == "a rm -rf x b 31m\nsecond\n"


def test_a_bracketed_paste_cannot_be_left(grid: Grid, folder: Path) -> None:
    grid.ensure([shell("junior-1", folder, "stty raw -echo; printf '\\033[?2004h'; touch ready; cat > got")])
    assert eventually(lambda: (folder / "ready").exists())
    assert eventually(lambda: paste_line(grid, "junior-1", "x\x1b[201~y").delivered)
    assert eventually(lambda: got(folder).endswith("\r"))
    assert got(folder) == "\x1b[200~x y\x1b[201~\r"


def test_a_pane_that_somebody_scrolled_back_is_left_alone_unless_told(grid: Grid, folder: Path) -> None:
    reading(grid, folder)
    grid.tmux.run(["copy-mode", "-t", grid.find("junior-1").pane_id])
    assert grid.find("junior-1").in_mode
    refused = paste_line(grid, "junior-1", "hello")
    assert not refused.delivered and "scrolled back" in refused.reason
    assert grid.find("junior-1").in_mode and got(folder) == ""
    assert paste_line(grid, "junior-1", "hello", leave_copy_mode=True).delivered
    assert eventually(lambda: got(folder)) == "hello\n"


def test_no_pane_and_no_server_are_reasons_and_no_errors(grid: Grid, folder: Path) -> None:
    assert "no pane" in paste_line(grid, "junior-1", "hello").reason
    grid.ensure([sleeper("chief", folder)])
    assert "no pane" in paste_line(grid, "junior-1", "hello").reason


def test_lines_that_agents_would_run_as_commands_are_refused(grid: Grid, folder: Path) -> None:
    reading(grid, folder)
    for line in ("!rm x", "/clear", " \x1b[0m!ls", "#note", "", "\n"):
        assert not paste_line(grid, "junior-1", line).delivered
    assert got(folder) == ""


def test_inert_keeps_every_printable_character() -> None:
    assert inert("a é 漢 ~ \t b") == "a é 漢 ~ b"
