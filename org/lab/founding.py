"""Found a lab, or bring a founded one up to its config: root, agents, worktrees. Start, resume and apply-my-edited-config
are one path: every function here says in sentences what it changed."""

import json
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

from ruamel.yaml import YAML

from org.config import agent_names
from org.lab import briefs, programs, seeds
from org.lab.lab import Lab
from org.lab.merging import roots
from org.model.agent import Agent, Control, State
from org.model.errors import ConfigError, OrgError
from org.store import agents, events, meta
from org.store.tables import AGENTS, PROGRAMS
from org.workspace import merges, refs, trees, worktrees

NOTHING = "0" * 40


def found(lab: Lab, digest: str, now: datetime) -> list[str]:
    """Root, seeds, agents and worktrees. Returns what changed; an empty list means nothing did."""
    changed = _claim_folder(lab, now)
    changed += _root(lab, now)
    changed += _agents(lab, now)
    changed += _worktrees(lab)
    changed += _apply_config(lab, digest, now)
    changed += _first_programs(lab, now)
    return changed


def _claim_folder(lab: Lab, now: datetime) -> list[str]:
    """The folder belongs to one lab."""
    with lab.ledger.transaction() as tx:
        owner = meta.get(tx, "lab")
        if owner not in (None, lab.config.lab):
            raise ConfigError(
                f"{lab.layout.comms} belongs to lab {owner}; give lab {lab.config.lab} folders of its own "
                f"(config keys `comms` and `worktrees`), or keep the name {owner}"
            )
        meta.put(tx, "stopping", None)
        seeds.ensure_key(tx)
        if owner is None:
            meta.put(tx, "lab", lab.config.lab)
            events.append(tx, "lab.founded", lab.config.lab, at=now)
            return [f"founded lab {lab.config.lab} in {lab.layout.comms}"]
    return []


def _root(lab: Lab, now: datetime) -> list[str]:
    """The lab roots at HEAD, once. A root changed on purpose is a commit on top that no person's branch sees."""
    name = refs.head_branch(lab.config.lab)
    existing = refs.head(lab.git, name)
    recorded = meta.get(lab.ledger.reader, "root_commit")
    if recorded is not None:
        if existing is None:
            stood = meta.get(lab.ledger.reader, "head_commit") or recorded
            raise OrgError(f"the branch {name} is gone; put it back: git branch {name} {stood}")
        return []
    root = refs.resolve(lab.git, "HEAD")
    if lab.config.root is not None:
        root = _changed_root(lab, root)
    if existing is None:
        refs.update(lab.git, refs.full(name), root, NOTHING)
    else:
        root = existing  # a kill came between the branch and the ledger, or the ledger is new
    with lab.ledger.transaction() as tx:
        roots.first(lab, tx, root, lab.config.root.note if lab.config.root else None)
        events.append(tx, "lab.root", lab.config.lab, at=now, commit=root)
    return [f"rooted at {root[:10]}" + (f" ({lab.config.root.note})" if lab.config.root else "")]


def _changed_root(lab: Lab, commit: str) -> str:
    assert lab.config.root is not None
    path = lab.config.task.recipe[0] if lab.config.task.recipe else None
    blob = trees.blob_at(lab.git, commit, path) if path else None
    if path is None or blob is None:
        raise ConfigError("root.recipe: needs task.recipe to name a YAML file that is committed")
    yaml = YAML(typ="rt")
    recipe = yaml.load(trees.text(lab.git, blob))
    for key, value in lab.config.root.recipe.items():
        if key not in recipe:
            raise ConfigError(f"root.recipe: {path} has no key {key}")
        recipe[key] = value
    out = StringIO()
    yaml.dump(recipe, out)
    return merges.commit_files(lab.git, commit, {path: out.getvalue()}, f"Root of lab {lab.config.lab}: {lab.config.root.note}")


