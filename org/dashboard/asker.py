"""Calls verbs off the app's thread and says in a toast what came of it."""

import shlex
import sqlite3
import subprocess
from collections.abc import Callable, Sequence

from textual.app import App, SuspendNotSupported

from org.dashboard.screens.reply import Reply
from org.dashboard.verbs import Verbs
from org.model.errors import OrgError

VERB_ERRORS = (OrgError, OSError, sqlite3.Error)


class Asker:
    """One method per verb; each returns at once."""

    def __init__(self, app: App[None], verbs: Verbs) -> None:
        self._app, self._verbs = app, verbs

    def takeover(self, agent: str) -> None:
        self._call(lambda: self._verbs.takeover(agent))

    def handback(self, agent: str) -> None:
        self._call(lambda: self._verbs.handback(agent))

    def pause(self, target: str) -> None:
        self._call(lambda: self._verbs.pause(target))

    def resume(self, target: str) -> None:
        self._call(lambda: self._verbs.resume(target))

    def standup_now(self) -> None:
        self._call(self._verbs.standup_now)

    def answer(self, message_id: str, to: str, body: str) -> None:
        """Ask the person for the text first."""

        def send(text: str | None) -> None:
            if text is not None:
                self._call(lambda: self._verbs.reply(message_id, text))

        self._app.push_screen(Reply(to, body), send)

    def go(self, agent: str) -> None:
        """Show the agent's pane, in this terminal if the verb hands back a command for it."""

        def ask() -> str:
            command = self._verbs.select_pane(agent)
            if command:
                self._app.call_from_thread(self._attach, command)
            return ""

        self._call(ask)

    def _call(self, verb: Callable[[], str]) -> None:
        self._app.run_worker(lambda: self._told(verb), group="verbs", thread=True)

    def _told(self, verb: Callable[[], str]) -> None:
        try:
            said = verb()
        except VERB_ERRORS as error:
            self._app.notify(str(error), title="Not done", severity="error", timeout=10, markup=False)
            return
        if said:
            self._app.notify(said, markup=False)

    def _attach(self, command: Sequence[str]) -> None:
        try:
            with self._app.suspend():
                subprocess.run(command, check=False)
        except SuspendNotSupported:
            text = f"This terminal cannot show it. In another one: {shlex.join(command)}"
            self._app.notify(text, severity="warning", timeout=15, markup=False)
