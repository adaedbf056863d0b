"""`org veto EXPERIMENT [--reason …]`."""

from org.cli import decide

command = decide.verb("veto", "Forbid an experiment; its runs end, its commits stay.")
