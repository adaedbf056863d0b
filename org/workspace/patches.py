"""Changes as mail that `git am` takes, and whether such mail applies somewhere. Objects are written into the lab's own
repository only; of another repository files are read, and patches are tried on a copy of those."""

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from org.workspace.git import LAB, Git, Identity, identity

Reader = Callable[[str], bytes | None]  # path → content, None where there is no file
# What a person's settings may add to or change in a patch.
PLAIN = (
    "--stdout", "--binary", "--full-index", "--no-renames", "--no-signature", "--no-attach", "--no-signoff", "--no-thread",
    "--no-cover-letter", "--no-numbered", "--no-to", "--no-cc", "--no-add-header", "--no-base", "--no-notes", "--no-color",
    "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", "--subject-prefix=PATCH",
)  # fmt: skip
_BREAKS = re.compile(r"^(?=---|diff -|Index: |>?From )", re.M)  # where `git am` would end the message


def make(git: Git, base: str, tree: str, message: str, author: Identity, at: datetime) -> str:
    """Mail that turns the tree of the commit `base` into `tree`. Same input, same text. No ref or index moves."""
    date = at.isoformat()
    signed = {**identity(author, LAB), "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    commit = git.run("commit-tree", tree, "-p", base, "-F", "-", env=signed, input=whole(message))
    return git.run("format-patch", *PLAIN, "-1", commit) + "\n"


def whole(message: str) -> str:
    """The message with the lines indented, and the scissors broken, at which `git am` would cut it off."""
    return _BREAKS.sub("  ", message).replace("8<", "8 <").replace(">8", "> 8").rstrip("\n") + "\n"


def tried(patches: Sequence[str], touched: Sequence[Sequence[str]], read: Reader) -> list[str]:
    """For each patch why it does not apply on top of those before it that did; "" where it does.

    touched: the paths of each patch. read: the files that they would be applied to.
    """
    reasons = []
    with tempfile.TemporaryDirectory(prefix="org-adopt-") as folder:
        scratch = Path(folder).resolve()
        for path in dict.fromkeys(path for some in touched for path in some):
            content = read(path)
            if content is not None:
                (scratch / path).parent.mkdir(parents=True, exist_ok=True)
                (scratch / path).write_bytes(content)
        reasons += [_apply(scratch, patch) for patch in patches]
    return reasons


def of_commit(git: Git, commit: str) -> Reader:
    """Files as a commit has them."""

    def read(path: str) -> bytes | None:
        told = git.ask("cat-file", "blob", f"{commit}:{path}")
        return os.fsencode(told.out) if told.code == 0 else None

    return read


def of_folder(folder: Path) -> Reader:
    """Files as they lie in a folder."""

    def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    return read


def _apply(scratch: Path, patch: str) -> str:
    """Apply in a folder that is no repository, all or nothing; the reason when it does not."""
    alone = {"GIT_CEILING_DIRECTORIES": str(scratch.parent)}
    told = Git(scratch).ask("apply", "--whitespace=nowarn", "-", env=alone, input=patch)
    if told.code == 0:
        return ""
    lines = [line.removeprefix("error: ") for line in told.err.splitlines() if line.startswith("error: ")]
    return lines[0] if lines else told.err.strip() or f"git apply ended with {told.code}"
