"""An offline chief: every junior has a program, programs end by their stop rule, a person's notes are followed.

Its state is the ledger. What it asked for lately is kept in memory, so that an order that the office has not carried
out yet is not given twice; after a death the office refuses the repetition.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from org.agents.offline import digest, orders, rota
from org.agents.offline.author import EXHAUSTED
from org.agents.offline.desk import CHIEF, Desk
from org.agents.offline.orders import Act, Asked
from org.agents.offline.pane import Mark
from org.agents.offline.rota import Assign, Close, Open, Shipped
from org.agents.offline.verdicts import sentence
from org.agents.verbs import Answer
from org.comms.figures import plural
from org.model.agent import State
from org.model.experiment import OPEN, VERDICTS
from org.model.experiment import State as ExperimentState
from org.model.message import HUMAN, Kind, Message
from org.model.program import State as ProgramState
from org.store import agents, experiments, meta, programs, reads
from org.store.tables import IDEAS, MESSAGES, PROGRAMS

PATIENCE_S = 60  # until an order that changed nothing is given again
NO_BRIEF = "no brief is left that this machine can run; add one with `org program new FILE`"


class Chief:
    """One chief; `step` does all that can be done now and returns. has: what this machine has, such as `cuda`."""

    def __init__(self, desk: Desk, briefs: Callable[[], Sequence[Shipped]], has: Collection[str]) -> None:
        self.desk = desk
        self._briefs = briefs
        self._has = has
        self._asked: dict[tuple[str, ...], datetime] = {}
        self._told = {e.id for e in reads.experiments(desk.con) if e.state in VERDICTS}
        self._shown = False

    def step(self) -> None:
        """Mail, verdicts, then what the rules ask for."""
        self._header()
        for message in self.desk.mail():
            self._turn(message)
        self._tell_verdicts()
        if not self.desk.lab_pause() and not self.desk.is_paused():
            self._review()
            for order in rota.decide(self._lab()):
                self._carry_out(order)
        self._report()

    def live(self) -> str:
        running = len(reads.running(self.desk.con))
        open_ones = experiments.in_state(self.desk.con, *OPEN)
        return f"{plural(len(open_ones), 'experiment')} open, {plural(running, 'run')} at work"

    def why(self) -> list[str]:
        """Each open program, its people, and how near its end it is."""
        lab = self._lab()
        return [self._stand(lab, p.slug) for p in lab.programs if p.state is ProgramState.OPEN] or [NO_BRIEF]

    def _stand(self, lab: rota.Lab, slug: str) -> str:
        program = PROGRAMS.get(self.desk.con, slug)
        people = ", ".join(a.name for a in lab.juniors if a.program == slug) or "nobody"
        row = rota.streak([e for e in lab.experiments if e.program == slug])
        limit = program.stop.get("discards")
        ends = f" of {limit:g} that end it" if limit else ""
        return f"{slug}: {people}; {plural(row, 'verdict')} in a row without a merge{ends}"

    def _lab(self) -> rota.Lab:
        con = self.desk.con
        everyone = [a for a in agents.everyone(con) if not a.role.startswith(CHIEF)]
        told = MESSAGES.select(con, 'WHERE "to" = ? AND subject LIKE ?', self.desk.name, f"{EXHAUSTED}%")
        return rota.Lab(
            everyone, programs.in_state(con, *ProgramState), reads.experiments(con), self._briefs(), self._has,
            {m.subject.removeprefix(EXHAUSTED) for m in told},
        )  # fmt: skip

    def _carry_out(self, order: rota.Order) -> None:
        match order:
            case Open(shipped):
                self._order(f"open {shipped.brief.slug}: {shipped.brief.question}", "new", str(shipped.path))
            case Close(slug, reason):
                self._order(f"close {slug}: {reason}", "close", slug, "--reason", reason)
            case Assign(slug, agent):
                self._order(f"assign {agent} to {slug}", "assign", slug, agent)

    def _order(self, words: str, *arguments: str, group: tuple[str, ...] = ("program",)) -> Answer | None:
        """`org program …`, or another verb, once per PATIENCE_S; None when it was asked for lately."""
        now = self.desk.clock()
        if now < self._asked.get(arguments, now - timedelta(days=1)) + timedelta(seconds=PATIENCE_S):
            return None
        self._asked[arguments] = now
        answer = self.desk.org(*group, *arguments)
        if answer.done:
            self.desk.pane.say(Mark.NEXT, words)
        else:
            self.desk.pane.say(Mark.BAD, f"{words}: refused: {answer.reason}")
        return answer

    def _review(self) -> None:
        """Where reviews are the chief's: whatever the lab took as a proposal may run, and what is better is merged. Judging
        more needs a model."""
        protocol = reads.config(self.desk.con).get("protocol", {})
        if protocol.get("approve") == "chief":
            for experiment in experiments.in_state(self.desk.con, ExperimentState.PROPOSED):
                self._order(f"{experiment.id} may run: {experiment.subject}", "approve", experiment.id, group=())
        if protocol.get("worth_it") == "chief":
            for experiment in experiments.in_state(self.desk.con, ExperimentState.QUEUED):
                if experiment.label_detail.get("reason") and "worth_it" not in experiment.label_detail:
                    self._order(f"{experiment.id} is worth its code: {experiment.subject}", "approve", experiment.id, group=())

    def _tell_verdicts(self) -> None:
        for experiment in reads.experiments(self.desk.con):
            if experiment.state in VERDICTS and experiment.id not in self._told:
                self._told.add(experiment.id)
                self.desk.pane.say(Mark.RUN, f"{experiment.author}: {sentence(experiment)}")

    def _turn(self, message: Message) -> None:
        """One message: say it, do what it asks, then archive it."""
        self.desk.pane.say(Mark.MAIL, f"{message.sender}: {message.subject}\n{message.body[:600]}")
        if message.kind is Kind.STANDUP:
            self.desk.reply(message, digest.of_lab(self.desk.con, message.sent_at))
        elif message.sender == HUMAN and message.kind in (Kind.NOTE, Kind.STEERING):
            self.desk.reply(message, self._follow(message))
        self.desk.archive(message)

    def _follow(self, message: Message) -> str:
        """Do what a person's note asks; what was done, as the reply."""
        lab = self._lab()
        slugs = {p.slug for p in lab.programs} | {s.brief.slug for s in lab.briefs}
        juniors = {a.name for a in lab.juniors}
        asked = orders.read(message.body or message.subject, slugs, juniors)
        told = [name for name in message.refs if name in juniors]  # of a direction: they read the same letter
        if told:
            asked = [one for one in asked if one.act is not Act.IDEA]
        if told and not asked:
            return f"It is with {', '.join(told)}."
        return "\n".join(f"- {one.text}: {self._obey(one, lab)}" for one in asked) or "The note is empty."

    def _obey(self, asked: Asked, lab: rota.Lab) -> str:
        slug = asked.program or ""
        match asked.act:
            case Act.PAUSE | Act.RESUME:
                return self._program(asked.act.value, slug)
            case Act.CLOSE:
                return self._program("close", slug, "--reason", f"asked for by a person: {asked.text}")
            case Act.OPEN:
                return self._open(slug, lab)
            case Act.FOCUS:
                return "; ".join(f"{a.name}: {self._program('assign', slug, a.name)}" for a in lab.juniors)
            case Act.ASSIGN:
                return self._program("assign", slug, asked.agent or "")
        return self._note_idea(asked)

    def _program(self, *arguments: str) -> str:
        answer = self.desk.org("program", *arguments)
        return "done" if answer.done else f"refused: {answer.reason}"

    def _open(self, slug: str, lab: rota.Lab) -> str:
        shipped = next((s for s in lab.briefs if s.brief.slug == slug), None)
        if shipped is None:
            return self._program("resume", slug)
        if not rota.can_run(shipped, self._has):
            return f"refused: it needs {', '.join(shipped.brief.needs)}, which this machine lacks"
        return self._program("new", str(shipped.path))

    def _note_idea(self, asked: Asked) -> str:
        """Into the backlog, once, however often the note is read."""
        if IDEAS.count(self.desk.con, "WHERE text = ?", asked.text):
            return "is in the backlog already"
        where = ("--program", asked.program) if asked.program else ()
        answer = self.desk.org("idea", asked.text, *where)
        kept = "kept as an idea; name a key and a value (`softcap = 20`) and a junior tries it next"
        return kept if answer.done else f"refused: {answer.reason}"

    def _header(self) -> None:
        if not self._shown:
            me = self.desk.me()
            rows = [("lab", meta.get(self.desk.con, "lab") or ""), ("note", meta.get(self.desk.con, "root_note") or "")]
            self.desk.pane.header(f"{me.name} · {me.role} · {me.backend}", rows)
            self._shown = True

    def _report(self) -> None:
        open_ones = [p.slug for p in programs.in_state(self.desk.con, ProgramState.OPEN)]
        if open_ones:
            self.desk.report(State.WORKING, f"programs: {', '.join(open_ones)}")
        elif rota.left(self._lab()):
            self.desk.report(State.IDLE, self.desk.lab_pause() or "opening programs")
        else:
            self.desk.complain(NO_BRIEF)
            self.desk.report(State.WAITING, NO_BRIEF)
            self._tell_the_person()

    def _tell_the_person(self) -> None:
        """Once each time the last program closed: everybody idles from now on. Not where a person paused what is left."""
        known = programs.in_state(self.desk.con, *ProgramState)
        if self.desk.lab_pause() or any(p.state is not ProgramState.CLOSED for p in known):
            return
        subject = f"Nothing is left to do: {f'every program is closed ({len(known)})' if known else 'there is no program'}"
        if not MESSAGES.count(self.desk.con, "WHERE sender = ? AND subject = ?", self.desk.name, subject):
            body = f"The agents and devices idle: {NO_BRIEF}, or end the lab with `org stop`."
            self._order("tell the person that nothing is left to do", "send", HUMAN, subject, body, group=())