def _agents(lab: Lab, now: datetime) -> list[str]:
    """One row per agent of the config; agents that left it are stopped, their rows and branches stay."""
    changed = []
    wanted = agent_names(lab.config)
    juniors = [name for name, entry in wanted if not entry.role.startswith("chief")]
    device_of = {name: lab.devices[i % len(lab.devices)].name for i, name in enumerate(juniors)}
    with lab.ledger.transaction() as tx:
        for name, entry in wanted:
            row = AGENTS.find(tx, name)
            if row is None:
                AGENTS.insert(
                    tx, Agent(name, entry.role, entry.backend, State.STARTING, Control.AGENT, now, now,
                              device=device_of.get(name)),
                )  # fmt: skip
                events.append(tx, "agent.hired", name, at=now, role=entry.role, backend=entry.backend)
                changed.append(f"hired {name} ({entry.role}, {entry.backend})")
                continue
            if (row.role, row.backend) != (entry.role, entry.backend):
                changed.append(f"{name} is now {entry.role} on {entry.backend} (was {row.role} on {row.backend})")
            AGENTS.update(tx, name, role=entry.role, backend=entry.backend, device=device_of.get(name))
            if row.state is State.STOPPED:
                agents.set_state(tx, name, State.STARTING, now)
        for row in agents.everyone(tx):
            if row.name not in {name for name, _ in wanted} and row.state is not State.STOPPED:
                agents.set_state(tx, row.name, State.STOPPED, now, "no longer in the config")
                changed.append(f"{row.name} is no longer in the config: stopped, its branch and worktree stay")
    return changed


def _worktrees(lab: Lab) -> list[str]:
    changed = []
    head = refs.head(lab.git, refs.head_branch(lab.config.lab))
    assert head is not None
    for name, _ in agent_names(lab.config):
        row = AGENTS.get(lab.ledger.reader, name)
        branch = row.branch or refs.junior_branch(lab.config.lab, name, "start")
        reason = f"agent {name} of lab {lab.config.lab}"
        if worktrees.ensure(lab.git, lab.layout.worktree(name), branch, head, reason):
            changed.append(f"made the worktree of {name} on {branch}")
    return changed


def _apply_config(lab: Lab, digest: str, now: datetime) -> list[str]:
    """Record config and organization; say which keys differ from the last start."""
    text = lab.config.model_dump_json()
    with lab.ledger.transaction() as tx:
        before, old_digest = meta.get(tx, "config"), meta.get(tx, "organization")
        meta.put(tx, "config", text)
        meta.put(tx, "organization", digest)
        meta.put(tx, "device_models", json.dumps({d.name: d.model for d in lab.devices}))
        if digest != old_digest:
            events.append(tx, "lab.organization", lab.config.lab, at=now, digest=digest)
    if before is None:
        return []
    old, new = json.loads(before), json.loads(text)
    changed = list(_differences("", old, new))
    if not changed and digest != old_digest:
        changed.append("roles or prompts were edited")
    return changed


def _first_programs(lab: Lab, now: datetime) -> list[str]:
    """The programs that the config names are noted and opened."""
    changed = []
    by_slug = {path.stem: path for path in briefs.shipped(lab.prompts)}
    for slug in lab.config.programs:
        row = PROGRAMS.find(lab.ledger.reader, slug)
        if row is None:
            if slug not in by_slug:
                raise ConfigError(f"programs: there is no brief {slug} in prompts/programs/ ({', '.join(by_slug)})")
            brief = briefs.read(by_slug[slug])
            with lab.ledger.transaction() as tx:
                programs.note(tx, brief, lab.config.task.editable, "config", now)
        if row is None or row.state.value == "backlog":
            programs.open_(lab, slug, now, "config")
            changed.append(f"opened program {slug}")
    return changed


def _differences(path: str, old: object, new: object) -> Iterator[str]:
    """Each changed key with its old and new value, as deep as both sides are mappings; of lists the entries that differ."""
    if old == new:
        return
    if isinstance(old, list) and isinstance(new, list):
        gone, come = [x for x in old if x not in new], [x for x in new if x not in old]
        yield f"{path}: {_listed(gone)} → {_listed(come)}" if gone or come else f"{path}: in another order"
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(f"{path}.{key}".lstrip("."), old.get(key), new.get(key))
        return
    yield f"{path}: {_short(old)} → {_short(new)}"


def _listed(entries: list[object]) -> str:
    return ", ".join(_short(_said(entry)) for entry in entries) or "–"


def _said(value: object) -> object:
    """Without what a config leaves out."""
    if not isinstance(value, dict):
        return value
    return {key: said for key, one in value.items() if (said := _said(one)) not in (None, [], {})}


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "…"
