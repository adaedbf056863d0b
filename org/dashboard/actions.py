"""Every verb as a person asks for it here: on what, with which key, and what has to be typed. Data only; asker.py does it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from org.dashboard.state import AgentLine
from org.model.agent import Control
from org.model.agent import State as AgentState
from org.model.experiment import IN_HEAD, OPEN, Experiment
from org.model.experiment import State as S
from org.model.program import Program
from org.model.program import State as ProgramState

ALL = "all"


class On(StrEnum):
    """What a verb is used on: what is selected, or the lab."""

    LAB = "lab"
    AGENT = "agent"
    EXPERIMENT = "experiment"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Field:
    """What has to be typed. option: `--reason`, or "" for a word of its own."""

    name: str
    option: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """words: of the verb; {} is the target. shows: what it says is read on a page, not in a toast. possible: of the target;
    None: always. title: {} is the target."""

    name: str
    on: On
    words: tuple[str, ...]
    title: str
    help: str
    key: str = ""
    fields: tuple[Field, ...] = ()
    shows: bool = False
    possible: Callable[..., bool] | None = None

    def line(self, target: str, typed: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The command line. Words of a person come last, after --, for they may begin with a dash."""
        given = [(field, text) for field, text in zip(self.fields, typed, strict=False) if text]
        options = [word for field, text in given if field.option for word in (field.option, text)]
        loose = [text for field, text in given if not field.option]
        words = [word.replace("{}", target) for word in self.words]
        split = 2 if words[0] in ("program", "prompt") else 1
        return (*words[:split], *options, *(["--"] if loose else []), *words[split:], *loose)


REASON = Field("reason", "--reason", needed=False)
WORDS = Field("text")


def _state(*states: S) -> Callable[[Experiment], bool]:
    return lambda e: e.state in states


def _open(e: Experiment) -> bool:
    return e.state in OPEN


def _held(line: AgentLine) -> bool:
    return line.agent.control is not Control.AGENT


def _free(line: AgentLine) -> bool:
    return line.agent.control is not Control.HUMAN


def _paused(line: AgentLine) -> bool:
    return line.agent.state is AgentState.PAUSED


def _awake(line: AgentLine) -> bool:
    return not _paused(line)


def _in(*states: ProgramState) -> Callable[[Program], bool]:
    return lambda program: program.state in states


