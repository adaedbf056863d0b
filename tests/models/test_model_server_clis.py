"""The scripted server against the real Claude Code and Codex in real panes: one prompt, one tool call each."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import ModelServer, Script, say, shell

pytestmark = pytest.mark.network
PLAY = {"default": [shell("echo done > done.txt; echo tool-said-so", text="Looking."), say("All finished.")]}


def program(name: str) -> str:
    """The real program: below ORG_TEST_CLIS, else on PATH."""
    folder = os.environ.get("ORG_TEST_CLIS")
    path = f"{folder}/node_modules/.bin" if folder else os.environ.get("PATH", "")
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"{name} is not installed; ORG_TEST_CLIS names a folder with node_modules/.bin")
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", "-b", "main", str(made)], check=True)
    return made


@pytest.fixture
def pane(tmp_path: Path, repository: Path) -> Iterator["Pane"]:
    made = Pane(tmp_path, repository)
    yield made
    made.tmux("kill-server")


class Pane:
    """One tmux window with an environment made from nothing and a home of its own."""

    def __init__(self, folder: Path, cwd: Path) -> None:
        self.home, self.cwd, self.socket = folder / "home", cwd, folder / "s"
        (self.home / ".codex").mkdir(parents=True)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(["tmux", "-S", str(self.socket), *words], capture_output=True, text=True, check=False)
        return done.stdout

    def run(self, *argv: str, **environment: str) -> None:
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        env = {"PATH": path, "HOME": str(self.home), "TERM": "tmux-256color", "LANG": "C.UTF-8", **environment}
        words = ["env", "-i", *(f"{k}={v}" for k, v in env.items()), *argv]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "-c", str(self.cwd), *words)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")


def played(server: ModelServer, repository: Path) -> None:
    first, second = server.until(lambda s: len(s.turns()) >= 2 and s.turns()[:2], seconds=60)
    assert first.agent == second.agent == first.session and first.prompt.endswith("Do it now")
    assert "tool-said-so" in second.results[0].text and (repository / "done.txt").exists()


def test_claude_code_plays_the_script(pane: Pane, repository: Path) -> None:
    claude = program("claude")
    told = {"projects": {str(repository): {"hasTrustDialogAccepted": True}}}
    told |= {"hasCompletedOnboarding": True, "customApiKeyResponses": {"approved": ["test-key"], "rejected": []}}
    (pane.home / ".claude.json").write_text(json.dumps(told))
    (pane.home / "S.json").write_text('{"skipDangerousModePermissionPrompt": true}')
    quiet = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "IS_SANDBOX",
             "DISABLE_ERROR_REPORTING", "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL")  # fmt: skip
    flags = ("--dangerously-skip-permissions", "--settings", str(pane.home / "S.json"))
    with ModelServer(Script(PLAY)) as server:
        environment = {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "test-key", **dict.fromkeys(quiet, "1")}
        pane.run(claude, *flags, "Do it now", **environment)
        played(server, repository)
        server.until(lambda s: "All finished." in pane.screen())


CODEX = """model = "stub-model"
model_provider = "stub"
check_for_update_on_startup = false
[model_providers.stub]
name = "Stub"
base_url = "{url}"
env_key = "STUB_API_KEY"
wire_api = "responses"
[analytics]
enabled = false
[features]
plugins = false
apps = false
remote_plugin = false
daemon_auto_start = false
[projects."{repository}"]
trust_level = "trusted"
"""


def test_codex_plays_the_script(pane: Pane, repository: Path) -> None:
    codex = program("codex")
    with ModelServer(Script(PLAY)) as server:
        (pane.home / ".codex" / "config.toml").write_text(CODEX.format(url=server.openai_url, repository=repository))
        flags = ("--no-daemon", "--dangerously-bypass-approvals-and-sandbox")
        pane.run(codex, *flags, "Do it now", STUB_API_KEY="test-key")
        played(server, repository)
        server.until(lambda s: "All finished." in pane.screen())
        assert all("title" in side.prompt for side in server.sides())
