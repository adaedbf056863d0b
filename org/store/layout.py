"""The name of every path of a lab. Nothing else joins path names, and a name that would leave its folder is refused."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from org.model.names import part

SOCKET_LIMIT = 100  # sockaddr_un allows 107 bytes on Linux and 103 on macOS


@dataclass(frozen=True, slots=True)
class Layout:
    """root: the main worktree. comms, worktrees: the lab's two run-time folders."""

    root: Path
    comms: Path
    worktrees: Path

    @property
    def ledger(self) -> Path:
        return self.comms / "ledger.db"

    @property
    def lab_file(self) -> Path:
        """Says which config this folder belongs to, for verbs that start below it."""
        return self.comms / "lab.json"

    @property
    def supervisor_lock(self) -> Path:
        return self.comms / "supervisor.lock"

    @property
    def logs(self) -> Path:
        return self.comms / "logs"

    @property
    def data(self) -> Path:
        """What the task prepared: corpus shards, tokenizer."""
        return self.comms / "data"

    @property
    def runs(self) -> Path:
        return self.comms / "runs"

    @property
    def snapshots(self) -> Path:
        return self.comms / "snapshots"

    @property
    def notebook(self) -> Path:
        return self.comms / "notebook"

    @property
    def footprints(self) -> Path:
        """What each change touches, one JSON line each: kept to save git and parsing, made again when it is gone."""
        return self.comms / "footprints.jsonl"

    @property
    def standups(self) -> Path:
        return self.comms / "standups"

    @property
    def adopted(self) -> Path:
        """Patches for other repositories, a folder a day."""
        return self.comms / "adopted"

    @property
    def tmux_conf(self) -> Path:
        return self.comms / "tmux.conf"

    @property
    def socket(self) -> Path:
        """The lab's own tmux socket; in the temp folder when the path would be too long."""
        path = self.comms / "tmux.sock"
        if len(os.fsencode(path)) <= SOCKET_LIMIT:
            return path
        digest = hashlib.sha256(os.fsencode(self.comms)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"org-{os.getuid()}-{digest}.sock"

    def run(self, run: str) -> Path:
        return self.runs / part("a run", run)

    def snapshot(self, tree: str) -> Path:
        return self.snapshots / part("a tree", tree)

    def worktree(self, agent: str) -> Path:
        return self.worktrees / part("an agent", agent)

    def mailbox(self, agent: str) -> Path:
        return self.comms / part("an agent", agent)

    def hooks(self, agent: str) -> Path:
        """Where an agent's pane appends what it does, one JSON line each."""
        return self.mailbox(agent) / "hooks.jsonl"

    def home(self, agent: str) -> Path:
        """Files that an agent's backend makes and keeps: settings, its prompt, the conversation of its program."""
        return self.mailbox(agent) / "home"

    def prompt(self, agent: str) -> Path:
        """The agent's role with its program's brief, rendered."""
        return self.mailbox(agent) / "role.md"

    def wake(self, agent: str) -> Path:
        """Nudges for a hook that waits for them, one file each; whoever renames a file away has it."""
        return self.mailbox(agent) / "wake"

    def hold(self, agent: str) -> Path:
        """This file is there while a person has the agent: hooks wake nobody."""
        return self.mailbox(agent) / "hold"

    def exit_status(self, agent: str) -> Path:
        return self.mailbox(agent) / "exit_status"

    def page(self, experiment: str) -> Path:
        return self.notebook / f"{part('an experiment', experiment)}.md"

    def standup(self, day: str) -> Path:
        return self.standups / f"{part('a day', day)}.md"


def device_locks() -> Path:
    """Shared by all labs of this host: one lock file per device. ORG_DEVICE_LOCKS overrides it."""
    named = os.environ.get("ORG_DEVICE_LOCKS")
    return Path(named) if named else Path(tempfile.gettempdir()) / "research-org-devices"
