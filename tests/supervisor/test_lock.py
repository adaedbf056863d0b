"""One supervisor per lab; whoever asks leaves no trace."""

import fcntl
import os
import threading
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
        with pytest.raises(OrgError, match=f"runs already \\(process {os.getpid()}\\)"), lock.single(path, 0):
            pass
    assert not lock.is_running(path)
    path.write_text("7")
    lock.is_running(path)
    assert path.read_text() == "7"


def test_who_only_looks_is_no_supervisor_and_keeps_none_away(tmp_path: Path) -> None:
    path = tmp_path / "supervisor.lock"
    looking = path.open("w")
    fcntl.flock(looking, fcntl.LOCK_SH)  # a verb that asks at this moment
    assert not lock.is_running(path)
    threading.Timer(0.05, looking.close).start()
    with lock.single(path, patience=60):
        assert lock.is_running(path)
