"""What protected code relies on while editable code shares its process: written down before a line of that is imported,
looked at again at the end. Replaced clocks, counters and rules are named; a change that was taken back is not seen.
"""

import functools
import importlib
import os
import sys
import threading
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

MEASURE = "trainer.measure"
EARLY = (
    "audit", "batches", "budget", "data", "digests", "documents", "files", "flops", "machine", "metrics", "packing",
    "prefetch", "seeds", "spots",
)  # fmt: skip
BORROWED = (
    "builtins.open", "builtins.print", "hashlib.sha256", "hashlib.file_digest", "json.dumps", "numpy.load", "os.open", "os.write",
    "os.stat", "os.fsync", "os.urandom", "sys.addaudithook", "sys._getframe", "time.monotonic", "time.perf_counter",
    "time.process_time", "time.time", "time.sleep", "torch.get_num_threads", "torch.save", "torch.cuda.synchronize",
    "torch.cuda.max_memory_allocated", "torch.utils.flop_counter.flop_registry",
)  # fmt: skip
START_UP = ("sitecustomize", "usercustomize")
# What the trainer imports. Not whatever is installed: Python's own pickle looks for a package `org`, and finds the lab's.
LIBRARIES = ("flash_attn", "flash_attn_interface", "numpy", "regex", "ruamel", "rustbpe", "tiktoken", "torch", "triton")
PACKAGE = Path(__file__).resolve().parent.parent


class Custody:
    """The names that were written down, and what each stood for."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self.loaded = frozenset(sys.modules)  # names alone

    def keep(self, *modules: str) -> None:
        """Write down all that these modules of measure/ hold."""
        for name in modules:
            self._known |= _contents(importlib.import_module(f"{MEASURE}.{name}"))

    def keep_borrowed(self) -> None:
        """Write down what measure/ takes from Python and its libraries, the formulas of the FLOP counter included."""
        self._known |= {name: _value(name) for name in BORROWED}
        self._formulas = dict(_value("torch.utils.flop_counter.flop_registry"))

    def replaced(self) -> list[str]:
        """The names that stand for something else now, in order."""
        now: dict[str, Any] = {}
        for name in {name.split(":")[0] for name in self._known if ":" in name}:
            now |= _contents(sys.modules[name])
        now |= {name: _value(name) for name in BORROWED}
        changed = [name.replace(":", ".") for name, was in self._known.items() if now.get(name) is not was]
        formulas = _value("torch.utils.flop_counter.flop_registry")
        changed += [f"the FLOPs of {op}" for op, was in self._formulas.items() if formulas.get(op) is not was]
        return sorted(changed)


@functools.cache
def begin() -> Custody:
    """Write everything down, once a process; the first call comes before anything editable is imported."""
    found = Custody()
    found.keep_borrowed()
    found.keep(*EARLY)
    return found


def in_the_way() -> list[str]:
    """What this process has imported, or would, in place of what is meant; a sentence each."""
    found = [f"{name} was imported from the snapshot in place of the installed one" for name in shadows()]
    return found + [f"{path} takes the place of its source" for path in compiled()]


def shadows() -> list[str]:
    """Imported modules that lie in the snapshot beside the trainer and have the name of an installed one or of Python's."""
    root, package = (os.path.join(os.path.realpath(folder), "") for folder in (PACKAGE.parent, PACKAGE))
    found = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        real = os.path.realpath(file) if isinstance(file, str) else ""
        beside = real.startswith(root) and not real.startswith(package) and "-packages" not in real
        if beside and name != "__main__" and _is_taken(name):
            found.append(f"{name} ({os.path.relpath(real, root)})")
    return found


def _is_taken(name: str) -> bool:
    return name in sys.stdlib_module_names or name in START_UP or name in LIBRARIES


def compiled() -> list[str]:
    """Files of the trainer's package that Python would run in place of its sources."""
    found = [path for path in PACKAGE.rglob("*") if path.suffix in (".pyc", ".pyo", ".so", ".pyd")]
    return sorted(path.relative_to(PACKAGE.parent).as_posix() for path in found if not _is_cache_of_ours(path))


def threads_in(package: Path, protected: Path) -> list[str]:
    """Editable files in which a thread other than this one is at work now."""
    found = set()
    for number, frame in sys._current_frames().items():
        at = frame if number != threading.get_ident() else None
        while at is not None:
            file = Path(at.f_code.co_filename)
            if file.is_relative_to(package) and not file.is_relative_to(protected):
                found.add(file.relative_to(package.parent).as_posix())
            at = at.f_back  # type: ignore[assignment]
    return sorted(found)


def _is_cache_of_ours(path: Path) -> bool:
    """Python's own cache of a source that is there, where it may write one (the lab's runs may not)."""
    return path.parent.name == "__pycache__" and not sys.dont_write_bytecode


def _value(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute, None)


def _contents(module: ModuleType) -> dict[str, Any]:
    """`module:name` and `module:Class.name` → what it is; of a function also its code."""
    found: dict[str, Any] = {}
    for name, value in vars(module).items():
        if name.startswith("__"):
            continue
        found[f"{module.__name__}:{name}"] = value
        if isinstance(value, type) and value.__module__ == module.__name__:
            for inner, member in vars(value).items():
                if callable(member) or isinstance(member, property | staticmethod | classmethod):
                    found[f"{module.__name__}:{name}.{inner}"] = member
                    found |= _code(f"{module.__name__}:{name}.{inner}", member)
        found |= _code(f"{module.__name__}:{name}", value)
    return found


def _code(name: str, value: object) -> dict[str, Any]:
    return {f"{name}()": value.__code__} if isinstance(value, FunctionType) else {}
