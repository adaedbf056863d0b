"""A small program with an input box, as a coding agent's has: `tiny_tui.py HOOKS AGENT [dialog]`.

Real keys arrive on a real terminal; what is submitted is written to HOOKS as the hook of a prompt would. `dialog` opens a
question first, which Enter would answer with yes: it writes an event "Approved". The word `slow` makes a turn
that lasts until ^E; what is submitted meanwhile is taken up after it.
"""

import json
import os
import re
import select
import sys
import termios
import tty
from datetime import UTC, datetime


def report(event: str, **more: object) -> None:
    row = {"at": datetime.now(UTC).isoformat(), "agent": sys.argv[2], "event": {"hook_event_name": event, **more}}
    handle = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, (json.dumps(row) + "\n").encode())
    os.close(handle)


def draw(box: str, dialog: bool) -> None:
    last = "Allow this command? (Enter: yes)" if dialog else f"box> {box}"
    os.write(1, b"\x1b[2J\x1b[H" + f"a tiny agent\r\n{last}".encode())


def main() -> None:
    tty.setraw(0, termios.TCSANOW)
    os.write(1, b"\x1b[?2004h")
    box, stashed, dialog, busy, queue = "", "", "dialog" in sys.argv[3:], False, []
    report("SessionStart")
    draw(box, dialog)
    while True:
        ready = select.select([0], [], [], 0.05)[0]
        if queue and not busy:
            report("UserPromptSubmit", prompt=queue.pop(0))
            report("Stop")
        if not ready:
            continue
        keys = os.read(0, 65536).decode(errors="replace")
        keys = re.sub(r"\x1b\[20[01]~", "", keys)
        for key in keys:
            if dialog:
                if key == "\r":
                    report("Approved")
                    dialog = False
            elif key == "\r":
                said, box = box, stashed
                stashed = ""
                if said == "slow":
                    busy = True
                    report("UserPromptSubmit", prompt=said)
                elif busy:
                    queue.append(said)
                    report("Queued", prompt=said)
                elif said:
                    report("UserPromptSubmit", prompt=said)
                    report("Stop")
            elif key == "\x05":
                busy = False
            elif key == "\x13":
                box, stashed = stashed, box
            elif key == "\x03":
                return
            elif key >= " ":
                box += key
        draw(box, dialog)


main()
