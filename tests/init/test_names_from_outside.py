"""Names on a command line or in the environment never lead a verb out of the lab's folders."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, make

ORG = Path(sys.executable).parent / "org"
SECRET = "somebody else's words"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Laboratory]:
    """A founded lab, and a mailbox-like folder beside it that is nobody's business."""
    made = make(tmp_path)
    (tmp_path / "outside" / "new").mkdir(parents=True)
    (tmp_path / "outside" / "new" / "m.md").write_text(SECRET)
    yield made
    made.lab.ledger.close()


def org(lab: Laboratory, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ORG_", "TMUX"))}
    root = lab.lab.layout.root
    return subprocess.run(
        [str(ORG), *words], cwd=root, env=env | environ, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "words",
    [
        ("inbox", "--of", "../../outside"),
        ("next", "--agent", "../../outside"),
        ("try", "--agent", "../../outside"),
        ("propose", "--agent", "../x", "--subject", "s", "--because", "b", "--predict", "p"),
        ("send", "../../outside", "hello"),
        ("show", "../../outside/new/m"),
        ("tail", "../../outside/new/m.md"),
        ("reply", "../../outside/new/m", "hello"),
        ("takeover", "../../outside"),
        ("program", "show", "../../outside"),
        ("adopt", "../../outside"),
    ],
    ids=lambda words: words[0],
)
def test_a_verb_refuses_a_name_that_leads_outside(lab: Laboratory, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = org(lab, *words)
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert sorted(p.name for p in (tmp_path / "outside").rglob("*")) == ["m.md", "new"]


@pytest.mark.parametrize("verb", [("inbox",), ("send", "junior-1", "hi"), ("idea", "an idea"), ("ask", "why?")])
def test_an_agent_s_name_in_the_environment_is_checked_too(lab: Laboratory, verb: tuple[str, ...]) -> None:
    done = org(lab, *verb, ORG_AGENT="../../outside")
    assert done.returncode == 1 and "cannot name an agent" in done.stderr
    assert not lab.lab.ledger.reader.execute("SELECT 1 FROM messages WHERE sender LIKE '%outside%'").fetchall()
