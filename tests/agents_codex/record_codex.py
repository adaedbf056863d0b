"""Records the real Codex for the unit tests: its screens, hooks and rollouts, without paths of this machine.

`PYTHONPATH=tests python tests/agents_codex/record_codex.py` writes screens/*.txt and recordings/*. Run it when a new version is
to be supported, look at the difference, mend screens.yaml and rollout.py until the tests pass, and add the version to
`tested` in screens.yaml.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from codex_pane import Pane, anonymous, eventually, grid_in_short_folder, pane_of
from models import ModelServer, Request, Turn, call, rate_limited, refused, say, shell

from org.agents.codex import conversation, files
from org.model.agent import State

WIDTH, HEIGHT = 106, 33  # a pane among nine
HERE = Path(__file__).parent
SCREENS, RECORDINGS = HERE / "screens", HERE / "recordings"
RESET = str(int(time.time()) + 7200)
USED_UP, NEARLY = ({f"x-codex-primary-{name}": value for name, value in (
    ("used-percent", percent), ("window-minutes", "300"), ("reset-at", RESET))} for percent in ("100", "97"))  # fmt: skip


def main() -> None:
    parts = {part.__name__: part for part in (boxes, turns, limits, beginnings, approval)}
    for name in sys.argv[1:] or parts:
        with (
            ModelServer(answer) as server,
            grid_in_short_folder() as (folder, grid),
            pane_of("junior-1", folder, grid, server) as pane,
        ):
            parts[name](pane, folder, server)


def answer(request: Request) -> Turn:
    word = request.prompt
    if request.results:
        return say("The command has run.")
    if "RUN " in word:
        return shell(word.split("RUN ")[1].split(" ;;")[0])
    for name, turn in TURNS.items():
        if name in word:
            return turn
    return say("Nothing to do yet.")


TURNS = {
    "SLOW": say("Slowly said.", wait=12.0),
    "LIMIT": Turn("no more", status=429, error="usage_limit_reached", headers={"x-resets-at": RESET, **USED_UP}),
    "BUSY": rate_limited(20),
    "WRONG": refused(),
    "BROKEN": Turn("no", status=400, error="invalid_request_error"),
}  # fmt: skip


def boxes(pane: Pane, folder: Path, server: ModelServer) -> None:
    """The input box and what may lie over it."""
    begin(pane)
    keep(pane, folder, "empty")
    typed = {
        "draft": ["a half of a sentence"], "draft_wrapped": ["a sentence that is longer than the pane is wide, " * 4],
        "draft_of_two_lines": ["first line", "C-j", "second line"], "shell_draft": ["!ls -la"], "commands": ["/mod"],
        "mention": ["look at @"], "skill": ["the variable $HOM"], "search": ["C-r", "wor"],
    }  # fmt: skip
    for name, keys in typed.items():
        kept_after(pane, folder, name, *keys)
        cleared(pane)
    for name, keys, back in (
        ("shortcuts", ["?"], ["?"]), ("command_center", ["Left"], ["Escape"]), ("warnings", ["F2"], ["Escape"]),
        ("transcript", ["Escape", "Escape"], ["Escape"]), ("plan_mode", ["BTab"], ["BTab"]),
    ):  # fmt: skip
        kept_after(pane, folder, name, *keys)
        pane.key(*back)
        settle(pane)
    pane.grid.tmux.run(["resize-window", "-x", "60", "-y", "24"])
    settle(pane)
    keep(pane, folder, "empty_narrow")
    kept_after(pane, folder, "new_conversation", "/new", "Enter")


def cleared(pane: Pane) -> None:
    """Take a draft and whatever lies over the box away."""
    pane.key("Escape")
    settle(pane)
    while "Ask Codex to do anything" not in pane.screen():
        pane.key("C-u", "BSpace")
        settle(pane)


def turns(pane: Pane, folder: Path, server: ModelServer) -> None:
    """Turns of every kind, one after another."""
    begin(pane)
    pane.paste("ORG-1: RUN sleep 4 ;; please")
    eventually(lambda: "esc to interrupt" in pane.screen())
    keep(pane, folder, "working")
    settle(pane, 1.0)
    pane.paste("ORG-2: 1 new letter (chief: a very long subject that does not end before the pane does). Read it: org inbox")
    eventually(lambda: "Messages to be submitted" in pane.screen())
    keep(pane, folder, "queued")
    pane.until(lambda: any("ORG-2" in text for text in pane.prompts))
    wait_idle(pane)
    pane.paste("a person asks SLOW")
    eventually(lambda: "esc to interrupt" in pane.screen())
    settle(pane, 1.0)
    pane.key("Escape")
    eventually(lambda: "Conversation interrupted" in pane.screen())
    settle(pane)
    keep(pane, folder, "interrupted")
    pane.literal("!")
    settle(pane)
    pane.literal("echo by-a-person")
    pane.literal("Enter")
    eventually(lambda: "You ran" in pane.screen())
    settle(pane)
    recorded(pane, folder, "turns")


def limits(pane: Pane, folder: Path, server: ModelServer) -> None:
    """Errors of the provider."""
    begin(pane)
    for word, name, told in (
        ("LIMIT", "usage_limit", "usage limit"),
        ("BROKEN", "bad_request", "invalid_request"), ("BUSY", "server_busy", "reconnecting 1/5"),
        ("WRONG", "refused_key", "401"),
    ):  # fmt: skip
        pane.paste(f"ORG-3 {word}")
        eventually(lambda told=told: told in pane.screen(), told=pane.screen)
        settle(pane, 1.0)
        keep(pane, folder, name)
        pane.key("Escape")
        settle(pane, 1.0)
    recorded(pane, folder, "limits")
    server.stop()
    pane.paste("ORG-4 hello")
    eventually(lambda: "waiting for network" in pane.screen())
    keep(pane, folder, "no_network")


def beginnings(pane: Pane, folder: Path, server: ModelServer) -> None:
    """Dialogs before the first prompt, each with what keeps it away taken out."""
    for name, words, spoil in (
        ("trust", "Trust this folder", lambda text: re.sub(r"\[projects.*?\n\n|\[projects.*", "", text, flags=re.S)),
        ("login", "Sign in with", lambda text: re.sub(r"(?m)^model_provider = .*\n", "", text)),
    ):
        spoiled(pane, spoil)
        eventually(lambda words=words: words in pane.screen(), 15)
        settle(pane)
        keep(pane, folder, name)
    spoiled(pane, lambda text: text, without=("--dangerously-bypass-hook-trust",))
    eventually(lambda: "Hooks need review" in pane.screen(), 15)
    settle(pane)
    keep(pane, folder, "hook_review")


def approval(pane: Pane, folder: Path, server: ModelServer) -> None:
    """Questions in the middle of the work."""
    flags = ("--dangerously-bypass-approvals-and-sandbox",)
    server.answer = lambda request: escalated()
    spoiled(pane, lambda text: text, without=flags, more=("-a", "on-request", "-s", "read-only"))
    eventually(lambda: "Would you like to run" in pane.screen(), 15)
    settle(pane)
    keep(pane, folder, "approval")
    pane.until(lambda: pane.state is State.WAITING)
    recorded(pane, folder, "approval")
    server.answer = lambda request: say("Nearly at the limit.", headers=NEARLY)
    spoiled(pane, lambda text: re.sub(r"(?m)^hide_rate.*\n", "", text))
    eventually(lambda: "Approaching rate limits" in pane.screen(), 15)
    settle(pane)
    keep(pane, folder, "near_the_limit")


def escalated() -> Turn:
    return call("exec_command", cmd="touch seen", sandbox_permissions="require_escalated", justification="to see a dialog")


def begin(pane: Pane) -> None:
    pane.start()
    pane.grid.tmux.run(["resize-window", "-x", str(WIDTH), "-y", str(HEIGHT)])
    wait_idle(pane)


def wait_idle(pane: Pane) -> None:
    pane.until(lambda: pane.state is State.IDLE and "esc to interrupt" not in pane.screen())
    settle(pane)


def settle(pane: Pane, seconds: float = 0.4) -> None:
    """Wait until the screen has stood still for so long."""
    before, since = pane.screen(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.1)
        if (now := pane.screen()) != before and seconds < 1:
            before, since = now, time.monotonic()


def spoiled(pane: Pane, change: Callable[[str], str], without: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> None:
    """Start it anew with a config.toml that is changed and without some flags."""
    pane.backend.prepare(pane.seat)
    path = files.home(pane.seat) / "config.toml"
    path.write_text(change(path.read_text()))
    command = pane.backend.pane_command(pane.seat)
    argv = [word for word in command.argv if word not in without]
    pane.run([*argv[:-1], *more, argv[-1]], command)
    pane.grid.tmux.run(["resize-window", "-x", str(WIDTH), "-y", str(HEIGHT)])


def kept_after(pane: Pane, folder: Path, name: str, *keys: str) -> None:
    for key in keys:
        pane.literal(key)
        settle(pane)
    keep(pane, folder, name)


def keep(pane: Pane, folder: Path, name: str) -> None:
    """Write one screen down."""
    SCREENS.mkdir(exist_ok=True)
    text = "\n".join(line.rstrip() for line in pane.screen().splitlines())
    (SCREENS / f"{name}.txt").write_text(anonymous(text, folder).rstrip("\n") + "\n")
    print("kept", name)


def recorded(pane: Pane, folder: Path, name: str) -> None:
    """Write hooks and rollouts down: the rows that are read, without the provider's own instructions."""
    target = RECORDINGS / name
    target.mkdir(parents=True, exist_ok=True)
    hooks = pane.seat.hooks.read_text()
    (target / "hooks.jsonl").write_text(anonymous(hooks, folder))
    for number, path in enumerate(conversation.rollouts(files.home(pane.seat))):
        rows = [short for line in path.read_text().splitlines() if (short := trimmed(json.loads(line)))]
        text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
        (target / f"rollout-{number}.jsonl").write_text(anonymous(text, folder))


def trimmed(row: dict[str, Any]) -> dict[str, Any] | None:
    keys = {"session_meta": ("id", "source", "thread_source", "cli_version", "cwd"), "turn_context": ("turn_id", "model", "cwd")}
    payload = row["payload"]
    if row["type"] in keys:
        return {**row, "payload": {key: payload[key] for key in keys[row["type"]] if key in payload}}
    known = row["type"] == "token_usage_record" or (row["type"] == "event_msg" and payload["type"] != "thread_settings_applied")
    return row if known else None


if __name__ == "__main__":
    main()
