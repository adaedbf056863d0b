"""The repository's root on the path, as `python -m runs.leaderboard` has it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
