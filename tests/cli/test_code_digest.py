"""What tells `org start` that a pane runs an older org."""

import os
from pathlib import Path

from org import bootstrap


def test_a_changed_a_new_and_a_renamed_file_make_another_digest_and_what_python_and_editors_leave_does_not(
    tmp_path: Path,
) -> None:
    def digest() -> str:
        bootstrap.code_digest.cache_clear()
        return bootstrap.code_digest(tmp_path)

    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "one.py").write_text("a = 1\n")
    seen = [digest()]
    (tmp_path / "inner" / "__pycache__").mkdir()
    (tmp_path / "inner" / "__pycache__" / "one.pyc").write_bytes(b"1")
    for name in (".one.py.swp", "one.py~"):
        (tmp_path / "inner" / name).write_text("")
    os.utime(tmp_path / "inner" / "one.py", (0, 0))
    assert digest() == seen[0]
    for path, text in (("inner/one.py", "a = 2\n"), ("inner/style.tcss", ""), ("two.py", "")):
        (tmp_path / path).write_text(text)
        seen.append(digest())
    (tmp_path / "two.py").rename(tmp_path / "three.py")
    seen.append(digest())
    assert len(set(seen)) == len(seen)
