"""Calls verbs off the app's thread: what they said is a toast, or a page when it is to be read."""

import shlex
import sqlite3
import subprocess
from collections.abc import Callable, Mapping, Sequence

from rich.text import Text
from textual.app import App, SuspendNotSupported

from org.dashboard.actions import WORDS, Action, Field
from org.dashboard.figures import harmless
from org.dashboard.screens.form import Form
from org.dashboard.screens.said import Said
from org.dashboard.verbs import Verbs
from org.model.errors import OrgError, UsageError

VERB_ERRORS = (OrgError, OSError, sqlite3.Error)


class Asker:
    """Every method returns at once."""

    def __init__(self, app: App[None], verbs: Verbs) -> None:
        self._app, self._verbs = app, verbs

    @property
    def known(self) -> Mapping[str, str]:
        return self._verbs.known

    def act(self, action: Action, target: str = "") -> None:
        """Do it; where something has to be typed, ask for it first."""
        title = action.title.replace("{}", target)
        if not action.fields:
            self._speak(action.line(target), title if action.shows else None)
            return

        def filled(typed: tuple[str, ...] | None) -> None:
            if typed is not None:
                self._speak(action.line(target, typed), title if action.shows else None)

        self._app.push_screen(Form(title, action.help, action.fields), filled)

    def answer(self, message_id: str, to: str, body: str) -> None:
        """Ask the person for the text first."""

        def send(typed: tuple[str, ...] | None) -> None:
            if typed is not None:
                self._speak(("reply", "--", message_id, *typed))

        self._app.push_screen(Form(f"Answer {to}", body, (Field("answer"),)), send)

    def type(self, start: str = "") -> None:
        """Let the person type any verb; what it says is read on a page."""

        def run(typed: tuple[str, ...] | None) -> None:
            if typed is None:
                return
            try:
                words = tuple(shlex.split(typed[0]))
            except ValueError as error:
                self._refused(UsageError(f"{typed[0]}: {error}"))
                return
            words = words[1:] if words[:1] == ("org",) else words
            if words and words[0] not in self.known:
                self._refused(UsageError(f"there is no verb {words[0]} here; : and a verb of ctrl+p"))
            elif words:
                self._speak(words, f"org {shlex.join(words)}")

        known = Text()
        for verb, what in self.known.items():  # not Markdown: a widget a line takes a second
            known.append(f"{verb:<10} ", "bold").append(f"{what}\n")
        self._app.push_screen(Form("org …", known, (WORDS,), start), run)

    def fetch(self, words: Sequence[str], then: Callable[[str], None]) -> None:
        """Speak a verb and hand over what it said, or why not."""

        def ask() -> None:
            try:
                said = self._verbs.say(*words)
            except VERB_ERRORS as error:
                said = str(error)
            self._app.call_from_thread(then, said)

        self._app.run_worker(ask, group="verbs", thread=True)

    def go(self, agent: str) -> None:
        """Show the agent's pane, in this terminal if the verb hands back a command for it."""

        def ask() -> str:
            command = self._verbs.select_pane(agent)
            if command:
                self._app.call_from_thread(self._attach, command)
            return ""

        self._call(ask)

    def _speak(self, words: Sequence[str], title: str | None = None) -> None:
        """title: of the page on which the answer is read; None: its last line is a toast."""
        if title is None:
            self._call(lambda: (self._verbs.say(*words).splitlines() or ["done"])[-1])
        else:
            page = Said(title)
            self._app.push_screen(page)
            self.fetch(words, page.show)

    def _call(self, verb: Callable[[], str]) -> None:
        self._app.run_worker(lambda: self._told(verb), group="verbs", thread=True)

    def _told(self, verb: Callable[[], str]) -> None:
        try:
            said = verb()
        except VERB_ERRORS as error:
            self._refused(error)
            return
        if said:
            self._app.notify(harmless(said), markup=False)

    def _refused(self, error: Exception) -> None:
        self._app.notify(harmless(str(error)), title="Not done", severity="error", timeout=10, markup=False)

    def _attach(self, command: Sequence[str]) -> None:
        try:
            with self._app.suspend():
                subprocess.run(command, check=False)
        except SuspendNotSupported:
            text = f"This terminal cannot show it. In another one: {shlex.join(command)}"
            self._app.notify(text, severity="warning", timeout=15, markup=False)
