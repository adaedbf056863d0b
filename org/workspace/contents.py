"""The content of many files at once: one git process, however many there are."""

import os
from collections.abc import Iterable

from org.workspace.git import Git


def of_blobs(git: Git, shas: Iterable[str]) -> dict[str, str]:
    """sha → text, bytes that are no UTF-8 kept by surrogates. A sha that is no file's, or is not there, is left out."""
    wanted = list(dict.fromkeys(sha for sha in shas if sha.strip("0")))
    if not wanted:
        return {}
    # run would cut the last line feed, which may belong to a file.
    out = os.fsencode(git.ask("cat-file", "--batch", input="".join(f"{sha}\n" for sha in wanted)).out)
    found, at = {}, 0
    while at < len(out):
        end = out.index(b"\n", at)
        words = out[at:end].decode("ascii", "replace").split(" ")
        at = end + 1
        if len(words) != 3:  # `SHA missing`
            continue
        size = int(words[2])
        if words[1] == "blob":
            found[words[0]] = os.fsdecode(out[at : at + size])
        at += size + 1
    return found
