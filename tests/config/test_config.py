"""config.yaml: what it may say, and that every finding is one readable line with its place."""

import re
from pathlib import Path

import pytest

from org import config
from org.model.errors import ConfigError

ROOT = Path(__file__).parents[2]
JUNIORS = "  - {role: junior, backend: offline, count: 2}\n"
GOOD = (ROOT / "tests/tasks/fit/config.yaml").read_text()


def findings(folder: Path, *edits: tuple[str, str], add: str = "", text: str | None = None) -> list[str]:
    """What a config with these edits is told, without the name of its file; [] when it loads."""
    told = GOOD if text is None else text
    for old, new in edits:
        assert old in told, old
        told = told.replace(old, new)
    path = folder / "config.yaml"
    path.write_text(told + add)
    try:
        config.load(path)
    except ConfigError as error:
        return [line.removeprefix(f"{path}:").removeprefix(str(path)) for line in str(error).splitlines()]
    return []


def test_the_shipped_configs_load() -> None:
    for path in sorted(ROOT.glob("*.yaml")):
        assert config.load(path).agents, path


def test_a_good_config_has_no_finding(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ([("limits:", "limts:")], ["15: limts: unknown key; did you mean `limits`?"]),
        ([("timeout_min:", "timeout:")], ["14: task.timeout: unknown key; did you mean `timeout_min`?"]),
        ([("count: 2", "counts: 2")], ["4: agents[0].counts: unknown key; did you mean `count`?"]),
        ([("count: 2", "count: many")], ['4: agents[0].count: "many": write a whole number']),
        ([("timeout_min: 1", "timeout_min: soon")], ['14: task.timeout_min: "soon": write a number']),
        ([("timeout_min: 1", "timeout_min: .inf")], ["14: task.timeout_min: Infinity: it must be a finite number"]),
        ([("lab: test", "lab: 12")], ["1: lab: 12: write text, in quotes where it looks like a number or a time"]),
        ([("{cpu: 2}", "{cpu: two}")], ['5: devices.cpu: "two": write a whole number']),
        ([("{cpu: 2}", "{cpus: 2, cpu: 1}")], ["5: devices.cpus: unknown key; did you mean `cpu`?"]),
        ([("{cpu: 2}", "gpu")], ['5: devices: "gpu": write auto, a list such as [cuda:0, cuda:1], or {cpu: 2}']),
        ([("{cpu: 2}", "3")], ["5: devices: 3: write auto, a list such as [cuda:0, cuda:1], or {cpu: 2}"]),
        ([("{cpu: 2}", "[cpu:0, 1]")], ["5: devices[1]: 1: write text, in quotes where it looks like a number or a time"]),
        (
            [("backend: offline", "backend: offlin")],
                [
                    '4: agents[0].backend: "offlin": unknown backend; this version has offline, claude, codex, api, command, '
                    "human, replay; did you mean offline?"
                ],
        ),
        ([(JUNIORS, ""), ("agents:", "agents: []")], ["3: agents: []: at least one is needed"]),
        ([("100step", "5miles")], ['13: task.ladder[0].run_budget: "5miles": write 400step, 5e7tok, 2e15flop or 300s']),
        ([("100step", "0step")], ['13: task.ladder[0].run_budget: "0step": write 400step, 5e7tok, 2e15flop or 300s']),
        ([("  metric:", "  pattern: 'x: (.*)'\n  metric:")], ["6: task: give exactly one of `evaluate` and `pattern`"]),
        (
            [("structure: solo", "structure: chief")],
            ["3: agents: structure chief needs an agent with a chief role, or write structure: solo"],
        ),
        ([("structure: solo", "structure: flat")], ['2: structure: "flat": write chief or solo']),
        (
            [("editable: [fit/model.py, fit/recipe.yaml]", "editable: fit/model.py")],
            ['11: task.editable: "fit/model.py": write a list, such as [one, two]'],
        ),
        ([("count: 2", "name: office")], ["3: agents: office is the lab's own name; choose another"]),
    ],
)  # fmt: skip
def test_a_finding_names_its_line_its_key_and_the_way_out(tmp_path: Path, edits: list[tuple[str, str]], told: list[str]) -> None:
    assert findings(tmp_path, *edits) == told


