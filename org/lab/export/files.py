"""A folder that org fills (an export, a published finding): a manifest says which files are org's, and nothing else is ever
written over."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from org.model.errors import Refused
from org.store import atomic

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Made:
    """One file. rows, bytes: None while it is being written. whole: nothing will be added to it any more."""

    rows: int | None = None
    bytes: int | None = None
    whole: bool = False


@dataclass
class Folder:
    """what: this folder holds, in words that tell it from others. files: by their name below `path`."""

    path: Path
    manifest: str
    what: str
    files: dict[str, Made] = field(default_factory=dict)

    def claim(self, name: str) -> Path:
        """The path of a file that is about to be written. Refused when somebody else's is there, or ours was changed."""
        path, made = self.path / name, self.files.get(name)
        if path.exists() and made is None:
            raise Refused(f"{path} was not made here by org; it stays as it is: --to another folder")
        if path.exists() and made is not None and made.bytes is not None and path.stat().st_size != made.bytes:
            raise Refused(f"{path} was changed since org made it; move it away, or --to another folder")
        if made is None or made.bytes is not None:
            self.files[name] = Made()
            self.save()
        return path

    def note(self, name: str, made: Made) -> None:
        """It is there now."""
        self.files[name] = made
        self.save()

    def put(self, name: str, text: str, mode: int = 0o644) -> None:
        """A small text file."""
        path = self.claim(name)
        atomic.write_text(path, text)
        path.chmod(mode)
        self.note(name, Made(None, path.stat().st_size))

    def save(self) -> None:
        told: dict[str, Any] = {"schema": SCHEMA, "what": self.what, "files": {n: asdict(m) for n, m in self.files.items()}}
        atomic.write_json(self.path / self.manifest, told)


def open_(path: Path, manifest: str, what: str) -> Folder:
    """An empty or new folder, or one that was filled with the same before. Refused otherwise."""
    told = path / manifest
    if not told.exists():
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise Refused(f"{path} holds something else; --to names a new or empty folder, or one that this verb filled before")
        return Folder(path, manifest, what)
    known = atomic.read_json(told)
    if known.get("schema") != SCHEMA or known.get("what") != what:
        raise Refused(f"{path} holds {known.get('what')}, not {what}; --to another folder")
    return Folder(path, manifest, what, {name: Made(**made) for name, made in known["files"].items()})
