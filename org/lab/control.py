"""Takeover and hand-back. While a person has a pane, mail, nudges and proposals of its agent are held; what was approved
races on. The hand-back gives the agent one message: commits, diff, note, held mail."""

from datetime import datetime

from org.lab.lab import Lab
from org.model.agent import Agent, Control, ControlEvent
from org.model.message import Kind, Message
from org.store import agents, mail
from org.store.tables import AGENTS, MESSAGES
from org.workspace import diff, worktrees

DIFF_LIMIT = 6000


def take(lab: Lab, name: str, actor: str, now: datetime, note: str = "") -> str:
    """Control becomes human. Again by the same person changes nothing."""
    agent = AGENTS.get(lab.ledger.reader, name)
    if agent.control is Control.HUMAN:
        return f"{agent.controlled_by} has {name} already"
    path = lab.layout.worktree(name)
    commit = worktrees.status(path).commit if path.exists() else None
    with lab.ledger.transaction() as tx:
        agents.set_control(tx, name, ControlEvent.TAKE, now, actor, note, commit)
    keep_hold(lab, AGENTS.get(lab.ledger.reader, name))
    return f"{actor} has {name}; mail and proposals are held until `org handback {name}`"


def hand_back(lab: Lab, name: str, actor: str, now: datetime, note: str = "") -> str:
    """Control returns to the agent, with one message about what happened meanwhile."""
    agent = AGENTS.get(lab.ledger.reader, name)
    if agent.control is Control.AGENT:
        return f"{name} has itself; nothing to hand back"
    with lab.ledger.transaction() as tx:
        held = MESSAGES.select(tx, 'WHERE "to" = ? AND delivered_at IS NULL ORDER BY sent_at', name)
        agents.set_control(tx, name, ControlEvent.HAND_BACK, now, actor, note)
        mail.post(
            tx, actor, name, Kind.HANDBACK, f"{actor} handed {name} back",
            _account(lab, name, agent.control_commit, note, held), now,
        )  # fmt: skip
    keep_hold(lab, AGENTS.get(lab.ledger.reader, name))
    return f"{name} goes on"


def keep_hold(lab: Lab, agent: Agent) -> None:
    """Have the file that tells the agent's hooks that a person has it, or not have it."""
    hold = lab.layout.hold(agent.name)
    if agent.control is Control.AGENT:
        hold.unlink(missing_ok=True)
    elif not hold.exists():
        hold.parent.mkdir(parents=True, exist_ok=True)
        hold.write_text(f"{agent.controlled_by or ''}\n", encoding="utf-8")


def _account(lab: Lab, name: str, since: str | None, note: str, held: list[Message]) -> str:
    path = lab.layout.worktree(name)
    parts = [note] if note else []
    if since is not None and path.exists():
        now = worktrees.status(path)
        subjects = diff.log_subjects(lab.git, since, now.commit)
        parts.append("Commits: " + ("; ".join(subjects) if subjects else "none"))
        if subjects:
            parts.append("```diff\n" + diff.diff(lab.git, since, now.commit, limit=DIFF_LIMIT) + "\n```")
        if now.dirty:
            parts.append("Not committed: " + ", ".join(now.dirty))
    parts.append(f"Held mail: {len(held)}" + "".join(f"\n- {m.sender}: {m.subject}" for m in held))
    parts.append("Orders from before the takeover are lifted; read your mail, then go on.")
    return "\n\n".join(parts)
