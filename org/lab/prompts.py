"""What roles and prompts may speak of: one set of variables, every one always there."""

from org.config import Config
from org.model.program import Program


def variables(
    config: Config, agent: str, program: Program | None = None, *, worktree: str = "", branch: str = "", device: str = "",
    noise: str = "not measured yet", note: str = "",
) -> dict[str, object]:  # fmt: skip
    """The template variables of an agent. Without a program its fields say so."""
    return {
        "agent": agent,
        "lab": config.lab,
        "program_title": program.title if program else "no program yet",
        "program_slug": program.slug if program else "none",
        "brief": program.brief if program else "",
        "question": program.question if program else "",
        "worktree": worktree,
        "branch": branch,
        "device": device,
        "editable": list(program.editable if program else config.task.editable),
        "metric": config.task.metric,
        "run_budget": config.task.ladder[0].run_budget,
        "head": (program.head_commit or "") if program else "",
        "noise": noise,
        "note": note,
    }
