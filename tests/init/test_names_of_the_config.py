"""What a config may name: roles and programs inside their folders, several devices on later rungs only."""

from pathlib import Path

import pytest
from laboratory import TASKS

from org import config
from org.model.errors import ConfigError

GOOD = (TASKS / "fit" / "config.yaml").read_text()


def load(folder: Path, *edits: tuple[str, str]) -> config.Config:
    text = GOOD
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "config.yaml").write_text(text)
    return config.load(folder / "config.yaml")


@pytest.mark.parametrize("role", ['"../../junior"', "/etc/passwd", "a/b", '".."', '""', "Junior"])
def test_a_role_outside_of_roles_is_refused(tmp_path: Path, role: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml:4: agents\[0\]\.role: .*name a file in roles/"):
        load(tmp_path, ("role: junior", f"role: {role}"))


def test_a_program_of_an_agent_is_a_slug(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"agents\[0\]\.program"):
        load(tmp_path, ("backend: offline", 'backend: offline, program: "../x"'))


def test_several_devices_are_for_later_rungs(tmp_path: Path) -> None:
    ladder = "ladder: [{run_budget: 100step}]"
    later = "ladder: [{run_budget: 100step}, {run_budget: 900step, devices: 8}]"
    assert [r.devices for r in load(tmp_path, (ladder, later)).task.ladder] == [1, 8]
    with pytest.raises(ConfigError, match=r"config\.yaml:13: task\.ladder\[0\]\.devices: 8: races are run on the first rung"):
        load(tmp_path, (ladder, "ladder: [{run_budget: 100step, devices: 8}]"))
    with pytest.raises(ConfigError, match=r"ladder\[0\]\.devices"):
        load(tmp_path, (ladder, "ladder: [{run_budget: 100step, devices: 0}]"))


def test_an_agent_is_not_called_like_a_folder_of_the_lab(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="adopted is the lab's own name"):
        load(tmp_path, ("count: 2", "name: adopted"))
