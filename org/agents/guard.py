"""Refuses what would hurt other agents: `python -I -S guard.py WORKTREE CLOSED…`, a PreToolUse event on stdin.

Answers on stdout with a refusal that the model reads, or with nothing. CLOSED are folders in which the program's own
editing tools may change nothing outside WORKTREE. A seat belt against habit, not against malice: a command that hides
what it does passes, and so does everything when this file fails. Imports nothing of org: it runs in a worktree, with the
standard library only.
"""

import json
import os
import re
import shlex
import sys

PREFIXES = frozenset({"sudo", "env", "command", "exec", "nohup", "time", "nice", "ionice", "setsid", "stdbuf", "builtin"})
COUNTED = frozenset({"timeout"})  # prefixes that take a number or a time first
SHELLS = frozenset({"sh", "bash", "dash", "zsh"})
KILL = "it would end the processes of other agents and of the lab; end your own by number, a run with `org cancel`"
TMUX = "the panes belong to the lab; write to others with `org send`"
STASH = "the stash is shared by all worktrees of the lab; commit on your branch instead"
STORE = "the object store is shared by all worktrees, and tries live in it without a branch"
BRANCH = "the lab opens and switches branches; start your next one with `org next`"
WORKTREES = "worktrees belong to the lab"
REFS = "refs are moved by the lab; hand work in with `org propose`"
PUSH = "nothing leaves the lab; hand work in with `org propose`"
DEVICE = "devices are leased; use one with `org try -- COMMAND`"
PROGRAMS = {"pkill": KILL, "killall": KILL, "skill": KILL, "tmux": TMUX}
GIT = {
    "stash": STASH, "gc": STORE, "prune": STORE, "repack": STORE, "switch": BRANCH, "push": PUSH, "update-ref": REFS,
    "symbolic-ref": REFS, "filter-branch": REFS,
}  # fmt: skip
READS = {("stash", "list"), ("stash", "show"), ("worktree", "list")}
BRANCHING = frozenset({"-b", "-B", "--orphan", "--detach", "-d", "-t", "--track"})
SETTINGS = re.compile(
    r"-(pm|pl|r|c|mig|lgc|rgc|lmc|rmc|ac|rac|e|p|am|caa|gom|cgi|dgi|cci|dci)\b|--(gpu-reset|persistence-mode|power-limit|"
    r"compute-mode|multi-instance-gpu|lock-|reset-|applications-clocks|ecc-config|accounting-mode)"
)
DOCUMENT = re.compile(r"^(.*)<<-?[ ]*(['\"]?)(\w+)\2.*?^\s*\3$", re.MULTILINE | re.DOTALL)  # what is no command
EDITORS = {"Edit": "file_path", "Write": "file_path", "MultiEdit": "file_path", "NotebookEdit": "notebook_path"}


def main(arguments: list[str]) -> int:
    """Answer one event; always 0."""
    try:
        event = json.loads(sys.stdin.buffer.read() or b"{}")
        why = refusal(event, arguments[0], arguments[1:])
        if why:
            answer = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": why}
            print(json.dumps({"hookSpecificOutput": answer}))
    except Exception as error:  # told, never in the way
        print(f"org guard: {error}", file=sys.stderr)
    return 0


def refusal(event: dict, worktree: str, closed: list[str]) -> str | None:  # type: ignore[type-arg]
    """Why this tool call is not made; None: it is."""
    tool, given = event.get("tool_name", ""), event.get("tool_input") or {}
    if tool in EDITORS:
        return _outside(os.path.join(event.get("cwd", ""), given.get(EDITORS[tool], "")), worktree, closed)
    command = given.get("command", "")
    command = command if isinstance(command, str) else shlex.join(command)
    return next(filter(None, (_why(words, event.get("cwd", "")) for words in commands(command))), None)


