"""Merges and commits without any checkout: only objects are written, no ref moves (refs.update does that)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from org.model.errors import WorkspaceError
from org.workspace import recipe
from org.workspace.git import LAB, Git, GitError, Identity, identity
from org.workspace.recipe import Words
from org.workspace.trees import REGULAR, Blob, blob_at, overlay, store, text, tree_of


@dataclass(frozen=True, slots=True)
class Merged:
    """The merge went through; `tree` is what it makes."""

    tree: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sides changed the same thing; `detail` says what, for its author."""

    paths: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class _Sides:
    base: str
    ours: str
    theirs: str


def merge(git: Git, ours: str, theirs: str, recipe_paths: Sequence[str] = (), words: Words = recipe.MERGE) -> Merged | Conflict:
    """Merge `theirs` into `ours`. Files of `recipe_paths` that both sides changed are merged key by key."""
    sides = _Sides(_merge_base(git, ours, theirs), ours, theirs)
    tree, clashing, messages = _merge_tree(git, ours, theirs)
    files: dict[str, Blob | None] = {}
    clashes: list[str] = []
    for path in recipe_paths:
        outcome = _merge_recipe(git, sides, tree, path, path in clashing, words)
        if isinstance(outcome, Blob):
            files[path] = outcome
            clashing.pop(path, None)
        elif outcome is not None:
            clashing[path] = None
            clashes += [f"{path}: {sentence}" for sentence in outcome]
    if clashing:
        plain = [said for said in messages if not any(path in said for path in recipe_paths)]
        return Conflict(tuple(clashing), "\n".join([*clashes, *plain]))
    return Merged(overlay(git, tree, files) if files else tree)


def applied(
    git: Git, onto: str, before: str, after: str, recipe_paths: Sequence[str] = (), words: Words = recipe.MERGE
) -> Merged | Conflict:
    """`onto` with the change from `before` to `after` made to it; the other way round takes that change out. Trees or
    commits, whatever their histories are."""
    start = commit(git, tree_of(git, before), [], "before")
    ours, theirs = (commit(git, tree_of(git, side), [start], side) for side in (onto, after))
    return merge(git, ours, theirs, recipe_paths, words)


def commit(git: Git, tree: str, parents: Sequence[str], message: str, author: Identity = LAB) -> str:
    """A new commit (committer: the lab); no branch moves."""
    words = [word for parent in parents for word in ("-p", parent)]
    signed = identity(author, LAB)
    return git.run("commit-tree", tree, *words, "-F", "-", env=signed, input=message.rstrip("\n") + "\n")


def commit_files(git: Git, base_commit: str, files: Mapping[str, str], message: str, author: Identity = LAB) -> str:
    """A commit on top of `base_commit` in which `files` (path → whole text) are written; no checkout, no branch moves."""
    blobs: dict[str, Blob | None] = {}
    for path, content in files.items():
        before = blob_at(git, base_commit, path)
        blobs[path] = store(git, content, before.mode if before else REGULAR)
    return commit(git, overlay(git, tree_of(git, base_commit), blobs), [base_commit], message, author)


def _merge_base(git: Git, ours: str, theirs: str) -> str:
    answer = git.ask("merge-base", ours, theirs)
    if answer.code != 0:
        why = answer.err.strip() or "they share no history"
        raise WorkspaceError(f"{ours} and {theirs} cannot be merged: {why}")
    return answer.out.strip()


def _merge_tree(git: Git, ours: str, theirs: str) -> tuple[str, dict[str, None], list[str]]:
    """The tree, the paths in conflict (in order), and git's sentences about them."""
    arguments = ("merge-tree", "--write-tree", "-z", "--name-only", "--messages", ours, theirs)
    answer = git.ask(*arguments)
    if answer.code not in (0, 1):
        raise GitError(arguments, answer.code, answer.err)
    fields = answer.out.split("\0")
    end = fields.index("") if "" in fields else len(fields)
    return fields[0], dict.fromkeys(fields[1:end]), _messages(fields[end + 1 :]) if answer.code else []


def _messages(fields: list[str]) -> list[str]:
    """Records of: a count, that many paths, a kind, a sentence."""
    found = []
    while len(fields) > 1:
        paths = int(fields[0])
        kind, said = fields[paths + 1 : paths + 3]
        if kind.startswith("CONFLICT"):
            found.append(said.strip())
        fields = fields[paths + 3 :]
    return found


def _merge_recipe(git: Git, sides: _Sides, tree: str, path: str, clashes: bool, words: Words) -> Blob | tuple[str, ...] | None:
    """The merged file; or sentences about its conflicts; or None when git's own result stands."""
    base, ours, theirs = (blob_at(git, commit, path) for commit in (sides.base, sides.ours, sides.theirs))
    if ours is None or theirs is None or ours == theirs or base in (ours, theirs):
        return ("one side deleted it, the other changed it",) if clashes else None
    try:
        merged = recipe.merge(text(git, base) if base else "", text(git, ours), text(git, theirs), words)
    except WorkspaceError as bad:
        return (str(bad),)
    if merged.conflicts:
        return merged.conflicts
    by_lines = blob_at(git, tree, path)
    if by_lines and not clashes and recipe.same_values(text(git, by_lines), merged.text):
        return None  # git's merge says the same and keeps the comments of both
    return store(git, merged.text, ours.mode)
