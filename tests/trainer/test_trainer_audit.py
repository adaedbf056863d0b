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


def seen(root: Path, deed: str, *loaded: str, **environment: str) -> list[str]:
    """What an audit tells of code that runs in the snapshot `root`; temporary files have another place."""
    (root.parent / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-c", WATCHED, str(root), deed, *loaded]
    env = {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PATH": os.environ["PATH"],
        "TMPDIR": str(root.parent / "tmp"),
        **environment,
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


def test_a_worker_that_inherits_the_words_of_this_process_was_not_shown_the_data(tmp_path: Path) -> None:
    """As torch starts its compilers: somebody's `export DATA=…` must not make a run invalid, what is added must."""
    data = str(tmp_path / "data")
    start = "import os, subprocess; subprocess.run(['true'], env={**os.environ, **%r})"
    assert seen(tmp_path, start % {}, DATA=data) == ["subprocess.Popen: true"]
    assert seen(tmp_path, start % {"SHARDS": data}) == ["validation: subprocess.Popen: true"]


def test_where_compiled_kernels_are_kept_is_no_place_beside_the_task(tmp_path: Path) -> None:
    kernel, beside = tmp_path / "cache" / "kernel", tmp_path / "beside"
    kernel.parent.mkdir()
    for file in (kernel, beside):
        file.write_text("")
    deed = f"for file in ({str(kernel)!r}, {str(beside)!r}): open(file).close()"
    assert seen(tmp_path / "snapshot", deed, TRITON_CACHE_DIR=str(kernel.parent)) == [f"open: {beside.resolve()}"]


def test_files_beside_the_trainer_are_no_part_of_it(tmp_path: Path) -> None:
    inside, beside = tmp_path / "snapshot" / "trainer" / "table.txt", tmp_path / "snapshot" / "answers.txt"
    inside.parent.mkdir(parents=True)
    for file in (inside, beside):
        file.write_text("")
    opened = seen(tmp_path / "snapshot", f"for file in ({str(inside)!r}, {str(beside)!r}): open(file).close()")
    assert opened == [f"open: {beside.resolve()}"]


def test_tokens_of_another_tokenizer_are_guarded_as_the_task_s_own(tmp_path: Path) -> None:
    """Read what is trained on, and nobody minds; what is scored may not be read under any name, and nothing be written."""
    made = tmp_path / "snapshot" / "data" / "tokens" / "0123"
    made.mkdir(parents=True)
    for name in ("validation_tokens.npy", "train_tokens.npy"):
        (made / name).write_bytes(b"0")
    told = seen(tmp_path / "snapshot", f"import os\nopen({str(made / 'train_tokens.npy')!r}).close()")
    assert told == []
    deed = f"import os\nos.chdir({str(made)!r})\nos.link('validation_tokens.npy', 'other')\nopen('other').close()\n"
    told = seen(tmp_path / "snapshot", deed + "open('train_tokens.npy', 'wb').close()")
    assert told == ["validation: other", "wrote: data/train_tokens.npy"]
