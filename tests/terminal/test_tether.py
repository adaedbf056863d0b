"""A program whose terminal is gone, and which no hang-up reaches, ends all the same."""

import os
import pty
import signal
import subprocess
import sys

SLEEPER = """
import signal, sys, time
from org.terminal import tether
signal.signal(signal.SIGHUP, signal.SIG_IGN)
tether.hold(every_seconds=0.05)
print("there", flush=True)
time.sleep(600)
"""


def test_a_program_ends_with_its_terminal_though_it_hears_no_hang_up() -> None:
    master, slave = pty.openpty()
    program = subprocess.Popen([sys.executable, "-c", SLEEPER], stdin=slave, stdout=subprocess.PIPE, start_new_session=True)
    os.close(slave)
    assert program.stdout is not None and program.stdout.readline() == b"there\n"
    os.close(master)
    assert program.wait(timeout=120) == -signal.SIGTERM
    program.stdout.close()


def test_a_program_without_a_terminal_goes_on() -> None:
    code = SLEEPER.replace("time.sleep(600)", "time.sleep(0.3)")
    assert subprocess.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode == 0
