"""What roles and prompts may speak of: one set of variables, every one always there."""

from org.config import Config
from org.model.program import Program

REVIEWERS = {"auto": "nobody: every proposal runs", "chief": "the chief", "human": "a person"}


def variables(
    config: Config, agent: str, program: Program | None = None, *, worktree: str = "", branch: str = "", device: str = "",
    noise: str = "not measured yet", note: str = "", chief: str = "human", knowledge: str = "prompts/knowledge",
) -> dict[str, object]:  # fmt: skip
    """The template variables of an agent. Without a program its fields say so."""
    task, protocol = config.task, config.protocol
    return {
        "agent": agent,
        "lab": config.lab,
        "chief": chief,
        "program_title": program.title if program else "no program yet",
        "program_slug": program.slug if program else "none",
        "brief": program.brief if program else "",
        "question": program.question if program else "",
        "claim": program.claim if program else "improve",
        "margin": program.margin if program else 0.0,
        "worktree": worktree,
        "branch": branch,
        "device": device,
        "editable": list(program.editable if program else task.editable),
        "recipe": list(task.recipe),
        "metric": task.metric,
        "direction": task.direction,
        "run_budget": task.ladder[0].run_budget,
        "head": (program.head_commit or "") if program else "",
        "noise": noise,
        "note": note,
        "open_at_once": protocol.open_per_agent,
        "reviews": REVIEWERS[protocol.approve],
        "digest_every": protocol.digest_every,
        "knowledge": knowledge,
    }
