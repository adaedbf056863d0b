"""The one door to the git program.

Every call has a deadline, its own process session, a C locale and an environment without the caller's GIT_*; no call
asks a question, runs a hook, starts maintenance, or takes a lock that it could do without.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from org.model.errors import WorkspaceError

OLDEST = (2, 38)  # merge-tree --write-tree
INSTALL = "install it (Debian, Ubuntu: `apt install git`; macOS: `brew install git`)"
KEPT_VARIABLES = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"})
SETTINGS = {
    "gc.auto": "0",  # a gc beside committing worktrees corrupts the repository
    "maintenance.auto": "false",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "color.ui": "false",
    "diff.noprefix": "false",
    "diff.mnemonicPrefix": "false",
    "merge.directoryRenames": "false",
}


class GitError(WorkspaceError):
    """git ended with an error. `code` is its exit status, `stderr` what it said."""

    def __init__(self, arguments: tuple[str, ...], code: int, stderr: str) -> None:
        said = stderr.strip() or "it said nothing"
        super().__init__(f"git {' '.join(arguments[:3])} ended with {code}: {said}")
        self.code = code
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit is by."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What git said and how it ended."""

    code: int
    out: str
    err: str


LAB = Identity("org", "org@localhost")


@dataclass(frozen=True, slots=True)
class Git:
    """git, run in `root` (a worktree of the repository)."""

    root: Path

    def run(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        input: str | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> str:
        """What git printed, without the last line feed. Raises GitError when it ends with anything but 0."""
        answer = self.ask(*args, env=env, input=input, cwd=cwd, timeout=timeout)
        if answer.code != 0:
            raise GitError(args, answer.code, answer.err)
        return answer.out.removesuffix("\n")

    def ask(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        input: str | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> Answer:
        """Like `run`, for commands whose exit status is an answer. Names that are not UTF-8 survive the round trip."""
        process = _start(args, cwd or self.root, _environment(env or {}))
        try:
            out, err = process.communicate(None if input is None else os.fsencode(input), timeout=timeout)
        except subprocess.TimeoutExpired as late:
            _kill(process)
            raise WorkspaceError(f"git {' '.join(args[:3])} was stopped after {timeout:g} s in {self.root}") from late
        except BaseException:
            _kill(process)
            raise
        return Answer(process.returncode, os.fsdecode(out), os.fsdecode(err))

    @property
    def common_dir(self) -> Path:
        """The repository's own folder, found without calling git (a damaged repository must still be found)."""
        dot_git = self.root / ".git"
        if dot_git.is_dir():
            return dot_git.resolve()
        if not dot_git.is_file():
            raise WorkspaceError(f"{self.root} is not the top of a git repository; run `git init` there, or go to its top")
        private = (self.root / dot_git.read_text("utf-8").removeprefix("gitdir:").strip()).resolve()
        pointer = private / "commondir"
        shared = pointer.read_text("utf-8").strip() if pointer.is_file() else ""
        if not shared and private.parent.name == "worktrees":
            return private.parent.parent  # a half-made worktree has an empty commondir
        return (private / shared).resolve()

    def require(self) -> None:
        """Raise one clear line unless git is here, new enough, and `root` is a repository with a commit."""
        if shutil.which("git") is None:
            raise WorkspaceError(f"git is missing; {INSTALL}")
        said = self.run("version", cwd=Path("/"))
        found = re.search(r"(\d+)\.(\d+)", said)
        if found and (int(found[1]), int(found[2])) < OLDEST:
            raise WorkspaceError(f"{said} is too old, 2.38 or newer is needed; {INSTALL}")
        inside = self.ask("rev-parse", "--git-dir")
        if inside.code != 0:
            raise WorkspaceError(f"{self.root} cannot be used as a git repository ({inside.err.strip()}); `git init` makes one")
        if self.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}").code != 0:
            raise WorkspaceError(f"{self.root} has no commit yet; make one: `git add -A && git commit -m 'First commit'`")


def _start(args: tuple[str, ...], cwd: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
    try:
        return subprocess.Popen(
            ["git", *settings, *args],
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as missing:
        if not cwd.is_dir():
            raise WorkspaceError(f"the folder {cwd} is gone") from missing
        raise WorkspaceError(f"git is missing; {INSTALL}") from missing
    except NotADirectoryError as missing:
        raise WorkspaceError(f"{cwd} is not a folder") from missing


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in KEPT_VARIABLES}
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"} | identity(LAB, LAB) | dict(extra)


def identity(author: Identity, committer: Identity) -> dict[str, str]:
    """The variables that sign a commit; the repository's config stays as the person left it."""
    return {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_COMMITTER_EMAIL": committer.email,
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
