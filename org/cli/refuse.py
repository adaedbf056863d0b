"""`org refuse EXPERIMENT [--reason …]`."""

from org.cli import decide

command = decide.verb("refuse", "Refuse a proposal; its commits stay.")
