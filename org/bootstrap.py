"""The only place that wires concrete parts together. Faces get what they need here; tests build their own."""

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from org import config as configs
from org.agents import registry
from org.agents.backend import Seat
from org.config import AgentConfig, Config, CpuDevices
from org.lab.guiding import prompting
from org.lab.lab import Lab
from org.model.errors import OrgError
from org.runs import devices
from org.runs.devices import Device
from org.science.protocol import preset
from org.store import atomic, ledger, meta
from org.store.layout import Layout, device_locks
from org.store.ledger import Ledger
from org.supervisor.desk import Desk
from org.supervisor.office import Office
from org.terminal.address import socket_path
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec
from org.workspace.git import Git

OFFICE_PANE, DASHBOARD_PANE = "office", "dashboard"
OWN_PANES = {OFFICE_PANE: "supervise", DASHBOARD_PANE: "dashboard"}  # the verb that each runs
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
    config = configs.restored(text)
    threads = config.devices.threads if isinstance(config.devices, CpuDevices) else 1
    models: dict[str, str] = json.loads(meta.get(book.reader, "device_models") or "{}")
    known = [Device(name, model, threads if name.startswith("cpu") else 4) for name, model in models.items()]
    return _lab(config, place_.layout, book, known)


def grid(lab: Lab) -> Grid:
    """The lab's tmux grid."""
    return Grid(socket_path(lab.layout.socket), f"org-{lab.config.lab}", lab.layout.tmux_conf)


def office(lab: Lab) -> Office:
    """The office of the lab, with a desk for every agent of the config."""
    desks = {}
    for name, entry in configs.agent_names(lab.config):
        at, backend = seat(lab, name, entry), registry.named(entry.backend)
        desks[name] = Desk(at, backend, backend.watcher(at))
    return Office(lab, grid(lab), desks, partial(pane_spec, lab))


def org_command() -> list[str]:
    """The org program of this installation. The console script, because `python -m org` in a worktree of this very
    repository would run the worktree's code."""
    script = Path(sys.executable).parent / "org"
    return [str(script)] if script.exists() else [sys.executable, "-P", "-m", "org.cli.main"]


def pane_names(lab: Lab) -> list[str]:
    """Every pane of the lab: agents, the office, the dashboard."""
    return [*(name for name, _ in configs.agent_names(lab.config)), OFFICE_PANE, DASHBOARD_PANE]


def pane_spec(lab: Lab, name: str) -> PaneSpec | None:
    """What that pane runs if it is started now, agents in windows of nine. Makes the files that an agent's program needs.
    None: the config has no such agent."""
    if name in OWN_PANES:
        status, argv = lab.layout.logs / f"{name}.exit", [*org_command(), OWN_PANES[name]]
        return PaneSpec(name, argv, lab.layout.root, pane_environment(lab, None), name, status, fingerprint=code_digest())
    for i, (agent, entry) in enumerate(configs.agent_names(lab.config)):
        if agent == name:
            return _agent_pane(lab, name, entry, f"grid-{i // PANES_A_WINDOW + 1}")
    return None


def seat(lab: Lab, name: str, entry: AgentConfig) -> Seat:
    """Where that agent sits."""
    at = lab.layout
    return Seat(
        name, entry.role, at.worktree(name), at.root, tuple(org_command()), str(at.comms), at.hooks(name), at.home(name),
        at.prompt(name), at.mailbox(name), at.wake(name), at.hold(name), sys.executable, entry, os.environ,
        at.root / entry.script if entry.script else None,
    )  # fmt: skip


def _agent_pane(lab: Lab, name: str, entry: AgentConfig, window: str) -> PaneSpec:
    """An agent's pane, as its backend wants it."""
    at, backend = seat(lab, name, entry), registry.named(entry.backend)
    prompting.write(lab, name)
    backend.prepare(at)
    wanted = backend.pane_command(at)
    environment = {**pane_environment(lab, name), **wanted.environment}
    made_from = _made_from(entry, wanted.argv)
    return PaneSpec(name, wanted.argv, wanted.cwd, environment, window, lab.layout.exit_status(name), wanted.keeps, made_from)


def _made_from(entry: AgentConfig, argv: Sequence[str]) -> str:
    """What an agent's program is made from: its entry, and our own code where it runs that. A new value starts the pane
    anew at the next `org start`."""
    parts = entry.model_dump_json(exclude={"count", "name", "program", "limits"})
    ours = list(argv[: len(org_command())]) == org_command()
    return hashlib.sha256((parts + (code_digest() if ours else "")).encode()).hexdigest()[:12]


@cache
def code_digest(package: Path = Path(__file__).parent) -> str:
    """Of the code of a package and the data beside it, as they are on disk. What runs an older one is outdated."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("[!.]*[!~]")):  # not what editors leave for a moment
        if path.parent.name != "__pycache__" and path.is_file():
            found.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:12]


def secrets(lab: Lab, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that agents' programs keep (their keys), with their values. For tmux alone: never to be printed."""
    kept: set[str] = set()
    for name, entry in configs.agent_names(lab.config):
        kept.update(registry.named(entry.backend).pane_command(seat(lab, name, entry)).keeps)
    return {name: environ[name] for name in sorted(kept) if name in environ}


def shipped(root: Path, name: str) -> Path:
    """roles/ or prompts/ of the lab's repository, else those that came with this installation."""
    own = root / name
    if own.is_dir():
        return own
    package = Path(__file__).parent
    installed = package / "shipped" / name  # beside an installed org, a folder of that name would be another package's
    return installed if installed.is_dir() else package.parent / name


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
