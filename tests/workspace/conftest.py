"""The repository that the tests of the workspace share."""

from pathlib import Path

import pytest
from git_repository import RECIPE, Repository, shell_git

from org.workspace.git import Git


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "lab"
    root.mkdir()
    shell_git(root, "init", "-q", "-b", "main")
    made = Repository(Git(root), root, "")
    files = {
        "README.md": "a lab\n",
        "trainer/model.py": "WIDTH = 1\n",
        "trainer/old.py": "OLD = 1\n",
        "trainer/recipe.yaml": RECIPE,
        "trainer/measure/loss.py": "LOSS = 1\n",
        "tool.sh": "#!/bin/sh\n",
    }
    made.write(files, message="first")
    (root / "tool.sh").chmod(0o755)
    made.first = made.commit(root, "second")
    return made
