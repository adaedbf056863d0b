"""What a published folder would tell of this machine is taken out, or told to the person before they give it away."""

import io
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import many
import pytest

from org.lab.lab import Lab
from org.lab.publish import card, leaks

KEY = "sk-ant-" + "b2" * 20


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    opened = many.opened(many.build(tmp_path / "here", 0, 2))
    yield opened
    opened.ledger.close()


def archive(path: Path, **files: bytes) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_folders_of_the_lab_the_person_and_the_interpreter_get_other_names(lab: Lab) -> None:
    at = lab.layout
    text = f"{at.run('R1')}/train.log {at.worktrees}/junior-1 {at.root}/trainer {Path.home()}/notes {sys.prefix}/lib {KEY}"
    assert leaks.clean(lab, text) == "COMMS/runs/R1/train.log WORKTREES/junior-1 LAB/trainer HOME/notes PYTHON/lib [secret]"
    assert leaks.clean(lab, "tok/s a/b https://arxiv.org/abs/2305.16264") == "tok/s a/b https://arxiv.org/abs/2305.16264"


def test_what_cannot_be_taken_out_is_told(lab: Lab, tmp_path: Path) -> None:
    """A command of the task names a folder; the base as it was run holds a key, and a folder of this lab."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    picture = "/9j/" + "AAAA/" * 1000 + "x"  # what looks like a path longer than any may be
    texts = {"runs.json": f'"prepare --corpus {corpus}", "/nowhere/at/all", "/dev/null", "{picture}"', "README.md": "fine"}
    base = archive(
        tmp_path / "base.tar.gz", code=b"import os\n", env=f"KEY={KEY}".encode(), notes=str(lab.layout.root).encode(),
        weights=b"\0" + KEY.encode(),
    )  # fmt: skip
    assert leaks.told(lab, texts, base) == [
        f"runs.json names {corpus} of this machine",
        "base.tar.gz: env, notes: what looks like a key, or a folder of this machine",
    ]
    assert leaks.told(lab, {"README.md": "fine"}, archive(tmp_path / "other.tar.gz", code=b"x = 1\n")) == []


def test_the_card_tells_what_the_training_text_was_made_of() -> None:
    sources = [{"name": f"shard_{n}.parquet", "documents": 10 * n, "tokens": 1000 * n} for n in range(1, 31)]
    told = card._mixture({"request": {"corpus": "/mnt/pile/fineweb"}, "sources": sources})
    assert "Corpus: `fineweb`." in told and "/mnt" not in told
    assert "| `shard_3.parquet` | 30 | 3 k | 0.6% |" in told and "| 10 more |" in told
    assert card._mixture({"request": {"corpus": "stdlib"}}) == "Corpus: `stdlib`." and card._mixture({}) == ""
