"""org: a research lab in a terminal. A chief and juniors run experiments whose verdicts the lab computes.

Rooms, from the top down; imports point strictly down (checked by import-linter):
cli, dashboard → bootstrap → supervisor → lab → agents → terminal → workspace → runs → comms → plots → science → store
→ config → model.
"""

__version__ = "0.1.0"
