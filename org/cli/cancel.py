"""`org cancel EXPERIMENT [--reason …]`."""

from org.cli import decide

command = decide.verb("cancel", "Stop an experiment; its runs end, its commits stay.")
