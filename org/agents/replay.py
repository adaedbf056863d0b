"""The backend that plays a script, for tests and rehearsals. Each finished step is on disk before the next begins, so a
crash, asked for or not, goes on behind it."""

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from org.agents import script as scripts
from org.agents.offline import draft as drafts
from org.agents.offline import loop, news, recipe
from org.agents.offline.desk import Desk
from org.agents.offline.pane import Mark
from org.agents.script import Crash, Propose, Say, Send, Sleep, Step, WaitFor
from org.agents.verbs import Verbs
from org.agents.worktree import Worktree
from org.model.agent import State
from org.model.errors import OrgError
from org.store import atomic, experiments
from org.store.layout import Layout
from org.store.tables import EXPERIMENTS, PROGRAMS


class Player:
    """Plays the steps in order; `step` goes on until a step has to wait."""

    def __init__(self, desk: Desk, steps: Sequence[Step]) -> None:
        self.desk = desk
        self._steps = steps
        self._digest = hashlib.sha256(json.dumps([repr(s) for s in steps]).encode()).hexdigest()[:16]
        self._since: datetime | None = None

    def step(self) -> None:
        """Play what can be played now."""
        place = self._place()
        while place < len(self._steps):
            step = self._steps[place]
            self.desk.report(State.WORKING, f"step {place + 1} of {len(self._steps)}: {type(step).__name__}")
            self._since = self._since or self.desk.clock()
            if isinstance(step, Crash):
                self._keep(place + 1)
                os.kill(os.getpid(), step.signal)
            if not self._play(step):
                return
            place, self._since = place + 1, None
            self._keep(place)
        self.desk.report(State.IDLE, "the script is at its end")

    def live(self) -> str:
        return news.live(self.desk.con, self.desk.layout, self.desk.name)

    def why(self) -> list[str]:
        place = self._place()
        return [f"step {place + 1} of {len(self._steps)}: {self._steps[place]}" if place < len(self._steps) else "at its end"]

    def _play(self, step: Step) -> bool:
        """False when it has to wait; OrgError when the script cannot go on."""
        match step:
            case WaitFor():
                return self._waited(step)
            case Propose():
                self._propose(step)
            case Send(to, subject, body):
                self._must("send", to, subject, body)
            case Say(text):
                self.desk.pane.say(Mark.PLAIN, text)
            case Sleep(seconds):
                return self._waiting() >= seconds
            case Crash():
                pass
        return True

    def _waited(self, step: WaitFor) -> bool:
        if self._holds(step):
            return True
        if step.within is not None and self._waiting() > step.within:
            raise OrgError(f"the script waits for {step} and {step.within:g} s are over")
        return False

    def _holds(self, step: WaitFor) -> bool:
        desk = self.desk
        if step.program is not None:
            program = PROGRAMS.find(desk.con, desk.me().program)
            if program is None or program.state != step.program:
                return False
        if step.experiments is not None and not self._experiments_are(step.experiments):
            return False
        if step.message is None:
            return True
        found = next((m for m in desk.mail() if m.kind == step.message), None)
        if found is not None:
            desk.pane.say(Mark.MAIL, f"{found.sender}: {found.subject}\n{found.body}")
            desk.archive(found)
        return found is not None

    def _experiments_are(self, wanted: str) -> bool:
        mine = news.by_author(self.desk.con, self.desk.name)
        if wanted == "decided":
            return bool(mine) and not experiments.open_of(self.desk.con, self.desk.name)
        return bool(mine) and mine[-1].state == wanted

    def _propose(self, step: Propose) -> None:
        desk = self.desk
        if EXPERIMENTS.count(desk.con, "WHERE author = ? AND subject = ?", desk.name, step.subject):
            return  # proposed before a crash
        self._take_back(step)
        self._must("next")
        texts = self._texts(step)
        for path, text in texts.items():
            file = desk.worktree.path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        desk.worktree.commit(tuple(texts), step.subject)
        answer = desk.org(
            "propose", "--claim", step.claim, "--subject", step.subject, "--because", step.because,
            "--predict", step.predict, "--json",
        )  # fmt: skip
        if answer.done == step.refused:
            raise OrgError(f"the script expects {step.subject!r} to be {'refused' if step.refused else 'taken'}: {answer}")
        said = f"refused, as expected: {answer.reason}" if step.refused else drafts.proposed_id(answer.out)
        desk.pane.say(Mark.NEXT, f"{step.subject}: {said}")

    def _take_back(self, step: Propose) -> None:
        """After a death between edit and commit: undo the script's own edits, and only those."""
        head = self.desk.worktree.head()
        for path, text in self._texts(step).items():
            file = self.desk.worktree.path / path
            tracked = self.desk.worktree.show(head, path)
            if tracked is not None and tracked != text and file.exists() and file.read_text(encoding="utf-8") == text:
                self.desk.worktree.restore(path)

    def _texts(self, step: Propose) -> dict[str, str]:
        texts = dict(step.files)
        if step.recipe:
            text = drafts.recipe_file(self.desk).read_text(encoding="utf-8")
            for key, value in step.recipe.items():
                text = recipe.edit(text, key, value)
            texts[self.desk.recipe_path] = text
        return texts

    def _must(self, *arguments: str) -> None:
        answer = self.desk.org(*arguments)
        if not answer.done:
            raise OrgError(f"the script cannot go on: org {' '.join(arguments)}: {answer.reason}")

    def _waiting(self) -> float:
        return (self.desk.clock() - (self._since or self.desk.clock())).total_seconds()

    def _file(self) -> Path:
        return self.desk.box / "replay.json"

    def _place(self) -> int:
        """How many steps are done; 0 for another script than the one that was kept."""
        if not self._file().exists():
            return 0
        kept = atomic.read_json(self._file())
        return int(kept["done"]) if kept.get("script") == self._digest else 0

    def _keep(self, done: int) -> None:
        atomic.write_json(self._file(), {"script": self._digest, "done": done})


def run(
    name: str, *, layout: Layout, org: Verbs, worktree: Worktree, recipe_path: str, script: Path, stdin: TextIO,
    stdout: TextIO,
) -> None:  # fmt: skip
    """Be the replay agent `name` until the process is ended. ConfigError when the script is wrong."""
    steps = scripts.load(script)
    desk = loop.sit_down(name, layout, org, worktree, recipe_path, stdout)
    loop.work(desk, Player(desk, steps), stdin)
