"""`org init`: the files of a new lab, written into a repository. What is there already is never overwritten; a file that
git may keep is only ever made, or, for .gitignore, added to at its end. Nothing is committed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from org.model.errors import Refused

PROFILES = ("laptop", "gpu1", "h100x8")
TASKS = ("trainer", "nanochat", "autoresearch", "command")
FOLDERS = ("comms", "worktrees")
LEFT_OUT = frozenset({"__pycache__"})
RECIPE, ON_GPU = "trainer/recipe.yaml", "recipe_gpu.yaml"  # the second is laid over the first where a lab has GPUs


@dataclass(frozen=True, slots=True)
class Shipped:
    """Folders of this installation: templates, roles, prompts, the shared trainer, and the folders' READMEs."""

    init: Path
    roles: Path
    prompts: Path
    trainer: Path
    comms: Path
    worktrees: Path


@dataclass(slots=True)
class Made:
    """Paths relative to the repository. kept: was there and stays as it was. added: lines at the end of .gitignore."""

    wrote: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


def shipped(package: Path) -> Shipped:
    """What came with the package in this folder: as a wheel in its shipped/, in a checkout beside it."""

    def folder(name: str) -> Path:
        packed = package / "shipped" / name
        return packed if packed.is_dir() else package.parent / name

    return Shipped(folder("init"), *(folder(name) for name in ("roles", "prompts", "trainer", "comms", "worktrees")))


def require_top(root: Path) -> None:
    """Refuse a folder that is inside a repository but not its top: the lab would be the whole repository's."""
    if (root / ".git").is_file():
        raise Refused(f"{root} is a worktree of another folder's repository; `org init` in that folder")
    top = next((folder for folder in root.parents if (folder / ".git").exists()), None)
    if top is not None and not (root / ".git").exists():
        raise Refused(f"{root} is inside the repository {top}; a lab is a whole repository's: `org init {top}`")


def scaffold(root: Path, source: Shipped, profile: str, task: str, name: str) -> Made:
    """Write the lab's files into root. name: the config's file name. Refused, before anything is written, when that file
    is there or the task does not fit what is there."""
    file = root / name
    if file.exists() or file.is_symlink():
        raise Refused(f"{file} is here already and stays as it is; `--out NAME.yaml` writes beside it")
    if task == "trainer" and (root / "trainer").exists() and not (root / "trainer" / "measure").is_dir():
        raise Refused(f"{root / 'trainer'} is here and is not the shared trainer; `--task command` takes your own program")
    text = rendered(source, profile, task)
    made = Made()
    root.mkdir(parents=True, exist_ok=True)
    _write(root, name, text, made)
    for target, origin in _files(source, task):
        said = origin.read_text(encoding="utf-8")
        if target == RECIPE and profile != "laptop":
            said = laid_over(said, (source.trainer / ON_GPU).read_text(encoding="utf-8"))
        _write(root, target, said, made)
    _ignore(root, made)
    return made


def rendered(source: Shipped, profile: str, task: str) -> str:
    """The config's text for a profile and a task."""
    loader = jinja2.FileSystemLoader(source.init)
    environment = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        autoescape=False,
    )  # fmt: skip
    return environment.get_template(f"{profile}.yaml").render(profile=profile, task=task)


def laid_over(recipe: str, other: str) -> str:
    """A flat YAML file with the values of another's keys, comments and columns as they were. Every key of the other is there."""
    for line in re.findall(r"(?m)^\w+:\s*\S+", other):
        key = line.partition(":")[0]
        old = re.search(rf"(?m)^{key}:[ ]*\S+[ ]*", recipe)
        if old is None:
            raise Refused(f"{ON_GPU}: {RECIPE} has no key {key}")
        recipe = recipe.replace(old[0], line.ljust(len(old[0])), 1)
    return recipe


def _files(source: Shipped, task: str) -> Iterator[tuple[str, Path]]:
    """Target (relative to the repository) and origin of everything besides the config."""
    yield from _tree("roles", source.roles)
    if task == "trainer":
        yield from _tree("prompts", source.prompts)
        yield from _tree("trainer", source.trainer)
    else:
        yield "prompts/programs/free-research.md", source.init / "free-research.md"
        if task != "command":
            yield from _tree("prompts/knowledge", source.prompts / "knowledge")
    for name in FOLDERS:
        yield f"{name}/README.md", getattr(source, name) / "README.md"


def _tree(target: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and path.suffix in (".md", ".py", ".yaml") and LEFT_OUT.isdisjoint(inside.parts):
            yield f"{target}/{inside.as_posix()}", path


def _write(root: Path, target: str, text: str, made: Made) -> None:
    path = root / target
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:  # never over what is there, not even in a race
            file.write(text)
    except FileExistsError:
        made.kept.append(target)
    else:
        made.wrote.append(target)


def _ignore(root: Path, made: Made) -> None:
    """Lines at the end of .gitignore for folders that no line of it names yet."""
    path = root / ".gitignore"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    named = {line.strip().strip("/").removesuffix("/*") for line in old.splitlines()}
    lines = [line for name in FOLDERS if name not in named for line in (f"/{name}/*", f"!/{name}/README.md")]
    if not lines:
        return
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if old and not old.endswith("\n") else "") + "\n".join(lines) + "\n")
    made.added += lines