A, E, P, L = On.AGENT, On.EXPERIMENT, On.PROGRAM, On.LAB
ACTIONS = (
    Action("takeover", A, ("takeover", "{}"), "Take over {}", "Hold its mail and nudges; its pane is yours", "t", possible=_free),
    Action("handback", A, ("handback", "{}"), "Hand back {}", "It gets one message on what you did", "h", possible=_held),
    Action("pause_agent", A, ("pause", "{}"), "Pause {}", "It starts nothing new", "p", (REASON,), possible=_awake),
    Action("resume_agent", A, ("resume", "{}"), "Resume {}", "It goes on", "p", possible=_paused),
    Action("send", A, ("send", "{}"), "Write to {}", "A letter to it; it reads it when its turn ends", "w", (WORDS,)),
    Action("steer_agent", A, ("steer", "{}"), "Direct {}", "Stands in all it is given until it is lifted", "d", (WORDS,)),
    Action("brief", A, ("brief", "{}"), "Where {} stands", "Program, noise, what was tried, what it types next", "i", shows=True),
    Action("prompt", A, ("prompt", "render", "{}"), "What {} is given", "Its role, brief and directions", shows=True),
    Action("explain", E, ("explain", "{}"), "Explain {}", "Its verdict, to check by hand", "e", shows=True),
    Action("tail", E, ("tail", "-n", "200", "{}"), "Output of {}", "Of its newest run", "l", shows=True),
    Action("certify", E, ("certify", "{}"), "Certify {}", "Test it on fresh seeds: may it be claimed?", "y",
           possible=_state(S.MERGED, S.CONFIRMED)),
    Action("continue", E, ("continue", "{}"), "Race {} on", "So many more runs at most", "k", (Field("runs", "--runs"),),
           possible=_state(S.PARKED)),
    Action("approve", E, ("approve", "{}"), "Approve {}", "Let it run, or be merged", "a", (REASON,),
           possible=_state(S.PROPOSED, S.BETTER, S.QUEUED)),
    Action("refuse", E, ("refuse", "{}"), "Refuse {}", "It does not run, or is not merged", "x", (REASON,),
           possible=_state(S.PROPOSED, S.BETTER, S.QUEUED)),
    Action("cancel", E, ("cancel", "{}"), "Cancel {}", "Its runs end, its commits stay", "c", (REASON,), possible=_open),
    Action("veto", E, ("veto", "{}"), "Veto {}", "Forbid it, with a reason", "v", (Field("reason", "--reason"),), possible=_open),
    Action("adopt", E, ("adopt", "{}"), "Adopt {}", "Its patch with its evidence, for another repository", "A", shows=True,
           possible=lambda e: e.state in IN_HEAD),
    Action("pause_program", P, ("pause", "{}"), "Pause program {}", "None of its experiments starts", "p", (REASON,),
           possible=_in(ProgramState.OPEN)),
    Action("resume_program", P, ("resume", "{}"), "Resume program {}", "Its experiments go on", "p",
           possible=_in(ProgramState.PAUSED)),
    Action("open_program", P, ("program", "open", "{}"), "Open program {}", "It gets a branch and its agents", "o",
           possible=_in(ProgramState.BACKLOG)),
    Action("assign", P, ("program", "assign", "{}"), "Assign an agent to {}", "It works on this program", "a", (Field("agent"),),
           possible=_in(ProgramState.OPEN, ProgramState.PAUSED)),
    Action("headline", P, ("program", "headline", "{}"), "Head of {} against its root", "On fresh seeds, which selected nothing",
           "y", possible=_in(ProgramState.OPEN, ProgramState.PAUSED)),
    Action("close_program", P, ("program", "close", "{}"), "Close program {}", "What is open races to its verdict", "x",
           (REASON,), possible=_in(ProgramState.OPEN, ProgramState.PAUSED, ProgramState.BACKLOG)),
    Action("steer_program", P, ("steer", "{}"), "Direct program {}", "Its agents and the chief get a letter", "d", (WORDS,)),
    Action("brief_program", P, ("program", "show", "{}"), "Brief of {}", "Its question, stop rule and tries", "i", shows=True),
    Action("standup", L, ("standup", "now"), "Standup now", "Ask everybody for a section and write today's page", "s"),
    Action("broadcast", L, ("send", ALL), "Write to everybody", "A letter to every agent", "b", (WORDS,)),
    Action("idea", L, ("idea",), "Note an idea", "Into the backlog, for chief and juniors", "n", (WORDS,)),
    Action("pause_lab", L, ("pause",), "Pause the lab", "No new run starts; running runs finish", "", (REASON,),
           possible=lambda lab: lab.paused is None),
    Action("resume_lab", L, ("resume",), "Resume the lab", "Runs start again", possible=lambda lab: lab.paused is not None),
    Action("certify_all", L, ("certify", "all"), "Certify every merge", "Each is tested on fresh seeds"),
    Action("status", L, ("status",), "Status", "Agents, devices, open experiments, questions", shows=True),
    Action("findings", L, ("findings",), "What may be claimed", "Certified numbers, in the lab's words", "f", shows=True),
    Action("plan", L, ("plan",), "Plan", "What so many hours buy, and the first limit", fields=(Field("hours", "--hours"),),
           shows=True),
    Action("doctor", L, ("doctor",), "Doctor", "What would keep the lab from a good night", shows=True),
    Action("lessons", L, ("lessons",), "Lessons", "What was learned", shows=True),
    Action("noise", L, ("noise", "show"), "Noise", "Where run-to-run noise comes from", shows=True),
    Action("steering", L, ("steer",), "Directions", "What is in force, and who has answered", shows=True),
    Action("start", L, ("start",), "Start", "Start the lab, or apply an edited config", shows=True),
    Action("drain", L, ("stop", "--drain"), "Stop when the runs have finished", "Nothing new starts", shows=True),
    Action("gc", L, ("gc", "--dry-run"), "What could be removed", "Checkpoints and snapshots that nothing needs", shows=True),
)  # fmt: skip
NAMED = {action.name: action for action in ACTIONS}
# What a face of its own does here, or what only makes sense in a terminal of one's own.
ELSEWHERE = frozenset({"dashboard", "attach", "watch", "supervise", "pane"})


def is_possible(action: Action, target: object) -> bool:
    return action.possible is None or action.possible(target)
