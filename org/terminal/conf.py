"""The lab's own tmux.conf and the script behind its keys. A person's own configuration is not read.

The mouse is off on purpose: with it, every motion of a pointer would count as a person at the pane.
"""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

KEYS = "C-b T take over   C-b H hand back   C-b D dashboard   C-b d leave (the lab goes on)"
_OPTIONS = """\
set -s exit-empty off
set -s escape-time 10
set -s focus-events off
set -s extended-keys off
set -g prefix C-b
set -g default-terminal screen-256color
set -g default-size 320x100
set -g window-size latest
set -g destroy-unattached off
set -g remain-on-exit on
set -g history-limit 20000
set -g mouse off
set -g base-index 0
set -g pane-base-index 0
set -g renumber-windows off
set -g automatic-rename off
set -g allow-rename off
set -g bell-action none
set -g pane-border-status top
set -g pane-border-format ' #{?@org_title,#{@org_title},#{?@org_agent,#{@org_agent},shell}}#{?pane_dead, - ended,} '
set -g @org_note ''
set -g status 2
set -g status-right-length 100
set -g status-right '#{?@org_note, #{@org_note} ,}'
"""
_SCRIPT = """\
#!/bin/sh
# VERB AGENT CLIENT: run a verb of the lab for the pane of AGENT and show its last line to CLIENT.
ORG_LAB={home}
export ORG_LAB
unset TMUX TMUX_PANE
said=$({org} "$1" "$2" 2>&1 | tail -n 1 | sed 's/[#%]/&&/g')
tmux -S {socket} display-message -c "$3" -- "$said" || true
"""


def write(folder: Path, socket: Path, lab: str, home: Path, org: Sequence[str]) -> Path:
    """Write tmux.conf and tmux-key.sh into `folder` and return the former.

    `org` is the command line of the org command, `home` what its ORG_LAB is set to. Same input, same files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    script, conf = folder / "tmux-key.sh", folder / "tmux.conf"
    places = {"home": shlex.quote(str(home)), "org": shlex.join(org), "socket": shlex.quote(str(socket))}
    _put(script, _SCRIPT.format(**places))
    left = f" {lab} ".replace("#", "##").replace("%", "%%")
    lines = [
        _OPTIONS.rstrip("\n"),
        f"set -g status-left-length {len(left) + 2}",
        f"set -g status-left {_quoted(left)}",
        f"set -g 'status-format[1]' {_quoted(' ' + KEYS)}",
        _key("T", script, "takeover"),
        _key("H", script, "handback"),
        "bind-key D select-window -t ':=dashboard'",
    ]
    _put(conf, "\n".join(lines) + "\n")
    return conf


def _key(key: str, script: Path, verb: str) -> str:
    path = shlex.quote(str(script)).replace("#", "##")
    action = f"run-shell -b {_quoted(f'sh {path} {verb} #{{q:@org_agent}} #{{q:client_name}}')}"
    return f"bind-key {key} if-shell -F '#{{@org_agent}}' {_quoted(action)} 'display-message \"no agent works in this pane\"'"


def _quoted(text: str) -> str:
    """One word of a tmux configuration file."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _put(file: Path, text: str) -> None:
    beside = file.with_name(file.name + ".new")
    beside.write_text(text, "utf-8")
    os.replace(beside, file)
