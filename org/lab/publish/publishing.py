"""org publish: a finding as a folder that stands alone. What is no finding is refused; a merged change that is none may be
published on request, and its card says so. What was published and was taken out of the head since, or was not confirmed when
it was raced again, is withdrawn: its card says that.
Only files are written; nobody's branch moves, and keys and this machine's paths are taken out of logs."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from org.lab import adopt, pictures
from org.lab.export import files as exporting_files
from org.lab.export.files import Folder, Made
from org.lab.lab import Lab
from org.lab.publish import card as publishing_card
from org.lab.publish import facts as publishing_facts
from org.lab.publish import leaks
from org.lab.publish.facts import Facts, Shown
from org.lab.publish.script import SCRIPT
from org.model.errors import Refused
from org.model.experiment import IN_HEAD, Experiment, State
from org.plots.theme import DARK, LIGHT
from org.science import sigma
from org.store import reads
from org.store.tables import EXPERIMENTS
from org.workspace import trees

ARCHIVE = "base.tar.gz"
MANIFEST = "publish.json"
WITHDRAWN = "> **Withdrawn.**"


@dataclass(frozen=True, slots=True)
class Published:
    """withdrawn: its card says that it does not hold any more. notes: to look at before the folder is given away."""

    experiment: str
    folder: str
    is_finding: bool
    files: tuple[str, ...]
    withdrawn: bool = False
    notes: tuple[str, ...] = ()


def publish(lab: Lab, id: str, path: Path, anyway: bool = False, checkpoint: bool = False) -> Published:
    """Write the folder; again to the same: brought up to date. Refused when it is no finding (unless anyway), when a key is
    in the patch, when others' files are there, or when a checkpoint is wanted and none is kept."""
    asked = EXPERIMENTS.get(lab.ledger.reader, id)
    published = (path / MANIFEST).exists()
    if published and asked.state not in IN_HEAD and not asked.is_open:
        return _withdraw(lab, asked, path)
    facts = publishing_facts.of(lab, id)
    if not facts.is_finding and not anyway:
        stale = f"; {path} says so: --anyway corrects its card" if published else ""
        raise Refused(
            f"{id} is no finding: {facts.line.claim}. `org findings` lists what is one; --anyway publishes it with a card "
            f"that says that it is none{stale}"
        )  # fmt: skip
    kept = _checkpoints(lab, facts) if checkpoint else []
    (patch,) = adopt.series(lab, facts.experiment.id)
    folder = _open(lab, facts.experiment, path)
    folder.put("change.patch", patch.text)
    _archive(lab, folder, facts.old)
    texts = {"runs.json": json.dumps(_listing(lab, facts, patch.paths), indent=1, ensure_ascii=False) + "\n"}
    if facts.corpus:
        texts["data.json"] = json.dumps(facts.corpus, indent=1, ensure_ascii=False) + "\n"
    folder.put("reproduce.sh", SCRIPT, 0o755)
    folder.put("compute.svg", pictures.compute_of(lab, experiment=facts.experiment.id).drawing().inner(LIGHT, DARK))
    for shown in facts.shown:
        for log in publishing_facts.logs(lab, shown.run.id):
            texts[f"runs/{shown.run.id}/{log.name}"] = log.read_text(encoding="utf-8", errors="replace")
    for file in kept:
        _copy(folder, f"checkpoint/{file.name}", file)
    facts = replace(facts, logged=facts.logged | _logs_there(folder))
    texts["README.md"] = publishing_card.render(lab, facts, _files(facts, bool(kept)))
    cleaned = {name: leaks.clean(lab, text) for name, text in texts.items()}
    for name, text in cleaned.items():
        folder.put(name, text)
    notes = leaks.told(lab, cleaned | {"change.patch": patch.text}, path / ARCHIVE)
    return Published(facts.experiment.id, str(path), facts.is_finding, tuple(sorted(folder.files)), notes=tuple(notes))


def _open(lab: Lab, e: Experiment, path: Path) -> Folder:
    return exporting_files.open_(path, MANIFEST, f"{e.id} of lab {lab.config.lab}")


def _withdraw(lab: Lab, e: Experiment, path: Path) -> Published:
    """What others may have read stays readable; that it does not hold any more stands above it."""
    folder = _open(lab, e, path)
    card = path / "README.md"
    title, _, rest = (card.read_text(encoding="utf-8") if card.exists() else f"# {e.subject}\n").partition("\n")
    if rest.lstrip().startswith(WITHDRAWN):
        rest = rest.lstrip().partition("\n")[2]
    why = f": {' '.join(e.reason.split())}" if e.reason else ""
    out = "is in no head of the lab any more"
    now = out if e.state is State.REVERTED else "is still in the head, but racing it again did not confirm it"
    notice = (
        f"{WITHDRAWN} {e.id} is {e.state.value.replace('_', ' ')}{why}. It {now}, and nothing may be claimed of it; what "
        "follows is what was published before."
    )
    folder.put("README.md", leaks.clean(lab, f"{title}\n\n{notice}\n\n{rest.lstrip()}"))
    return Published(e.id, str(path), False, tuple(sorted(folder.files)), withdrawn=True)


def _logs_there(folder: Folder) -> set[str]:
    """Runs whose logs an earlier publication put there: the lab may have cleaned up since."""
    return {name.split("/")[1] for name in folder.files if name.startswith("runs/") and (folder.path / name).exists()}


def _files(facts: Facts, checkpoint: bool) -> list[tuple[str, str]]:
    found = [
        ("change.patch", f"the change, with its evidence as the message; `git am` takes it on {facts.merge.old[:12]}"),
        (ARCHIVE, f"the baseline as it was run, git tree {facts.old[:12]}"),
        ("reproduce.sh", "runs both on the published seeds and compares"),
        ("runs.json", "every run: seed, value, record; the task's commands"),
        *([("runs/", "logs and metrics of every run, as far as they are kept")] if facts.logged else []),
        ("compute.svg", "loss against compute, with the baseline's curve where it was bought"),
    ]
    if facts.corpus:
        found.append(("data.json", "what the training and validation text were made of, with digests"))
    return [*found, ("checkpoint/", "weights of the newest run of the change")] if checkpoint else found


def _archive(lab: Lab, folder: Folder, tree: str) -> None:
    path = folder.claim(ARCHIVE)
    lab.git.run("-c", "core.autocrlf=false", "archive", "--format=tar.gz", "-o", str(path), tree)
    folder.note(ARCHIVE, Made(None, path.stat().st_size))


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
