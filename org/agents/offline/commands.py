"""What a person may type into an agent's pane at any time, and what each word does. The person speaks as a person:
the verbs run without the agent's name."""

from collections.abc import Callable, Iterable
from typing import Protocol

from org.agents.offline.desk import Desk
from org.agents.offline.pane import Mark
from org.agents.verbs import Answer
from org.model import idea as ideas
from org.model.agent import Control
from org.model.message import HUMAN
from org.store import agents, experiments, mail
from org.store.tables import IDEAS

SHOWN = 10


class Researcher(Protocol):
    """What commands ask of the agent."""

    def why(self) -> Iterable[str]: ...


HELP = """help            this list
inbox           mail of this agent, newest last
status          what it does, who has the pane
why             hypotheses of its open experiments (chief: state of the programs)
ideas           the open backlog
idea TEXT       add an idea; `key = value` is tried next
say [TO] TEXT   send words, to the chief if nobody is named
take, back      take the pane over, hand it back
pause, resume   stop starting new work here, go on
diff            what its worktree changes"""


def obey(line: str, desk: Desk, researcher: Researcher) -> None:
    """Carry out one typed line; an unknown word is answered with one line."""
    word, _, rest = line.strip().partition(" ")
    if not word:
        return
    desk.pane.say(Mark.TYPED, line.strip())
    command = COMMANDS.get(word.lower())
    if command is None:
        desk.pane.say(Mark.PLAIN, f"{word} is no command here; `help` lists them")
    else:
        command(desk, researcher, rest.strip())


def _help(desk: Desk, _: Researcher, __: str) -> None:
    desk.pane.say(Mark.PLAIN, HELP)


def _inbox(desk: Desk, _: Researcher, __: str) -> None:
    found = mail.of_reader(desk.con, desk.name)[-SHOWN:]
    lines = [f"{m.sent_at:%m-%d %H:%M} {m.sender}: {m.subject}{'' if m.read_at else ' (unread)'}" for m in found]
    desk.pane.say(Mark.MAIL, "\n".join(lines) or "no mail")


def _status(desk: Desk, _: Researcher, __: str) -> None:
    me = desk.me()
    who = f"a person ({me.controlled_by})" if me.control is Control.HUMAN else "the agent"
    lines = [f"{me.name}: {me.state.value}, in the hands of {who}, program {me.program or 'none'}"]
    lines += [f"{e.id} {e.state.value}: {e.subject}" for e in experiments.open_of(desk.con, desk.name)]
    desk.pane.say(Mark.PLAIN, "\n".join(lines))


def _why(desk: Desk, researcher: Researcher, _: str) -> None:
    desk.pane.say(Mark.THINK, "\n".join(researcher.why()))


def _ideas(desk: Desk, _: Researcher, __: str) -> None:
    found = IDEAS.select(desk.con, "WHERE state = ? ORDER BY id", ideas.State.OPEN.value)
    lines = [f"{i.id} {i.text} ({i.author}{', ' + i.program if i.program else ''})" for i in found]
    desk.pane.say(Mark.PLAIN, "\n".join(lines) or "the backlog is empty; `idea TEXT` adds to it")


def _idea(desk: Desk, _: Researcher, text: str) -> None:
    if not text:
        desk.pane.say(Mark.PLAIN, "write the idea behind the word, as `idea softcap = 20`")
        return
    program = desk.me().program
    _tell(desk, desk.org.as_person()("idea", text, *(("--program", program) if program else ())), "noted")


def _say(desk: Desk, _: Researcher, text: str) -> None:
    first, _space, rest = text.partition(" ")
    known = {a.name for a in agents.everyone(desk.con)} | {HUMAN}
    to, words = (first, rest.strip()) if first in known else (desk.chief(), text)
    if not words:
        desk.pane.say(Mark.PLAIN, "write the words behind it, as `say chief the loss looks odd`")
        return
    _tell(desk, desk.org.as_person()("send", to, words.splitlines()[0][:80], words), f"sent to {to}")


def _take(desk: Desk, _: Researcher, __: str) -> None:
    _tell(desk, desk.org.as_person()("takeover", desk.name), "taken over; `back` hands it back")


def _back(desk: Desk, _: Researcher, __: str) -> None:
    _tell(desk, desk.org.as_person()("handback", desk.name), "handed back")


def _pause(desk: Desk, _: Researcher, __: str) -> None:
    _tell(desk, desk.org.as_person()("pause", desk.name, "--reason", "from its pane"), "paused; `resume` goes on")


def _resume(desk: Desk, _: Researcher, __: str) -> None:
    _tell(desk, desk.org.as_person()("resume", desk.name), "goes on")


def _diff(desk: Desk, _: Researcher, __: str) -> None:
    desk.pane.say(Mark.PLAIN, desk.worktree.diff(desk.me().branch_base).strip() or "no difference from the branch's start")


def _tell(desk: Desk, answer: Answer, done: str) -> None:
    if answer.done:
        desk.pane.say(Mark.PLAIN, answer.out or done)
    else:
        desk.pane.say(Mark.BAD, answer.reason)


Command = Callable[[Desk, Researcher, str], None]
COMMANDS: dict[str, Command] = {
    "help": _help, "inbox": _inbox, "status": _status, "why": _why, "ideas": _ideas, "idea": _idea, "say": _say,
    "take": _take, "back": _back, "pause": _pause, "resume": _resume, "diff": _diff,
}  # fmt: skip
