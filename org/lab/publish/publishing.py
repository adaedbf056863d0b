"""org publish: a finding as a folder that stands alone. What is no finding is refused; a merged change that is none may be
published on request, and its card says so. Only files are written; nobody's branch moves, and keys and this machine's paths
are taken out of logs."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from org.lab import adopt, pictures
from org.lab.export import files as exporting_files
from org.lab.export.files import Folder, Made
from org.lab.lab import Lab
from org.lab.publish import card as publishing_card
from org.lab.publish import facts as publishing_facts
from org.lab.publish.facts import Facts, Shown
from org.lab.publish.script import SCRIPT
from org.model.errors import Refused
from org.plots.theme import DARK, LIGHT
from org.science import sigma
from org.store import reads, secrets
from org.workspace import trees

LOGS = ("train.log", "evaluate.err", "metrics.jsonl", "train.json", "result.json")


@dataclass(frozen=True, slots=True)
class Published:
    experiment: str
    folder: str
    is_finding: bool
    files: tuple[str, ...]


def publish(lab: Lab, id: str, path: Path, anyway: bool = False, checkpoint: bool = False) -> Published:
    """Write the folder; again to the same: brought up to date. Refused when it is no finding (unless anyway), when a key is
    in the patch, when others' files are there, or when a checkpoint is wanted and none is kept."""
    facts = publishing_facts.of(lab, id)
    if not facts.is_finding and not anyway:
        raise Refused(
            f"{id} is no finding: {facts.line.claim}. `org findings` lists what is one; --anyway publishes it with a card "
            "that says so"
        )  # fmt: skip
    kept = _checkpoints(lab, facts) if checkpoint else []
    (patch,) = adopt.series(lab, facts.experiment.id)
    folder = exporting_files.open_(path, "publish.json", f"{facts.experiment.id} of lab {lab.config.lab}")
    folder.put("change.patch", patch.text)
    _archive(lab, folder, facts.old)
    folder.put("runs.json", _clean(lab, json.dumps(_listing(lab, facts, patch.paths), indent=1, ensure_ascii=False)) + "\n")
    folder.put("reproduce.sh", SCRIPT, 0o755)
    folder.put("compute.svg", pictures.compute_of(lab, experiment=facts.experiment.id).drawing().inner(LIGHT, DARK))
    for shown in facts.shown:
        _logs(lab, folder, shown)
    for file in kept:
        _copy(folder, f"checkpoint/{file.name}", file)
    folder.put("README.md", _clean(lab, publishing_card.render(lab, facts, _files(facts, bool(kept)))))
    return Published(facts.experiment.id, str(path), facts.is_finding, tuple(sorted(folder.files)))


def _files(facts: Facts, checkpoint: bool) -> list[tuple[str, str]]:
    found = [
        ("change.patch", f"the change, with its evidence as the message; `git am` takes it on {facts.merge.old[:12]}"),
        ("base.tar.gz", f"the baseline as it was run, git tree {facts.old[:12]}"),
        ("reproduce.sh", "runs both on the published seeds and compares"),
        ("runs.json", "every run: seed, value, record; the task's commands"),
        ("runs/", "logs and metrics of every run, as far as they are kept"),
        ("compute.svg", "loss against compute, with the baseline's curve where it was bought"),
    ]
    return [*found, ("checkpoint/", "weights of the newest run of the change")] if checkpoint else found


def _archive(lab: Lab, folder: Folder, tree: str) -> None:
    name = "base.tar.gz"
    path = folder.claim(name)
    lab.git.run("-c", "core.autocrlf=false", "archive", "--format=tar.gz", "-o", str(path), tree)
    folder.note(name, Made(None, path.stat().st_size))


def _listing(lab: Lab, facts: Facts, paths: Sequence[str]) -> dict[str, Any]:
    task = lab.config.task
    fresh = any(not shown.selected for shown in facts.shown)
    return {
        "schema": 1, "experiment": facts.experiment.id, "lab": lab.config.lab, "old_tree": facts.old, "new_tree": facts.new,
        "task": {
            "command": task.command, "evaluate": task.evaluate, "pattern": task.pattern, "prepare": task.prepare,
            "metric": task.metric, "direction": task.direction,
        },
        "files": {path: _digest(lab, facts.new, path) for path in paths},
        "sigma": _sigma(lab, facts), "runs": [_run(lab, shown, shown.selected is not fresh) for shown in facts.shown],
    }  # fmt: skip


def _run(lab: Lab, shown: Shown, counts: bool) -> dict[str, Any]:
    """counts: reproduce.sh repeats it; where there are fresh runs those, else the race's."""
    r = shown.run
    threads = next((d.threads for d in lab.devices if d.name == r.device), 1)
    return {
        "id": r.id, "arm": shown.arm, "selected": shown.selected, "counts": counts, "seed": r.seed, "data_seed": r.seed,
        "budget": r.budget, "depth": r.depth, "rung": r.rung, "gang": r.gang, "device": r.device, "threads": threads,
        "value": r.metric, "train_seconds": r.train_seconds, "total_seconds": r.total_seconds, "record": r.record,
        "result": r.result,
    }  # fmt: skip


def _sigma(lab: Lab, facts: Facts) -> float:
    """The noise of one run that the decision used."""
    told = facts.certificate.outcome.get("sigma") if facts.certificate else facts.experiment.decision.get("sigma")
    return float(told) if told else sigma.pooled([pool.values for pool in reads.all_pool_values(lab.ledger.reader)])[0]


def _digest(lab: Lab, tree: str, path: str) -> str | None:
    """sha256 of a file of the tree; None where the change takes it away."""
    blob = trees.blob_at(lab.git, tree, path)
    if blob is None:
        return None
    content = lab.git.ask("cat-file", "blob", blob.sha).out
    return hashlib.sha256(content.encode("utf-8", "surrogateescape")).hexdigest()


def _logs(lab: Lab, folder: Folder, shown: Shown) -> None:
    for name in LOGS:
        path = lab.layout.run(shown.run.id) / name
        if path.is_file():
            folder.put(f"runs/{shown.run.id}/{name}", _clean(lab, path.read_text(encoding="utf-8", errors="replace")))


def _checkpoints(lab: Lab, facts: Facts) -> list[Path]:
    """Of the newest run of the change that still has one."""
    for shown in reversed([s for s in facts.shown if s.arm == "change"]):
        found = sorted(p for p in lab.layout.run(shown.run.id).glob("checkpoint*") if p.is_file())
        if found:
            return found
    raise Refused(f"no checkpoint of {facts.experiment.id} is kept any more; publish it without --checkpoint")


def _copy(folder: Folder, name: str, source: Path) -> None:
    path = folder.claim(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}")
    shutil.copyfile(source, beside)
    beside.replace(path)
    folder.note(name, Made(None, path.stat().st_size))


def _clean(lab: Lab, text: str) -> str:
    """Without keys, and without the names of this machine's folders."""
    for place, word in ((lab.layout.comms, "COMMS"), (lab.layout.root, "LAB"), (Path.home(), "HOME")):
        if len(place.parts) > 1:
            text = text.replace(str(place), word)
    return secrets.conceal(text)
