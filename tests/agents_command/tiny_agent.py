"""A tiny agent program: `tiny_agent.py [--again] [--model M] [PROMPT]`. A box at the bottom, a conversation above it.

It works a moment on each line, and as long as there is a file TINY_LOG.hold; it keeps further lines in a queue, asks when a
line says `ask`, and writes what it took up to the file TINY_LOG.
"""

import os
import select
import shutil
import sys
import termios
import time
import tty
from collections import deque

PASTE_ON, PASTE_OFF, BEGIN, END = "\x1b[?2004h", "\x1b[?2004l", "\x1b[200~", "\x1b[201~"


class Tiny:
    def __init__(self, prompt: str | None) -> None:
        self.history: list[str] = [
            f"tiny agent {os.environ.get('ORG_AGENT', '')} [{os.environ.get('CUDA_VISIBLE_DEVICES', '-')}]"
        ]
        self.queue: deque[str] = deque([prompt] if prompt else [])
        self.box, self.busy_until, self.asks = "", 0.0, False

    def run(self) -> None:
        sys.stdout.write(PASTE_ON)
        while True:
            self.work()
            self.draw()
            if select.select([sys.stdin], [], [], 0.05)[0]:
                self.keys(os.read(0, 65536).decode(errors="replace"))

    def work(self) -> None:
        if self.busy_until and time.monotonic() >= self.busy_until and not os.path.exists(os.environ["TINY_LOG"] + ".hold"):
            self.busy_until = 0.0
            self.history.append("* done")
        if self.queue and not self.busy_until and not self.asks:
            line = self.queue.popleft()
            self.history.append(f"you: {line}")
            log(line)
            self.asks = "ask" in line.split()
            self.busy_until = 0.0 if self.asks else time.monotonic() + 0.4

    def keys(self, text: str) -> None:
        text = text.replace(BEGIN, "").replace(END, "")
        for key in text:
            if self.asks:
                if key in "yn\r":
                    log(f"answered {key!r}")
                    self.history.append("* thanks")
                    self.asks = False
            elif key == "\r":
                self.queue.append(self.box) if self.box else None
                self.box = ""
            elif key == "\x7f":
                self.box = self.box[:-1]
            elif key == "\x04":
                sys.exit(0)
            elif key.isprintable():
                self.box += key

    def draw(self) -> None:
        rows = list(self.history)
        rows += ["~ working ~"] if self.busy_until else []
        rows += [f"waits: {line}" for line in self.queue]
        rows += ["May I? (y/n)"] if self.asks else [f"> {self.box or 'say something'}", "-- tiny 1.0 --"]
        height = shutil.get_terminal_size().lines - 1
        sys.stdout.write("\x1b[H\x1b[2J" + "\r\n".join(rows[-height:]))
        sys.stdout.flush()


def log(line: str) -> None:
    with open(os.environ["TINY_LOG"], "a") as file:
        file.write(line + "\n")


def main(words: list[str]) -> None:
    again = "--again" in words
    words = [word for word in words if word != "--again"]
    log(f"start again={again} argv={words[:-1]} key={os.environ.get('TINY_KEY')} home={os.environ.get('TINY_HOME')}")
    old = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        Tiny(words[-1] if words else None).run()
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, old)
        sys.stdout.write(PASTE_OFF)


if __name__ == "__main__":
    main(sys.argv[1:])
