"""The making of proposals: when there is room, `org next`, one change, its draft, a commit, `org propose`.

Every move looks at the world first, so it may be called after a death at any point.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from org.agents.offline import draft as drafts
from org.agents.offline import hypothesis, proposer, recipe, space, trials
from org.agents.offline import ideas as backlog
from org.agents.offline.desk import Desk
from org.agents.offline.draft import Draft, Step
from org.agents.offline.pane import Mark
from org.agents.offline.recipe import Value
from org.agents.offline.trials import Trial
from org.model import idea as ideas
from org.model.experiment import NO_VERDICT
from org.model.idea import Idea
from org.model.program import Program, State
from org.store import draws, experiments, reads
from org.store.tables import EXPERIMENTS, IDEAS, MESSAGES, PROGRAMS

OPEN_AT_ONCE = 2  # where the config does not say
LONGEST_WAIT_S = 60
EXHAUSTED = "space exhausted: "  # subject of the note to the chief; the program's slug follows


@dataclass(frozen=True, slots=True)
class Bench:
    """What the next change is chosen from, read at one moment."""

    program: Program
    space: space.Space
    text: str
    head: dict[str, Value]
    trials: Sequence[Trial]
    ideas: Sequence[Idea]


class Author:
    """Makes one junior's proposals. blocked: what holds it up, in words; empty when nothing does."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.blocked = ""
        self._declined: set[tuple[str, str, Value]] = set()
        self._refusals = 0
        self._again_at: datetime | None = None

    def move(self, slug: str | None) -> None:
        """Finish the draft, or begin one when there is room. slug: the program that the junior is assigned to."""
        if self.desk.is_paused():
            self.blocked = "I am paused by a person"
            return
        if self._again_at is not None and self.desk.clock() < self._again_at:
            return
        self._again_at = None
        program = PROGRAMS.find(self.desk.con, slug) if slug else None
        unfinished = drafts.load(self.desk)
        if unfinished is not None:
            self._finish(unfinished, program)
            return
        self.blocked = self._obstacle(program)
        if not self.blocked and program is not None and self._has_room():
            self._begin(program)

    def soon(self) -> None:
        """Something changed (a hand-back): do not wait out the last refusal."""
        self._again_at = None

    def _obstacle(self, program: Program | None) -> str:
        if program is None:
            return "I have no program; the chief assigns one"
        if program.state is not State.OPEN or program.head_commit is None:
            return f"program {program.slug} is {program.state.value}"
        return self.desk.lab_pause()

    def _has_room(self) -> bool:
        allowed: int = reads.config(self.desk.con).get("protocol", {}).get("open_per_agent", OPEN_AT_ONCE)
        return len(experiments.open_of(self.desk.con, self.desk.name)) < allowed

    def _begin(self, program: Program) -> None:
        """`org next`, then one change from that head."""
        started = self.desk.org("next")
        if not started.done:
            self._refused(f"org next: {started.reason}")
            return
        bench = self._bench(program)
        if bench is None:
            self._wait("my next branch is queued")
            return
        change = self._choose(bench)
        if change is None:
            self._exhausted(program)
            return
        self._finish(self._draft(bench, change), program)

    def _choose(self, bench: Bench) -> proposer.Change | None:
        """The next change. An idea is drawn before any work goes into it; what somebody else drew is theirs to try."""
        theirs = draws.in_hand(self.desk.con)
        passed = {id for id, holder in theirs.items() if holder != self.desk.name}
        while True:
            declined = [(key, value) for slug, key, value in self._declined if slug == bench.program.slug]
            named = (backlog.named_change(i.text, bench.head) for i in bench.ideas if i.id in passed)
            change = proposer.choose(
                bench.space, bench.head, bench.trials, seed=self._seed(bench),
                ideas=[i for i in bench.ideas if i.id not in passed], declined=[*declined, *(n for n in named if n)],
            )  # fmt: skip
            if change is not None and change.idea is None and self._is_known(bench, change):
                self._declined.add((bench.program.slug, change.key, change.after))
            elif change is None or change.idea is None or self.desk.org("idea", "--draw", str(change.idea)).done:
                return change
            else:
                passed.add(change.idea)

    def _is_known(self, bench: Bench, change: proposer.Change) -> bool:
        """Whether another program tried this very value on today's task: the lab would refuse it, at the price of a turn."""
        con = self.desk.con
        tail = "WHERE program != ? AND subject LIKE ?"
        like = EXPERIMENTS.select(con, tail, bench.program.slug, f"{change.key} %→ {hypothesis.shown(change.after)}")
        judged = [e for e in like if e.state not in NO_VERDICT and not reads.is_outdated(con, e.pool)]
        same = trials.from_experiments(judged, self.desk.recipe_at)
        return any((trial.key, trial.after) == (change.key, change.after) for trial in same)

    def _bench(self, program: Program) -> Bench | None:
        """None while the worktree is not at the program's head yet."""
        text = drafts.recipe_file(self.desk).read_text(encoding="utf-8")
        head = recipe.values(text)
        if program.head_commit is None or self.desk.recipe_at(program.head_commit) != head:
            return None
        con = self.desk.con
        past = trials.from_experiments(experiments.of_program(con, program.slug), self.desk.recipe_at)
        tail = "WHERE state = ? AND (program IS NULL OR program = ?) ORDER BY id"
        waiting = IDEAS.select(con, tail, ideas.State.OPEN.value, program.slug)
        return Bench(program, space.parse(program.space, program.slug), text, head, past, waiting)

    def _seed(self, bench: Bench) -> int:
        """The same for the same ledger; another for another junior."""
        words = f"{bench.program.slug}/{len(bench.trials)}/{len(self._declined)}/{self.desk.name}"
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4])

    def _draft(self, bench: Bench, change: proposer.Change) -> Draft:
        program = bench.program
        idea = next((i for i in bench.ideas if i.id == change.idea), None)
        stated = hypothesis.state(change, bench.space, bench.trials, claim=program.claim, margin=program.margin, idea=idea)
        after = recipe.edit(bench.text, change.key, change.after)
        draft = Draft(
            program.slug, change.key, change.after, self.desk.worktree.head(), bench.text, after, program.claim,
            stated.subject, stated.because, stated.predict, stated.predicted_gain, change.idea,
        )  # fmt: skip
        drafts.save(self.desk, draft)
        self.desk.pane.say(Mark.THINK, f"{stated.subject}\n{stated.because}")
        self.desk.pane.say(Mark.PREDICT, f"predicted: {stated.predict}")
        return draft

    def _finish(self, draft: Draft, program: Program | None) -> None:
        """Do what the draft still needs. Looks at the world before each move, so it may be called after any death."""
        step = drafts.next_step(self.desk, draft, program)
        if step is Step.COMMIT and not self.desk.is_held():
            commit = drafts.commit(self.desk, draft)
            self.desk.pane.say(Mark.COMMIT, f"commit {commit[:10]} on {self.desk.me().branch}")
            step = Step.PROPOSE
        match step:
            case Step.PROPOSE:
                self._propose(draft)
            case Step.DONE:
                drafts.drop(self.desk)
            case Step.STALE:
                drafts.take_back(self.desk, draft)
                drafts.drop(self.desk)
                self.desk.pane.say(Mark.NEXT, f"{draft.subject}: the program moved on; taken back")
            case Step.FOREIGN:
                drafts.drop(self.desk)
                self.desk.pane.say(Mark.NEXT, f"{draft.subject}: the recipe was changed by somebody else; left as it is")

    def _propose(self, draft: Draft) -> None:
        if self.desk.is_held():
            return  # the draft waits for the hand-back
        answer = self.desk.org(*drafts.propose(draft))
        if answer.done:
            drafts.drop(self.desk)
            self._refusals = 0
            self.desk.pane.say(Mark.NEXT, f"{drafts.proposed_id(answer.out)} proposed: {draft.subject}")
        elif not self.desk.is_held():
            drafts.drop(self.desk)
            self._declined.add((draft.program, draft.key, draft.value))
            self._refused(f"{draft.subject}: {answer.reason}")

    def _refused(self, reason: str) -> None:
        """An answer, not an error: say it, and try again later, each time after twice the time."""
        self.desk.pane.say(Mark.BAD, f"refused: {reason}")
        self._refusals += 1
        self._wait(f"refused: {reason}", min(2**self._refusals, LONGEST_WAIT_S))

    def _wait(self, why: str, seconds: float = 2.0) -> None:
        self.blocked = why
        self._again_at = self.desk.clock() + timedelta(seconds=seconds)

    def _exhausted(self, program: Program) -> None:
        """Tell the chief once; the ledger remembers."""
        subject = f"{EXHAUSTED}{program.slug}"
        told = MESSAGES.count(self.desk.con, "WHERE sender = ? AND subject = ?", self.desk.name, subject)
        if not told:
            tried = f"Every value that the space of {program.slug} allows was tried from its head."
            without = f"The brief of {program.slug} has no space, and without a model I try nothing else."
            body = f"{tried if program.space else without} I need another program."
            self.desk.org("send", self.desk.chief(), subject, body)
        self._wait(f"nothing is left to try in {program.slug}", LONGEST_WAIT_S)
