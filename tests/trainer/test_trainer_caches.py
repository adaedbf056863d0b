"""Compiled files beside the trainer's sources: Python's own caches change nothing, whoever may write them; others do."""

import os
import py_compile
import shutil
import sys
from pathlib import Path

import pytest

from trainer.measure import custody

TAG = sys.implementation.cache_tag
CHECKED, UNCHECKED = py_compile.PycInvalidationMode.CHECKED_HASH, py_compile.PycInvalidationMode.UNCHECKED_HASH
HONEST, MINE = "def loss():\n    return 2.0\n", "def loss():\n    return 0.1\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / "nats.py").write_text(HONEST)
    return tmp_path / "trainer"


def cache(package: Path, text: str, *, tag: str = TAG, mode: py_compile.PycInvalidationMode | None = None) -> None:
    """What Python would keep of nats.py if it held that text, at the same moment and as long."""
    source, other = package / "nats.py", package.parent / "other.py"
    other.write_text(text)
    shutil.copystat(source, other)
    py_compile.compile(
        str(other), str(package / "__pycache__" / f"nats.{tag}.pyc"), doraise=True, invalidation_mode=mode
    )  # fmt: skip


@pytest.mark.parametrize("mode", [None, CHECKED, UNCHECKED])
@pytest.mark.parametrize("may_write", [True, False])
def test_a_cache_of_the_source_is_fine_also_where_python_may_write_none(
    package: Path, mode: py_compile.PycInvalidationMode | None, may_write: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", not may_write)
    cache(package, HONEST, mode=mode)
    assert custody.compiled(package) == []


@pytest.mark.parametrize("mode", [None, UNCHECKED])
def test_a_cache_of_other_code_takes_the_place_of_its_source(package: Path, mode: py_compile.PycInvalidationMode | None) -> None:
    cache(package, MINE, mode=mode)
    assert custody.compiled(package) == [f"trainer/__pycache__/nats.{TAG}.pyc"]


def test_what_python_does_not_read_changes_nothing(package: Path) -> None:
    cache(package, MINE, mode=CHECKED)
    assert custody.compiled(package) == [], "its hash is another source's"
    cache(package, MINE, tag="cpython-399")
    cache(package, MINE, tag=f"{TAG}.opt-1")
    cache(package, HONEST)
    os.utime(package / "nats.py", (1, 1))
    assert custody.compiled(package) == [], "of another Python, and of the source as it was"
    (package / "nats.py").unlink()
    assert custody.compiled(package) == [], "of a module that is gone"


@pytest.mark.parametrize("name", ["nats.pyc", "nats.so", f"__pycache__/nats.{TAG}.pyc"])
def test_whatever_else_is_compiled_is_named(package: Path, name: str) -> None:
    (package / "__pycache__").mkdir()
    (package / name).write_bytes(b"")
    assert custody.compiled(package) == [f"trainer/{name}"]


def test_the_caches_of_this_checkout_are_fine() -> None:
    assert custody.compiled() == []
