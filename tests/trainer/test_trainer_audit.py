"""What is seen of a run that reads beside its task, in a process of its own: an audit hook stays."""

import json
import os
import subprocess
import sys
from pathlib import Path

WATCHED = """
import json, sys
from pathlib import Path
from trainer.measure import audit
root = Path(sys.argv[1])
seen = audit.Audit(snapshot=root, run=root / "run", data=root / "data", loaded=frozenset(sys.argv[3:])).watch()
exec(sys.argv[2])
print(json.dumps(seen.seen))
"""
FLOOD = "for n in range(audit.MOST + 5):\n    try:\n        open(f'/nowhere/{n}')\n    except OSError:\n        pass\n"


def seen(root: Path, deed: str, *loaded: str) -> list[str]:
    """What an audit tells of code that runs in the snapshot `root`; temporary files have another place."""
    (root.parent / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-c", WATCHED, str(root), deed, *loaded]
    env = {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PATH": os.environ["PATH"],
        "TMPDIR": str(root.parent / "tmp"),
    }
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


def test_a_library_that_opens_shards_unseen_may_not_be_there(tmp_path: Path) -> None:
    """pyarrow opens files without Python: of what it read nothing is ever seen."""
    deed = "import types\nsys.modules['pyarrow'] = types.ModuleType('pyarrow')"
    assert seen(tmp_path / "snapshot", deed) == ["corpus: pyarrow, which opens files unseen"]
    assert seen(tmp_path / "snapshot", deed, "pyarrow") == [], "it was not the run's"


def test_a_bundle_in_the_repository_is_seen_behind_any_flood(tmp_path: Path) -> None:
    question = tmp_path / "snapshot" / "speedrun" / "eval_bundle" / "eval_data" / "boolq.jsonl"
    question.parent.mkdir(parents=True)
    question.write_text("{}")
    assert seen(tmp_path / "snapshot", FLOOD + f"open({str(question)!r}).close()")[0] == f"open: {question.resolve()}"


def test_files_beside_the_trainer_are_no_part_of_it(tmp_path: Path) -> None:
    inside, beside = tmp_path / "snapshot" / "trainer" / "table.txt", tmp_path / "snapshot" / "answers.txt"
    inside.parent.mkdir(parents=True)
    for file in (inside, beside):
        file.write_text("")
    opened = seen(tmp_path / "snapshot", f"for file in ({str(inside)!r}, {str(beside)!r}): open(file).close()")
    assert opened == [f"open: {beside.resolve()}"]
