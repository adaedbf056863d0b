"""Labs for benches."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from laboratory import Laboratory, make  # noqa: E402


def of_agents(folder: Path, count: int, backend: str = "offline") -> Laboratory:
    """A lab on the one-second regression with that many juniors, none of them with a process."""
    juniors = f"{{role: junior, backend: {backend}, count: {count}}}"
    return make(folder, configure=lambda text: text.replace("{role: junior, backend: offline, count: 2}", juniors))


def clone(folder: Path) -> Path:
    """A fresh clone of this repository as it is committed."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder / "clone")], check=True)
    return folder / "clone"


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