def commands(text: str) -> list[list[str]]:
    """The simple commands of a line of sh, each as its words."""
    text = DOCUMENT.sub(lambda found: found[0] if SHELLS & set(found[1].split()) else found[1], text)
    lexer = shlex.shlex(re.sub(r"(?<!\\)\n", " ; ", text.replace("\\\n", " ")), posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:  # a quote that stays open, as in a here-document
        words = re.findall(r"[;&|()]+|[^\s;&|()'\"]+", text)
    found: list[list[str]] = [[]]
    for word in words:
        if re.fullmatch(r"[;&|()]+", word) or word in ("{", "}", "!", "do", "then", "else"):
            found.append([])
        else:
            found[-1].append(word)
    return [words for words in found if words]


def _why(words: list[str], cwd: str) -> str | None:
    words, set_first = _bare(words)
    if any(re.match(r"CUDA_VISIBLE_DEVICES=[^\s\"']", word) for word in set_first):
        return f"The lab refuses to choose a device by hand: {DEVICE}."
    if not words:
        return None
    name = os.path.basename(words[0])
    why = PROGRAMS.get(name)
    if name == "git":
        name, why = _git(words[1:], cwd)
    elif name == "kill" and "-1" in words[2:]:
        why = KILL
    elif name == "nvidia-smi" and any(SETTINGS.match(word) for word in words[1:]):
        name, why = "nvidia-smi with settings", "devices belong to the lab; read them with `nvidia-smi`"
    elif name in SHELLS and "-c" in words[:-1]:
        return next(filter(None, (_why(inner, cwd) for inner in commands(words[words.index("-c") + 1]))), None)
    elif name in ("export", "xargs"):
        return _why(words[1:], cwd)
    return f"The lab refuses {name}: {why}." if why else None


def _bare(words: list[str]) -> tuple[list[str], list[str]]:
    """The command without NAME=value and prefixes such as `sudo` before it; and what was set."""
    settings: list[str] = []
    while words:
        if re.match(r"\w+=", words[0]):
            settings.append(words[0])
            words = words[1:]
        elif os.path.basename(words[0]) in PREFIXES | COUNTED:
            counted = os.path.basename(words[0]) in COUNTED
            words = words[1:]
            while words and words[0].startswith("-"):
                words = words[1:]
            words = words[1:] if counted else words
        else:
            break
    return words, settings


def _git(words: list[str], cwd: str) -> tuple[str, str | None]:
    while words and words[0].startswith("-"):  # options before the verb
        if words[0] == "-C" and len(words) > 1:
            cwd = os.path.join(cwd, words[1])
        words = words[2:] if words[0] in ("-C", "-c", "--git-dir", "--work-tree") else words[1:]
    verb, rest = (words[0] if words else ""), words[1:]
    name = f"git {verb}"
    if (verb, rest[0] if rest else "") in READS:
        return name, None
    if verb == "worktree":
        return name, WORKTREES if rest else None
    if verb == "checkout":
        return name, BRANCH if _switches(rest, cwd) else None
    if verb == "branch":
        return name, BRANCH if {"-D", "-d", "-m", "-M", "-f", "--delete", "--move", "--force"} & set(rest) else None
    if verb == "reflog":
        return name, STORE if rest[:1] in (["expire"], ["delete"]) else None
    return name, GIT.get(verb)


def _switches(rest: list[str], cwd: str) -> bool:
    """Whether `git checkout REST` goes to another branch, and does not restore files."""
    if BRANCHING & set(rest):
        return True
    if "--" in rest:
        return False
    names = [word for word in rest if not word.startswith("-") or word == "-"]
    return len(names) == 1 and not os.path.exists(os.path.join(cwd, names[0])) and names[0] != "."


def _outside(path: str, worktree: str, closed: list[str]) -> str | None:
    real, own = os.path.realpath(path), os.path.realpath(worktree)
    if _below(real, own) or not any(_below(real, os.path.realpath(folder)) for folder in closed):
        return None
    return f"The lab refuses to change {path}: your own files are in {worktree}; speak to the lab through `org`."


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
