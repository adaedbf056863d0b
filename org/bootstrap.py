"""The only place that wires concrete parts together. Faces get what they need here; tests build their own."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from org import config as configs
from org.agents import backend
from org.agents.backend import Seat
from org.config import AgentConfig, Config, CpuDevices
from org.lab.lab import Lab
from org.model.errors import OrgError
from org.runs import devices
from org.runs.devices import Device
from org.science.protocol import preset
from org.store import atomic, ledger, meta
from org.store.layout import Layout, device_locks
from org.store.ledger import Ledger
from org.supervisor.office import Office
from org.terminal.address import socket_path
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec
from org.workspace.git import Git

OFFICE_PANE, DASHBOARD_PANE = "office", "dashboard"
PANES_A_WINDOW = 9


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lab is. config_file is None when only its folder is known."""

    layout: Layout
    config_file: Path | None = None


def place(config: str | None, environ: Mapping[str, str], cwd: Path) -> Place:
    """Find the lab: --config, else ORG_LAB (a config file or a comms folder), else upward from the main worktree."""
    named = config or environ.get("ORG_LAB")
    if named:
        path = Path(named).expanduser().absolute()
        return _of_comms(path) if path.is_dir() else _of_config(path)
    root = main_worktree(cwd)
    default = root / "comms"
    if (default / "lab.json").exists():
        return _of_comms(default)
    return _of_config(root / "config.yaml")


def main_worktree(cwd: Path) -> Path:
    """The main worktree of the repository around cwd, so that verbs work inside agents' worktrees too."""
    for folder in (cwd, *cwd.parents):
        dot = folder / ".git"
        if dot.is_dir():
            return folder
        if dot.is_file():  # `gitdir: <main>/.git/worktrees/<name>`
            gitdir = Path(dot.read_text(encoding="utf-8").removeprefix("gitdir:").strip())
            return (folder / gitdir).resolve().parents[2]
    raise OrgError(f"{cwd} is in no git repository; go to a clone of the lab, or name --config")


def found(place_: Place, environ: Mapping[str, str]) -> tuple[Lab, Config]:
    """For `org start`: the config from disk, devices discovered, the ledger made or brought up to date."""
    if place_.config_file is None or not place_.config_file.exists():
        raise OrgError(f"there is no config at {place_.config_file}; `org start --config PATH` names one")
    config = configs.load(place_.config_file)
    found_devices = devices.discover(config.devices)
    git = Git(place_.layout.root)
    git.require()
    return _lab(config, place_.layout, ledger.create(place_.layout.ledger), found_devices), config


def opened(place_: Place) -> Lab:
    """For every other verb: the config as last applied, from the ledger, so that a broken config.yaml stops nobody."""
    book = ledger.open_existing(place_.layout.ledger)
    text = meta.get(book.reader, "config")
    if text is None:
        raise OrgError("the lab was never started; `org start` does it")
    config = Config.model_validate_json(text)
    threads = config.devices.threads if isinstance(config.devices, CpuDevices) else 1
    models: dict[str, str] = json.loads(meta.get(book.reader, "device_models") or "{}")
    known = [Device(name, model, threads if name.startswith("cpu") else 4) for name, model in models.items()]
    return _lab(config, place_.layout, book, known)


def grid(lab: Lab) -> Grid:
    """The lab's tmux grid."""
    return Grid(socket_path(lab.layout.socket), f"org-{lab.config.lab}", lab.layout.tmux_conf)


def office(lab: Lab) -> Office:
    return Office(lab, grid(lab), tuple(pane_specs(lab)))


def org_command() -> list[str]:
    """The org program of this installation. The console script, because `python -m org` in a worktree of this very
    repository would run the worktree's code."""
    script = Path(sys.executable).parent / "org"
    return [str(script)] if script.exists() else [sys.executable, "-P", "-m", "org.cli.main"]


def pane_specs(lab: Lab) -> list[PaneSpec]:
    """Every pane of the lab: agents in windows of nine, the office, the dashboard."""
    specs = [
        _agent_pane(lab, name, entry, f"grid-{i // PANES_A_WINDOW + 1}")
        for i, (name, entry) in enumerate(configs.agent_names(lab.config))
    ]
    for name, verb in ((OFFICE_PANE, "supervise"), (DASHBOARD_PANE, "dashboard")):
        status = lab.layout.logs / f"{name}.exit"
        specs.append(PaneSpec(name, [*org_command(), verb], lab.layout.root, pane_environment(lab, None), name, status))
    return specs


def _agent_pane(lab: Lab, name: str, entry: AgentConfig, window: str) -> PaneSpec:
    """An agent's pane, as its backend wants it."""
    seat = Seat(
        name, entry.role, lab.layout.worktree(name), tuple(org_command()), str(lab.layout.comms), lab.layout.hooks(name),
        lab.layout.root / entry.script if entry.script else None,
    )  # fmt: skip
    wanted = backend.named(entry.backend).pane_command(seat)
    environment = {**pane_environment(lab, name), **wanted.environment}
    return PaneSpec(name, wanted.argv, wanted.cwd, environment, window, lab.layout.exit_status(name))


def shipped(root: Path, name: str) -> Path:
    """roles/ or prompts/ of the lab's repository, else those that came with this installation."""
    own = root / name
    if own.is_dir():
        return own
    package = Path(__file__).parent
    return package.parent / name if (package.parent / name).is_dir() else package / "shipped" / name


def _lab(config: Config, layout: Layout, book: Ledger, found_devices: list[Device]) -> Lab:
    return Lab(
        config, layout, book, Git(layout.root), tuple(found_devices), preset(config.protocol.preset),
        shipped(layout.root, "prompts"), shipped(layout.root, "roles"), device_locks(),
    )  # fmt: skip


def _of_config(path: Path) -> Place:
    config = configs.load(path)
    root = main_worktree(path.parent)
    return Place(Layout(root, root / config.comms, root / config.worktrees), path)


def _of_comms(comms: Path) -> Place:
    if not (comms / "lab.json").exists():
        raise OrgError(f"{comms} holds no lab; ORG_LAB names a config file or a started lab's comms folder")
    said = atomic.read_json(comms / "lab.json")
    return Place(Layout(Path(said["root"]), comms, Path(said["worktrees"])), Path(said["config"]))


def pane_environment(lab: Lab, agent: str | None) -> dict[str, str]:
    """A pane sees its lab and its own name, the programs of this installation first, and no device."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    # tmux takes true colours and gives each terminal what it can show; without the word, programs fall back to sixteen.
    env = {
        "COLORTERM": "truecolor",
        "ORG_LAB": str(lab.layout.comms),
        "PATH": path,
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONUNBUFFERED": "1",
    }
    if "ORG_DEVICE_LOCKS" in os.environ:
        env["ORG_DEVICE_LOCKS"] = os.environ["ORG_DEVICE_LOCKS"]
    if agent is not None:
        email = f"{agent}@{lab.config.lab}.org.invalid"
        env |= {
            "ORG_AGENT": agent, "GIT_AUTHOR_NAME": agent, "GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_NAME": agent,
            "GIT_COMMITTER_EMAIL": email,
        }  # fmt: skip
    return env
