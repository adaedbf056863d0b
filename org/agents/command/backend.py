"""The backend `command`: any program that a description fits."""

import shutil
from dataclasses import dataclass, field

from org.agents.backend import Nudging, PaneCommand, Seat
from org.agents.command import program, role
from org.agents.command import screen as shown
from org.agents.command.program import Program, filled
from org.agents.command.watcher import STARTED, ScreenWatcher
from org.agents.observation import Composer
from org.model.errors import ConfigError
from org.store import atomic

BEGIN = "ORG-0 from the organization: you are {agent}. {where} Read your mail with `org inbox`, then begin."
GO_ON = (
    "ORG-0 from the organization: your program was started again. {where} It replaces older orders. Look at the state of "
    "your worktree, read your mail with `org inbox`, then go on."
)
KNOWN = "Your role and the brief of your program stand in your instructions."
IN_FILE = "Your role and the brief of your program stand in the file {role_file}: read it first."
CAUTION = (Composer.DIALOG, Composer.UNKNOWN, Composer.DRAFT, Composer.EMPTY)


@dataclass(frozen=True, slots=True)
class Command:
    """in_use: the descriptions of this process's watchers, by name; a screen is judged by all of them."""

    name: str = "command"
    nudging: Nudging = Nudging.TYPED
    in_use: dict[str, Program] = field(default_factory=dict, compare=False)

    def check(self, seat: Seat) -> list[str]:
        """A description that can be read, and its program."""
        try:
            wanted = program.load(seat)
        except ConfigError as error:
            return str(error).splitlines()
        missing = [] if _found(seat, wanted) else [
            f"agent {seat.agent}: the program {wanted.program} is not on PATH; install it with `{wanted.install}`"
        ]  # fmt: skip
        key = seat.entry.key_env
        if key and not seat.environment.get(key):
            missing.append(f"agent {seat.agent}: {key} is not set; export it, then start again")
        return missing

    def prepare(self, seat: Seat) -> None:
        """The description's files in home; the role's link in the worktree, where it can be."""
        wanted = program.load(seat)
        seat.home.mkdir(parents=True, exist_ok=True)
        for name, text in wanted.files.items():
            atomic.write_text(seat.home / name, filled(text, seat))
        if wanted.role.file and seat.worktree.is_dir():
            role.place(seat, wanted.role.file)

    def pane_command(self, seat: Seat) -> PaneCommand:
        """The program with its arguments; with an opening prompt unless a person has the agent."""
        wanted = program.load(seat)
        path = _found(seat, wanted)
        if path is None:
            raise ConfigError(self.check(seat)[0])
        again = (seat.home / STARTED).exists() and bool(wanted.again)
        words = [*wanted.arguments, *wanted.role.arguments, *(wanted.again if again else ())]
        words += wanted.model if seat.entry.model else ()
        words += () if seat.hold.exists() else wanted.prompt
        opening = _opening(seat, wanted, again)
        argv = (path, *(filled(word, seat, prompt=opening) for word in words), *seat.entry.args)
        own = {key: filled(value, seat) for key, value in wanted.environment.items()}
        if wanted.role.environment:
            own[wanted.role.environment] = str(seat.prompt)
        own |= {"ORG_AGENT": seat.agent, "ORG_LAB": seat.lab, "CUDA_VISIBLE_DEVICES": ""}
        return PaneCommand(argv, seat.worktree, own, (*wanted.keeps, *((seat.entry.key_env,) if seat.entry.key_env else ())))

    def watcher(self, seat: Seat) -> ScreenWatcher:
        """It looks at the screen. Makes the description known to `composer`."""
        wanted = program.load(seat)
        self.in_use[wanted.name] = wanted
        return ScreenWatcher(seat, wanted)

    def composer(self, screen: str) -> Composer:
        """The box by the descriptions in use; where several know the screen, the most cautious word counts."""
        seen = {shown.read(each.screen, screen).composer for each in self.in_use.values()}
        known = seen - {Composer.UNKNOWN}
        return next((word for word in CAUTION if word in known), Composer.UNKNOWN)

    def close(self, screen: str) -> str | None:
        """None."""
        return None

    def stash(self) -> str | None:
        """None."""
        return None


def _opening(seat: Seat, wanted: Program, again: bool) -> str:
    told = wanted.role
    reads = bool(told.arguments or told.environment or (told.file and role.placed(seat, told.file)))
    return filled((GO_ON if again else BEGIN).replace("{where}", KNOWN if reads else IN_FILE), seat)


def _found(seat: Seat, wanted: Program) -> str | None:
    return shutil.which(wanted.program, path=seat.environment.get("PATH"))
