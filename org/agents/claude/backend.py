"""The backend `claude`: Claude Code in the pane, started, resumed and watched so that no dialog appears and none is answered."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from org.agents.backend import Nudging, PaneCommand, Seat
from org.agents.claude import alone, conversation, files, login, screen
from org.agents.claude.conversation import Conversation
from org.agents.claude.login import URL, Login
from org.agents.claude.watcher import ClaudeWatcher, watcher
from org.agents.observation import Composer
from org.model.errors import ConfigError
from org.model.nudge import token

INSTALL = "install it (`npm install -g @anthropic-ai/claude-code`) or put its folder on PATH"
SANDBOX = "IS_SANDBOX"
BYPASS = "--dangerously-skip-permissions"
MODES = (BYPASS, "--permission-mode", "--allow-dangerously-skip-permissions")
STASH = "C-s"  # on an empty box it would bring an older draft back, so it is pressed on a draft only
# Nothing calls home, nothing changes itself, nothing but the office wakes it.
QUIET: Mapping[str, str] = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "1",
    "CLAUDE_CODE_DISABLE_FEEDBACK_SURVEY": "1",
    "CLAUDE_CODE_DISABLE_TERMINAL_TITLE": "1",
    "CLAUDE_CODE_DISABLE_CRON": "1",
    "CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION": "false",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "BASH_MAX_TIMEOUT_MS": "3600000",  # a try may take longer than the ten minutes that it would allow
}
BEGIN = (
    "Begin: your role and your program are in your instructions. Read your mail with `org inbox`, then take the first step. "
    "Lines that begin with ORG- come from your lab, also where they stand in a notification."
)
AGAIN = (
    "Your program was started again. What ran in your shell is gone, and older orders may no longer hold: look at `git status` "
    "and `org inbox`, then go on where you were."
)
LOST = (
    "Your earlier conversation cannot be found, so this one is new. Your role is in your instructions; what you did is in "
    "`git log`, `git status` and `org results`, and your mail is in `org inbox`. Go on from there."
)


@dataclass(frozen=True, slots=True)
class Claude:
    """The real Claude Code in the agent's pane."""

    name: str = "claude"
    nudging: Nudging = Nudging.WAKE

    def check(self, seat: Seat) -> list[str]:
        """Program, login, and whether it may work without permission dialogs as this user."""
        found = []
        if login.program(seat) is None:
            found.append(f"agent {seat.agent}: claude is not on PATH; {INSTALL}")
        if missing := login.find(seat).missing:
            found.append(missing)
        if _asks_nothing(seat) and _is_root() and seat.environment.get(SANDBOX) != "1":
            way = f"export {SANDBOX}=1 if this machine may be lost, or start the lab as another user"
            found.append(f"agent {seat.agent}: claude asks for every permission when it is run as root; {way}")
        return found

    def prepare(self, seat: Seat) -> None:
        """Write its configuration and choose its conversation."""
        now = datetime.now(UTC)
        files.put(seat, login.find(seat), now)
        conversation.choose(seat, now)

    def pane_command(self, seat: Seat) -> PaneCommand:
        """A new conversation, or the one that the pane had."""
        program = login.program(seat)
        if program is None:
            raise ConfigError(f"agent {seat.agent}: claude is not on PATH; {INSTALL}")
        account, choice = login.find(seat), conversation.chosen(seat)
        argv = (
            seat.python, "-I", "-S", alone.__file__, str(files.sessions(seat)), choice.id, program,
            *_options(seat), *_conversation(seat, choice),
        )  # fmt: skip
        return PaneCommand(argv, seat.worktree, _environment(seat, account), account.keeps)

    def watcher(self, seat: Seat) -> ClaudeWatcher:
        """It reads hooks, session file, transcript and, in the end, the screen."""
        return watcher(seat)

    def composer(self, screen_text: str) -> Composer:
        """By the patterns of screens.yaml."""
        return screen.composer(screen_text)

    def close(self, screen_text: str) -> str | None:
        """The key that closes the open dialog without a decision; None when there is none, or it needs one."""
        asked = screen.dialog(screen_text)
        return asked.close if asked is not None else None

    def stash(self) -> str | None:
        """Its own key for that: the draft comes back after the next prompt."""
        return STASH


def _options(seat: Seat) -> tuple[str, ...]:
    bypass = (BYPASS,) if _bypasses(seat) else ()
    model = ("--model", seat.entry.model) if seat.entry.model else ()
    # Without --strict-mcp-config a .mcp.json of the repository opens a dialog.
    files_of = ("--strict-mcp-config", "--settings", str(files.settings_file(seat)))
    # The entry's own come first: an option that takes any number of words would take the prompt.
    return (*seat.entry.args, *bypass, *model, *files_of, "--append-system-prompt-file", str(seat.prompt))


def _conversation(seat: Seat, choice: Conversation) -> tuple[str, ...]:
    """Which one, and its first words unless a person has the agent."""
    which = ("--resume" if choice.resumes else "--session-id", choice.id)
    words = AGAIN if choice.resumes else LOST if choice.lost else BEGIN
    return which if seat.hold.exists() else (*which, f"{token(0)}: {words}")


def _environment(seat: Seat, account: Login) -> dict[str, str]:
    base = {URL: seat.entry.base_url} if seat.entry.base_url else {}
    return {**QUIET, "CLAUDE_CONFIG_DIR": str(files.folder(seat)), **account.environment, **base}


def _bypasses(seat: Seat) -> bool:
    """Whether it works without permission dialogs: unless the entry chooses a mode itself."""
    return not any(word.partition("=")[0] in MODES for word in seat.entry.args)


def _asks_nothing(seat: Seat) -> bool:
    return _bypasses(seat) or BYPASS in seat.entry.args or any("bypassPermissions" in word for word in seat.entry.args)


def _is_root() -> bool:
    return os.geteuid() == 0
