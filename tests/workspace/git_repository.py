"""A real repository with a small trainer in it, and a way to commit there as an agent would."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from org.workspace.git import Git

RECIPE = "# the model\ndepth: 4\nwidth: 256  # per head\n\n# the optimizer\nlr: 3e-4\nbetas: [0.9, 0.95]\n"


@dataclass
class Repository:
    """The repository under test. `write` commits files as somebody working in a folder; None deletes one."""

    git: Git
    root: Path
    first: str

    def write(self, files: Mapping[str, str | None], at: Path | None = None, message: str = "change") -> str:
        folder = at or self.root
        for name, text in files.items():
            file = folder / name
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
        return self.commit(folder, message)

    def commit(self, folder: Path, message: str = "change") -> str:
        shell_git(folder, "add", "-A")
        shell_git(folder, "commit", "-qm", message)
        return shell_git(folder, "rev-parse", "HEAD")

    def branch_off(self, name: str, files: Mapping[str, str | None], start: str | None = None) -> str:
        """A commit with `files` changed, on a branch of its own, main left where it is."""
        shell_git(self.root, "switch", "-qc", name, start or self.first)
        tip = self.write(files, message=name)
        shell_git(self.root, "switch", "-q", "main")
        return tip


def shell_git(folder: Path, *args: str) -> str:
    """git as a person's shell runs it."""
    who = {"GIT_AUTHOR_NAME": "ada", "GIT_AUTHOR_EMAIL": "ada@lab", "GIT_COMMITTER_NAME": "ada", "GIT_COMMITTER_EMAIL": "ada@lab"}
    done = subprocess.run(
        ["git", *args], cwd=folder, env=os.environ | who, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()
