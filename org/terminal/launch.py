"""Runs inside a pane, around its program: `python -I -S launch.py STATUS_FILE KEPT PROGRAM ...`.

KEPT: the names, with commas between, of the variables that the program sees besides the terminal's own; "*": all. So a
program gets its own key and no other agent's, and a key stands in no argument list.

tmux loses the exit status of one pane in five, so it is written to STATUS_FILE ("-": nowhere), beside and renamed,
before the pane is seen dead: the exit status, or 128 + the signal. The program is the terminal's foreground group, so
tmux names it and not this file, and the keyboard's signals reach it alone. Imports nothing of org: it runs in a
worktree, with the standard library only.
"""

import contextlib
import os
import signal
import sys

BASICS = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "TERMINFO", "COLORTERM", "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION", "TMUX", "TMUX_PANE", "TMUX_TMPDIR", "TMPDIR", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "IS_SANDBOX",
)  # fmt: skip
FAMILIES = ("LC_", "XDG_")
PATH = "ORG_PATH"  # tmux gives every pane the PATH of the client that asked for it, whatever -e says


def main(arguments: list[str]) -> int:
    """Run the program to its end and return its exit status."""
    status_file, kept, command = arguments[0], arguments[1], arguments[2:]
    if PATH in os.environ:
        os.environ["PATH"] = os.environ.pop(PATH)
    if kept != "*":
        _forget_but({*BASICS, *kept.split(",")})
    if status_file != "-" and os.path.exists(status_file):
        os.unlink(status_file)  # what the pane's last program left
    child = os.fork()
    if child == 0:
        _become(command)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda signum, _: _pass_on(child, signum))
    status = _wait(child)
    if status_file != "-":
        _write(status_file, status)
    return status


def _forget_but(names: set[str]) -> None:
    for name in list(os.environ):
        if name not in names and not name.startswith(FAMILIES):
            del os.environ[name]


def _become(command: list[str]) -> None:
    """Turn this child into the program, in its own process group and in the terminal's foreground."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # tcsetpgrp from the background would stop us
    with contextlib.suppress(OSError):  # no terminal
        os.tcsetpgrp(0, os.getpgrp())
    for number in (signal.SIGTTOU, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as bad:
        os.write(2, f"{command[0]}: {bad.strerror}\n".encode())
        os._exit(127 if isinstance(bad, FileNotFoundError) else 126)


def _wait(child: int) -> int:
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        os.killpg(child, signal.SIGCONT)  # a pane has no shell that could continue it
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _pass_on(child: int, signum: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signum)


def _write(status_file: str, status: int) -> None:
    os.makedirs(os.path.dirname(status_file), exist_ok=True)
    with open(status_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{status}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(status_file + ".new", status_file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
