"""The workspace: worktrees, branches, snapshots and merges. The only room that runs git.

git.py         one door to the git program: argument lists, clean environment, deadline, errors with stderr
lock.py        an advisory file lock with a deadline; the repository's own lock
repair.py      what a killed git left behind, put right before the first git call of a start
unfinished.py  the note about the worktree that is being made
worktrees.py   one worktree per agent: make or adopt, look, start the next branch, hide files
refs.py        the names of the lab's branches and refs; compare-and-swap updates; kept tries
changes.py     what a commit range changed, and why a proposal is refused
trees.py       a tree with some paths replaced, made through a temporary index
snapshots.py   the tree that a run executes, and its read-only copy on disk
seals.py       what a copy held when it was laid out, and whether it still does
recipe.py      three-way merge of YAML, key by key; which keys differ, and a file without some of them
merges.py      merges, changes put on or taken out, and commits, without any checkout
hunks.py       the hunks of a file's diff by number, and the file without some of them
diff.py        diffs, subjects and line counts for people and pages
patches.py     changes as mail for another repository; whether it applies there
contents.py    the text of many files at once
meaning.py     what a file says, apart from how it is written
"""
