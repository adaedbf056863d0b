"""The standard-library corpus: source files of the running Python plus the docstrings of its built-in C modules.

The same on every machine with the same Python and the same optional modules; every record carries its digest.
Whole files go to training or validation by a hash of their name. A paragraph is kept once, and a paragraph of
validation is in no training file, so a model cannot have read what it is scored on.
"""

import hashlib
import importlib
import inspect
import os
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# encodings: generated character tables, a ninth of the library, nobody's prose or program.
SKIPPED_FOLDERS = frozenset(
    {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__", "_bundled", "encodings"}
)
VALIDATION_SHARE = 1 / 16
PARAGRAPH_BYTES = 100  # shorter ones (`return self`) may repeat


@dataclass(frozen=True, slots=True)
class Document:
    """One file, or the docstrings of one C module. `name` decides its side of the split."""

    name: str
    text: str

    @property
    def rank(self) -> float:
        """Where the name's hash lies in [0, 1): orders the corpus and splits it."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "big") / 2**64


@dataclass(frozen=True, slots=True)
class Split:
    """The two sides of a corpus, each in hash order."""

    train: list[Document]
    validation: list[Document]


def standard_library(max_bytes: int | None = None) -> Split:
    """Gather, split and de-duplicate; `max_bytes` keeps about that many bytes, validation in proportion."""
    documents = sorted((*_sources(), *_docstrings()), key=lambda document: document.rank)
    validation = [document for document in documents if document.rank < VALIDATION_SHARE]
    train = [document for document in documents if document.rank >= VALIDATION_SHARE]
    if max_bytes is not None:
        validation = _first_bytes(validation, int(max_bytes * VALIDATION_SHARE))
        train = _first_bytes(train, max_bytes - int(max_bytes * VALIDATION_SHARE))
    return deduplicated(Split(train, validation))


def deduplicated(split: Split) -> Split:
    """Each paragraph once: validation keeps its own, training loses what validation or itself had before."""
    seen: set[bytes] = set()
    validation = _without_repeats(split.validation, seen)
    return Split(_without_repeats(split.train, seen), validation)


def _sources() -> Iterator[Document]:
    root = Path(sysconfig.get_paths()["stdlib"])
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if name not in SKIPPED_FOLDERS]  # site-packages may hold ten times the library
        for name in names:
            if name.endswith(".py") and not name.startswith("_sysconfigdata"):
                path = Path(folder, name)
                yield Document(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8", errors="replace"))


def _docstrings() -> Iterator[Document]:
    extensions = Path(sysconfig.get_path("stdlib"), "lib-dynload")
    names = {path.name.partition(".")[0] for path in extensions.glob("*.so")} | set(sys.builtin_module_names)
    for name in sorted(names & set(sys.stdlib_module_names)):
        try:
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                module = importlib.import_module(name)
        except ImportError:  # an optional library of this machine is missing; the corpus digest tells
            continue
        text = "\n\n".join(dict.fromkeys(_docs_of(module, name)))
        if text:
            yield Document(f"docstrings/{name}", text)


def _docs_of(module: object, name: str) -> Iterator[str]:
    """Docstrings of a module, its members, and its classes' members, each under its dotted name."""
    stack = [(name, module, 0)]
    while stack:
        path, value, depth = stack.pop()
        doc = getattr(value, "__doc__", None)
        if isinstance(doc, str) and doc.strip():
            yield f"{path}\n{doc.strip()}"
        if depth == 0 or (depth == 1 and inspect.isclass(value)):
            members = sorted(vars(value).items(), reverse=True)
            stack += [(f"{path}.{key}", member, depth + 1) for key, member in members if _has_own_doc(member)]


def _has_own_doc(member: object) -> bool:
    return inspect.isclass(member) or inspect.isroutine(member) or inspect.isdatadescriptor(member)


def _first_bytes(documents: list[Document], limit: int) -> list[Document]:
    """The first documents in hash order, each cut to an eighth of the limit, up to `limit` bytes together."""
    kept, left = [], limit
    for document in documents:
        data = document.text.encode()[: min(left, max(limit // 8, 1))]
        if data:
            kept.append(Document(document.name, data.decode(errors="ignore")))
            left -= len(data)
    return kept


def _without_repeats(documents: list[Document], seen: set[bytes]) -> list[Document]:
    kept = []
    for document in documents:
        paragraphs = []
        for paragraph in document.text.split("\n\n"):
            key = _key(paragraph)
            if key is None or key not in seen:
                paragraphs.append(paragraph)
            if key is not None:
                seen.add(key)
        if text := "\n\n".join(paragraphs).strip("\n"):
            kept.append(Document(document.name, text + "\n"))
    return kept


def _key(paragraph: str) -> bytes | None:
    """A hash of a paragraph without its white space, or None for one that is too short to matter."""
    squeezed = "".join(paragraph.split()).encode()
    return hashlib.sha256(squeezed).digest()[:12] if len(squeezed) >= PARAGRAPH_BYTES else None
