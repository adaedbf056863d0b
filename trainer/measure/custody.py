"""What protected code relies on while editable code shares its process: written down before a line of that is imported,
looked at again at the end. Replaced clocks, counters and rules are named; a change that was taken back is not seen.
"""

import functools
import importlib.util
import marshal
import os
import sys
import threading
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

MEASURE = "trainer.measure"
EARLY = (
    "audit", "batches", "budget", "data", "declared", "digests", "documents", "files", "flops", "machine", "metrics",
    "own_tokens", "packing", "prefetch", "seeds", "spots",
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
OWN_TAGS = [sys.implementation.cache_tag, *([f"opt-{sys.flags.optimize}"] if sys.flags.optimize else [])]
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


def compiled(package: Path = PACKAGE) -> list[str]:
    """Files of the trainer's package that Python would run in place of its sources."""
    found = [path for path in package.rglob("*") if path.suffix in (".pyc", ".pyo", ".so", ".pyd")]
    return sorted(path.relative_to(package.parent).as_posix() for path in found if not _changes_nothing(path))


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


def _changes_nothing(path: Path) -> bool:
    """Whether it is a cache that this Python does not read (another Python's, one without a source), or that holds what
    compiling its source gives. Who wrote it does not matter."""
    if path.parent.name != "__pycache__" or path.suffix != ".pyc":
        return False
    name, *tags = path.stem.split(".")
    source = path.parent.with_name(f"{name}.py")
    if tags != OWN_TAGS or not source.exists():
        return True
    here, there = path.stat(), source.stat()
    return _is_cache(path, source, (here.st_mtime_ns, here.st_size, there.st_mtime_ns, there.st_size))


@functools.lru_cache(maxsize=512)
def _is_cache(path: Path, source: Path, _state: tuple[int, ...]) -> bool:
    """_state: of both files; as long as it is the same, so is the answer."""
    read, text = path.read_bytes(), source.read_bytes()
    by_hash, is_checked = read[4:5] in (b"\1", b"\3"), read[4:5] != b"\1"
    stamp = (int(source.stat().st_mtime), len(text))
    known = importlib.util.source_hash(text) if by_hash else b"".join((n & 0xFFFFFFFF).to_bytes(4, "little") for n in stamp)
    if read[:4] == importlib.util.MAGIC_NUMBER and is_checked and read[8:16] != known:
        return True  # older than its source: Python reads that
    try:
        return bool(marshal.loads(read[16:]) == compile(text, str(source), "exec", dont_inherit=True))
    except (EOFError, SyntaxError, TypeError, ValueError):
        return False


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
