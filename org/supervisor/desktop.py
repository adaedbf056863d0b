"""A person's desktop: the one door to what shows a notification there. notify-send on Linux and osascript on macOS, where a
desktop is beside the lab; else, as over ssh, the terminals that are attached to the grid, many of which show OSC 9 as a
notification of their own desktop. Others read over it."""

import os
import shutil
from collections.abc import Sequence

from org.lab.attention import Call

SHOWN = 5  # calls in one notification
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
# The words are arguments of the script, never a part of it.
_SCRIPT = ("on run words", "display notification (item 2 of words) with title (item 1 of words)", "end run")


def command(lab: str, calls: Sequence[Call], notify_send: str = "notify-send", osascript: str = "osascript") -> list[str]:
    """The command line that shows them on this machine's desktop; [] where there is none."""
    title, body = f"org {lab}", "\n".join(_lines(calls))
    found = shutil.which(notify_send)
    if found is not None and any(os.environ.get(name) for name in DISPLAYS):
        return [found, "--app-name=org", "--", title, body.replace("&", "&amp;").replace("<", "&lt;")]
    found = shutil.which(osascript)
    if found is not None:
        return [found, *(part for line in _SCRIPT for part in ("-e", line)), title, body]
    return []


def sequence(lab: str, calls: Sequence[Call]) -> bytes:
    """What an attached terminal shows on its own desktop: OSC 9, iTerm2's, which many others read too."""
    words = "".join(c for c in f"org {lab}: {'; '.join(_lines(calls))}" if c.isprintable())
    return b"\x1b]9;" + words.encode() + b"\a"


def _lines(calls: Sequence[Call]) -> list[str]:
    more = [f"… and {len(calls) - SHOWN} more"] if len(calls) > SHOWN else []
    return [call.words for call in calls[:SHOWN]] + more
