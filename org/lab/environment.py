"""Prepare the task once per lab, and take the fingerprint of what makes two values comparable."""

import hashlib
import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from datetime import datetime

from org.config import Rung
from org.lab.lab import Lab
from org.model.errors import OrgError
from org.runs import environment
from org.store import events, meta
from org.workspace import snapshots, trees

PREPARE_SECONDS = 4 * 3600.0  # a corpus may have to be downloaded
# What the preparation gets of the lab's own environment, and no run: the way to the network, another address of a corpus.
NETWORK = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
           "TRAINER_MIRROR")  # fmt: skip
FINGERPRINT_SECONDS = 120.0
EPOCHS_SECONDS = 300.0
NO_MORE: Mapping[str, str] = {}


def prepare(lab: Lab, root_commit: str, now: datetime) -> dict[str, object]:
    """Run task.prepare and task.fingerprint from the root's snapshot; record the digest. Returns the fingerprint."""
    found = examine(lab, root_commit)
    fingerprint: dict[str, object] = json.loads(found["environment_detail"])
    with lab.ledger.transaction() as tx:
        if meta.get(tx, "environment") != found["environment"]:
            meta.put(tx, "environment", found["environment"])
            meta.put(tx, "environment_detail", found["environment_detail"])
            events.append(tx, "lab.environment", lab.config.lab, at=now, digest=found["environment"], fingerprint=fingerprint)
    return fingerprint


def examine(lab: Lab, root_commit: str) -> dict[str, str]:
    """The same without recording: `environment`, the digest, and `environment_detail`, the fingerprint as JSON."""
    tree = trees.tree_of(lab.git, root_commit)
    snapshots.extract(lab.git, tree, lab.layout.snapshot(tree))
    lab.layout.data.mkdir(parents=True, exist_ok=True)
    if lab.config.task.prepare:
        network = {name: os.environ[name] for name in NETWORK if name in os.environ}
        _command(lab, tree, lab.config.task.prepare, PREPARE_SECONDS, network=network)
    found: dict[str, object] = {}
    if lab.config.task.fingerprint:
        found = _json(_command(lab, tree, lab.config.task.fingerprint, FINGERPRINT_SECONDS), "task.fingerprint")
    text = json.dumps(found, sort_keys=True)
    return {"environment": hashlib.sha256(text.encode()).hexdigest()[:16], "environment_detail": text}


def epochs(lab: Lab, rung: Rung) -> dict[str, object]:
    """What task.epochs says of a run of this rung: `epochs`, `tokens`, `train_tokens`, `missing`; {} without it."""
    root = meta.get(lab.ledger.reader, "root_commit")
    if lab.config.task.epochs is None or root is None:
        return {}
    values = {"budget": rung.run_budget, "depth": "" if rung.depth is None else str(rung.depth)}
    said = _command(lab, trees.tree_of(lab.git, root), lab.config.task.epochs, EPOCHS_SECONDS, values)
    return _json(said, "task.epochs")


def fill(template: str, values: Mapping[str, str]) -> list[str]:
    """An argument list from a command with {placeholders}; an unknown one is named."""
    try:
        return [part.format_map(values) for part in shlex.split(template)]
    except (KeyError, IndexError, ValueError) as error:
        raise OrgError(f"task: {template!r}: unknown placeholder {error}; known: {', '.join(sorted(values))}") from None


def _command(
    lab: Lab, tree: str, template: str, seconds: float, more: Mapping[str, str] = NO_MORE, network: Mapping[str, str] = NO_MORE
) -> str:
    snapshot = lab.layout.snapshot(tree)
    device = lab.devices[0]
    known = {"python": environment.python(), "data": str(lab.layout.data), "device": device.kind}
    command = fill(template, known | dict(more))
    try:
        done = subprocess.run(
            command, cwd=snapshot, env=environment.build(device, snapshot) | dict(network), capture_output=True, text=True,
            timeout=seconds, start_new_session=True, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise OrgError(f"task: {command[0]} is not a program on this machine ({error.strerror})") from error
    except subprocess.TimeoutExpired as late:
        raise OrgError(f"task: `{template}` did not end within {seconds:.0f} s") from late
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise OrgError(f"task: `{template}` ended with {done.returncode}: {said[-1] if said else 'it said nothing'}")
    return done.stdout


def _json(text: str, key: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise OrgError(f"{key} printed no JSON: {error}") from error
    if not isinstance(value, dict):
        raise OrgError(f"{key} printed JSON that is no object")
    return value
