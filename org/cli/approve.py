"""`org approve EXPERIMENT [--reason …]`."""

from org.cli import decide

command = decide.verb("approve", "Let a proposal run.")
