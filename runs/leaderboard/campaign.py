"""The run folders of one campaign as rows: numbered folders that `runs/speedrun.sh` made, each with the trainer's records.

CAMPAIGN/001/  commit  train.json  result.json  core.json
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runs.leaderboard.rows import BoardError, Run
from trainer.measure.core import prompts

TOLD = (
    "status", "reason", "seed", "depth", "train_seconds", "total_seconds", "tokens", "flops", "mfu", "device_model", "ranks",
    "data_digest", "code_digest",
)  # fmt: skip


def read(folder: Path) -> list[Run]:
    """One row a run. Raises BoardError for a run that is not done, a commit that is not clean, scores that are not CORE or not of
    the run's own checkpoint."""
    runs = sorted(path for path in folder.iterdir() if path.is_dir() and path.name.isdigit())
    if not runs:
        raise BoardError(f"{folder} holds no numbered run folders")
    return [_run(folder.resolve().name, path) for path in runs]


def line(folder: Path) -> dict[str, Any]:
    """One run in a line, at whatever scale and whatever came of it; what it has not reached is None."""
    record, score, core = (_json(folder / name, or_nothing=True) for name in ("train.json", "result.json", "core.json"))
    names = (
        "status",
        "reason",
        "seed",
        "depth",
        "train_seconds",
        "total_seconds",
        "tokens",
        "flops",
        "mfu",
        "device_model",
        "ranks",
    )
    told = {"run": folder.name, "commit": (folder / "commit").read_text().strip(), **{name: record.get(name) for name in names}}
    told |= {"bpb": score.get("value"), "core": core.get("core"), "partial_mean": core.get("partial_mean"), "se": core.get("se")}
    return told | {"invalid": score.get("reason") or core.get("reason")}


def _run(campaign: str, folder: Path) -> Run:
    record = _json(folder / "train.json")
    commit = _commit(folder / "commit")
    known: dict[str, Any] = {
        "campaign": campaign,
        "number": int(folder.name),
        "commit": commit,
        "date": _date(folder / "train.json"),
    }
    known |= {name: record.get(name) for name in ("seed", "depth", "code_digest", "flops", "tokens")}
    known |= {"versions": record.get("versions", {})}
    known |= {"hardware": f"{record.get('ranks', 1)} × {record.get('device_model')}", "data_digest": record.get("data_digest")}
    known |= {"validation": "/".join(str(record.get(f"validation_{name}")) for name in ("digest", "bytes", "context"))}
    known |= {"seconds": None, "bpb": None, "core": None, "bundle_digest": None}
    if record["status"] == "stopped":
        raise BoardError(f"{folder}: this run was stopped and is not done; repeat its command")
    if record["status"] != "succeeded":
        return Run(**known, status="failed", reason=record["reason"])
    score, core = (_score(folder / name, record["checkpoint_digest"]) for name in ("result.json", "core.json"))
    reason = score["reason"] or core["reason"]
    if not (score["valid"] and core["valid"]):
        return Run(**known, status="invalid", reason=reason)
    if core["core"] is None or core["max_per_task"] or core["seed"] != prompts.SEED:
        wanted = f"CORE over all items of its 22 tasks with examples of seed {prompts.SEED}"
        raise BoardError(f"{folder}: core.json is not {wanted}; run `python -m trainer core` again")
    known |= {"seconds": record["train_seconds"], "bpb": score["value"], "core": core["core"]}
    return Run(**known | {"bundle_digest": core["bundle_digest"]}, status="succeeded", reason=None)


def _score(path: Path, checkpoint_digest: str) -> dict[str, Any]:
    found = _json(path)
    if found["checkpoint_digest"] != checkpoint_digest:
        raise BoardError(f"{path} is of another checkpoint than train.json; repeat runs/speedrun.sh")
    return found


def _commit(path: Path) -> str:
    try:
        commit = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise BoardError(f"{path} is missing: nobody knows what was run") from None
    if commit.endswith("-dirty"):
        raise BoardError(f"{path}: {commit}: this run's code was not committed")
    return commit


def _json(path: Path, *, or_nothing: bool = False) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        if or_nothing:
            return {}
        raise BoardError(f"{path} is missing: the run is not done; repeat runs/speedrun.sh") from None
    return found


def _date(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
