"""One supervisor per lab; whoever asks leaves no trace."""

import os
from pathlib import Path

import pytest

from org.model.errors import OrgError
from org.supervisor import lock


def test_the_lock_names_its_holder_also_after_somebody_asked(tmp_path: Path) -> None:
    path = tmp_path / "supervisor.lock"
    assert not lock.is_running(path)
    with lock.single(path):
        assert lock.is_running(path)
        assert path.read_text() == str(os.getpid())
        with pytest.raises(OrgError, match=f"runs already \\(process {os.getpid()}\\)"), lock.single(path):
            pass
    assert not lock.is_running(path)
    path.write_text("7")
    lock.is_running(path)
    assert path.read_text() == "7"
