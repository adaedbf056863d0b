"""`org withdraw EXPERIMENT [--reason …]`."""

from org.cli import decide

command = decide.verb("withdraw", "Take an open experiment of yours back; its runs end, its commits stay.")
