"""`org adopt`: what was merged, as patches that another repository can take, each with its evidence as the message.
Only files are written, into a folder of their own; nobody's branch or index."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from org.comms.figures import gain, metric
from org.lab.lab import Lab
from org.model import names
from org.model.errors import Refused
from org.model.experiment import IN_HEAD, Experiment
from org.model.merge import Merge
from org.model.run import Purpose, Run
from org.store import meta, reads, runs, secrets
from org.store.tables import EXPERIMENTS
from org.workspace import changes, patches, trees, worktrees
from org.workspace.git import Git, Identity


@dataclass(frozen=True, slots=True)
class Patch:
    """One merged change. applies: to what it was last tried on, on top of those before it; else why says what is wrong."""

    experiment: str
    subject: str
    name: str  # of its file
    text: str
    paths: tuple[str, ...]
    applies: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Another repository. top: its root, or the folder itself where there is none. commit: its HEAD, "" without one."""

    top: Path
    commit: str
    dirty: tuple[str, ...] = ()


def series(lab: Lab, experiment: str | None) -> list[Patch]:
    """The merged change of an experiment, or every one that is still in a head, in the order of their merges.

    Refused when there is none, or when a change holds what looks like a key.
    """
    con = lab.ledger.reader
    merged = [(merge, EXPERIMENTS.get(con, merge.experiment)) for merge in reads.merges(con)]
    kept = [(merge, e) for merge, e in merged if e.state in IN_HEAD and e.merged_commit == merge.new]
    if experiment is not None:
        asked = EXPERIMENTS.get(con, experiment)
        kept = [(merge, e) for merge, e in kept if e.id == asked.id]
        if not kept:
            raise Refused(f"{asked.id} is {asked.state.value}; only what is merged can be adopted (`org results` lists it)")
    if not kept:
        raise Refused("nothing is merged yet; `org results` shows what was tried")
    return [_patch(lab, merge, e, number) for number, (merge, e) in enumerate(kept, 1)]


def at_root(lab: Lab, found: Sequence[Patch]) -> list[Patch]:
    """Tried on the lab's own root, as a stack."""
    root = meta.get(lab.ledger.reader, "root_commit")
    assert root is not None
    return _tried(found, patches.of_commit(lab.git, root))


def at(found: Sequence[Patch], target: Target) -> list[Patch]:
    """Tried on another repository's HEAD (a plain folder: on its files), as a stack; paths as they are."""
    read = patches.of_commit(Git(target.top), target.commit) if target.commit else patches.of_folder(target.top)
    return _tried(found, read)


def target(folder: Path) -> Target:
    """Look at another repository; nothing is written there."""
    if not folder.is_dir():
        raise Refused(f"--to {folder}: there is no such folder")
    git = Git(folder)
    top = git.ask("rev-parse", "--show-toplevel")
    if top.code != 0:
        return Target(folder, "")
    root = Path(top.out.rstrip("\n"))
    head = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return Target(root, head.out.strip(), worktrees.status(root).dirty if head.code == 0 else ())


def write(found: Sequence[Patch], folder: Path) -> list[Path]:
    """Write the files and return their paths. Again the same: nothing changes. Refused where other files have the names."""
    taken = [p.name for p in found if (folder / p.name).exists() and (folder / p.name).read_bytes() != os.fsencode(p.text)]
    if taken:
        raise Refused(f"{folder / taken[0]} is another patch; `--out DIR` names an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for patch in found:
        path = folder / names.part("a patch", patch.name)
        if not path.exists():
            with path.open("xb") as file:
                file.write(os.fsencode(patch.text))
        written.append(path)
    return written


def folder_of(lab: Lab, found: Sequence[Patch], now: datetime) -> Path:
    """The day's folder, or the next beside it when that one holds another series."""
    wanted = {patch.name: os.fsencode(patch.text) for patch in found}
    number = 1
    while True:
        folder = lab.layout.adopted / (f"{now:%Y-%m-%d}" + (f"-{number}" if number > 1 else ""))
        there = {path.name: path.read_bytes() for path in folder.glob("*.patch")} if folder.is_dir() else {}
        if there in ({}, wanted):
            return folder
        number += 1


def _patch(lab: Lab, merge: Merge, e: Experiment, number: int) -> Patch:
    author = Identity(e.author, f"{e.author}@{lab.config.lab}.org.invalid")
    text = patches.make(lab.git, merge.old, merge.tree, message(lab, e), author, merge.done_at or merge.intended_at)
    if secrets.conceal(text) != text:
        raise Refused(f"{e.id} holds what looks like a key (`git show {merge.new[:12]}`); no patch of it is written")
    old = trees.tree_of(lab.git, merge.old)
    touched = tuple(change.path for change in changes.changes(lab.git, old, merge.tree))
    slug = re.sub(r"[^a-z0-9]+", "-", e.subject.lower())[:50].strip("-")
    return Patch(e.id, e.subject, f"{number:04d}-{e.id}{f'-{slug}' if slug else ''}.patch", text, touched)


def _tried(found: Sequence[Patch], read: patches.Reader) -> list[Patch]:
    reasons = patches.tried([p.text for p in found], [p.paths for p in found], read)
    return [replace(patch, applies=not why, why=why) for patch, why in zip(found, reasons, strict=True)]


def message(lab: Lab, e: Experiment) -> str:
    """Subject, numbers from the ledger, the author's words, every run. The first line after the subject is ours: `git am`
    would take a `From:` there for the author."""
    d, unit = e.decision, lab.config.task.metric
    numbers = f"Gain {gain(e.measured_gain)} ± {d.get('se', 0.0):.4f} {unit} as measured (positive is better), "
    numbers += f"{gain(e.gain)} after shrinking; e {d.get('e', 1.0):.3g}."
    label = f" Label: {e.label}." if e.label else ""
    note = meta.get(lab.ledger.reader, "root_note")
    parts = [
        f"{e.id}: {e.subject}",
        f"{numbers}\nClaim: {e.claim.value}. State: {e.state.value}.{label}",
        f"Why: {e.because}\nPredicted: {e.predict}",
        _runs(lab, e, unit),
        f"Lab {lab.config.lab}, experiment {e.id}, program {e.program}, author {e.author}, base {e.base_commit[:12]}.",
        f"Note: {note}" if note else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _runs(lab: Lab, e: Experiment, unit: str) -> str:
    con = lab.ledger.reader
    mine = [r for r in runs.of_experiment(con, e.id) if r.purpose in (Purpose.RACE, Purpose.RECHECK) and r.metric is not None]
    pools = dict.fromkeys(r.pool for r in mine if r.pool is not None)
    base = {(pool, r.slot): r for pool in pools for r in reads.pool_runs(con, pool)}
    lines = [_run(r, base.get((r.pool or 0, r.slot)), lab.sign) for r in mine]
    reported = " (self-reported by the program)" if any(r.result.get("self_reported") for r in mine) else ""
    return "\n".join([f"Runs, {unit}{reported}:", *lines]) if lines else ""


def _run(run: Run, base: Run | None, sign: float) -> str:
    line = f"  seed {run.seed}: {run.id} {metric(run.metric)} ({run.purpose.value}, {run.device or 'no device'})"
    if base is None or base.metric is None or run.metric is None:
        return line
    return f"{line}, base {base.id} {metric(base.metric)}, difference {gain(sign * (base.metric - run.metric))}"
