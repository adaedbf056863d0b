"""An offline junior: keeps up to two experiments open, one recipe key each. Its state is the ledger and its worktree;
what is kept in memory here may be lost at any moment and costs at most one refused proposal."""

from org.agents.offline import draft as drafts
from org.agents.offline import hypothesis, news, recipe, section
from org.agents.offline import ideas as backlog
from org.agents.offline.author import Author
from org.agents.offline.desk import Desk
from org.agents.offline.pane import Mark
from org.model.agent import Agent, State
from org.model.message import HUMAN, Kind, Message
from org.store import experiments, meta
from org.store.tables import PROGRAMS


class Junior:
    """One junior; `step` does all that can be done now and returns."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._news = news.News(desk.con, desk.name)
        self._author = Author(desk)
        self._shown: tuple[str | None] | None = None  # the program in the last header

    def step(self) -> None:
        """Mail, news, then the next move: finish a draft, or begin one when there is room."""
        agent = self.desk.me()
        self._header(agent)
        for message in self.desk.mail():
            self._turn(message)
        for line in self._news.fresh(self.desk.con):
            self.desk.pane.say(line.mark, line.text)
        self._author.move(agent.program)
        self._report(agent)

    def live(self) -> str:
        return news.live(self.desk.con, self.desk.layout, self.desk.name)

    def why(self) -> list[str]:
        """The hypotheses of the open experiments."""
        lines = []
        for e in experiments.open_of(self.desk.con, self.desk.name):
            lines += [f"{e.id} {e.subject} ({e.state.value})", f"  because: {e.because}", f"  predicted: {e.predict}"]
        return lines or [f"nothing is open: {self._author.blocked or 'the next proposal is being made'}"]

    def _turn(self, message: Message) -> None:
        """One message: say it, do what it asks, then archive it."""
        if message.kind is not Kind.VERDICT:  # the ledger's own line says the same, with more numbers
            self.desk.pane.say(Mark.MAIL, f"{message.sender}: {message.subject}\n{message.body[:600]}")
        match message.kind:
            case Kind.STANDUP:
                self.desk.reply(message, self._section(message))
            case Kind.HANDBACK:
                self._author.soon()
            case Kind.NOTE | Kind.STEERING if message.sender == HUMAN:
                self.desk.reply(message, self._steered(message))
        self.desk.archive(message)

    def _section(self, message: Message) -> str:
        agent = self.desk.me()
        return section.of_junior(self.desk.con, self.desk.name, message.sent_at, agent.program, self._author.blocked)

    def _steered(self, message: Message) -> str:
        """A person's words: a key and a value become an idea; more is beyond a junior without a model."""
        agent = self.desk.me()
        text = drafts.recipe_file(self.desk).read_text(encoding="utf-8")
        named = backlog.named_change(message.body, recipe.values(text))
        if named is None:
            return "I have no model: name a recipe key and a value (`softcap = 20`) and I try it next."
        where = ("--program", agent.program) if agent.program else ()
        noted = self.desk.org("idea", f"{named[0]} = {hypothesis.shown(named[1])}", *where)
        return f"I try {named[0]} = {hypothesis.shown(named[1])} next." if noted.done else noted.reason

    def _header(self, agent: Agent) -> None:
        """Once at the start, and whenever the program changed."""
        if self._shown == (agent.program,):
            return
        self._shown = (agent.program,)
        program = PROGRAMS.find(self.desk.con, agent.program) if agent.program else None
        rows = [
            ("program", f"{program.slug}: {program.question}" if program else "none yet"),
            ("branch", agent.branch or ""),
            ("device", agent.device or ""),
            ("note", meta.get(self.desk.con, "root_note") or ""),
        ]
        self.desk.pane.header(f"{agent.name} · {agent.role} · {agent.backend}", rows)

    def _report(self, agent: Agent) -> None:
        racing = experiments.open_of(self.desk.con, self.desk.name)
        if racing:
            self.desk.report(State.WORKING, "; ".join(f"{e.id} {e.subject}" for e in racing))
        else:
            self.desk.report(State.IDLE, self._author.blocked or f"between experiments of {agent.program}")
