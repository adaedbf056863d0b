"""A real tmux server of its own with the api agent in a pane."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from models import ModelServer

PROGRAM = Path(__file__).parent / "api_pane.py"


class Terminal:
    """One tmux window; its program is started anew with `start`."""

    def __init__(self, folder: Path, server: ModelServer, provider: str) -> None:
        self.folder, self.server, self.provider = folder, server, provider
        self.socket = folder / "tmux"

    def tmux(self, *words: str, text: str | None = None) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), "-f", "/dev/null", *words], input=text, capture_output=True, text=True, check=False
        )
        return done.stdout

    def start(self, *argv: str, **environment: str) -> None:
        """Run the agent (or argv) in a window of 120 × 40, with an environment made from nothing."""
        command = argv or self.command
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TERM": "tmux-256color", "LANG": "C.UTF-8", **environment}
        words = ["env", "-i", *(f"{k}={v}" for k, v in env.items()), *command]
        if self.tmux("list-panes", "-t", "s"):
            self.tmux("respawn-pane", "-k", "-t", "s", *words)
        else:
            self.tmux("new-session", "-d", "-x", "120", "-y", "40", "-s", "s", *words, ";", "set", "-g", "remain-on-exit", "on")

    @property
    def command(self) -> tuple[str, ...]:
        """The agent's."""
        return (sys.executable, str(PROGRAM), str(self.folder), self.provider, self.server.url)

    @property
    def pid(self) -> int:
        return int(self.tmux("display-message", "-p", "-t", "s", "#{pane_pid}"))

    def kill(self) -> None:
        """kill -9, as a machine does it that has no memory left; returns when the program is gone."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        # Not the screen: tmux 3.3a does not always draw that a pane is dead.
        self.until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "s")

    def history(self) -> str:
        return self.tmux("capture-pane", "-p", "-S", "-500", "-t", "s")

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "s", *keys)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-t", "s", "-l", text)

    def paste(self, text: str) -> None:
        """As a terminal pastes into a program that asked for bracketed paste."""
        self.tmux("load-buffer", "-b", "b", "-", text=text)
        self.tmux("paste-buffer", "-p", "-r", "-d", "-b", "b", "-t", "s")

    def until(self, done: Callable[[], Any], seconds: float = 120) -> Any:
        """The first truthy answer; AssertionError with the screen when time is up."""
        deadline = time.monotonic() + seconds
        while not (found := done()):
            assert time.monotonic() < deadline, f"not within {seconds} s:\n{self.history()}"
            time.sleep(0.05)
        return found

    def close(self) -> None:
        self.tmux("kill-server")