@pytest.mark.parametrize(
    ("add", "told"),
    [
        (
            "standup: {timezone: Europe/Berln}\n",
            ['16: standup.timezone: "Europe/Berln": unknown timezone; did you mean Europe/Berlin?'],
        ),
        ("standup: {at: 9:00}\n", ['16: standup.at: "9:00": write a time of day as "09:00"']),
        ("protocol: {preset: defalt}\n", ['16: protocol.preset: "defalt": write explore, default or strict']),
        ("root: {note: x, recipe: {lr: [1]}}\n", ["16: root.recipe.lr: [1]: write one number, text, true or false"]),
        ("lab: again\n", ['16: not YAML: found duplicate key "lab" with value "again" (original value: "test")']),
    ],
)
def test_a_key_that_is_added_is_checked_where_it_stands(tmp_path: Path, add: str, told: list[str]) -> None:
    assert findings(tmp_path, add=add) == told


def test_several_findings_are_told_at_once(tmp_path: Path) -> None:
    told = findings(tmp_path, ("count: 2", "count: many"), ("lab: test", "lab: Test!"), ("100step", "5miles"))
    assert [re.match(r"(\d+): (\S+):", line).groups() for line in told] == [  # type: ignore[union-attr]
        ("1", "lab"), ("4", "agents[0].count"), ("13", "task.ladder[0].run_budget"),
    ]  # fmt: skip


def test_what_is_missing_is_required_by_name(tmp_path: Path) -> None:
    assert findings(tmp_path, text="lab: test\n") == ["1: agents: this key is required", "1: task: this key is required"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1\nb: 2", "2: not YAML: "),
        ("a:\n\tb: 1", "2: not YAML: "),
        ("a: *b\n", "1: not YAML: "),
        ("a: b\x00", " not YAML: "),
        ("", " keys and values were expected, this holds nothing"),
        ("# only words\n", " keys and values were expected, this holds nothing"),
        ("- a\n", " keys and values were expected, this holds a list"),
        ("hello\n", " keys and values were expected, this holds one value"),
    ],
)
def test_a_file_that_is_no_config_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    found = findings(tmp_path, text=text)
    assert len(found) == 1 and found[0].startswith(told)


def test_a_missing_file_and_a_folder_and_bytes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; copy config.yaml"):
        config.load(tmp_path / "nothing.yaml")
    with pytest.raises(ConfigError, match=r"cannot be read: .*directory"):
        config.load(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read: 'utf-8'"):
        config.load(tmp_path / "bytes.yaml")


def test_no_finding_speaks_of_the_code_that_found_it(tmp_path: Path) -> None:
    everything_wrong = "lab: {}\nstructure: 1\nagents: {a: 1}\ndevices: [[1]]\ntask: 5\nlimits: []\nroot: {recipe: {a: null}}\n"
    told = "\n".join(findings(tmp_path, text=everything_wrong))
    assert told
    for word in ("tuple", "None", "model", "instance", "CpuDevices", "literal", "str", "Input"):
        assert not re.search(rf"\b{word}\b", told), told


def test_agents_are_named_by_role_and_number(tmp_path: Path) -> None:
    team = "  - {role: chief_scientist}\n  - {role: junior, count: 2}\n  - {role: junior, name: ada}\n"
    assert findings(tmp_path, (JUNIORS, team)) == []
    names = [name for name, _ in config.agent_names(config.load(tmp_path / "config.yaml"))]
    assert names == ["chief", "junior-1", "junior-2", "ada"]


def test_the_organizations_digest_follows_words_and_not_order(tmp_path: Path) -> None:
    one, two = tmp_path / "a.md", tmp_path / "b.md"
    one.write_text("x")
    two.write_text("y")
    before = config.organization_digest([one, two])
    assert before == config.organization_digest([two, one])
    two.write_text("z")
    assert before != config.organization_digest([one, two])
