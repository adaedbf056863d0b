"""Compaction without the provider: one call that summarizes, then the summary and the last steps stand for all before.

The role is the system text of every call and is read anew with it, so it is given again by itself.
"""

from collections.abc import Sequence

from org.agents.api import quoting
from org.agents.api.conversation import Answer, Call, Item, Prompt, Result, Summary, Text

FULL = 0.8  # share of the window at which the conversation is summarized
FEWEST = 4  # items, to be worth a summary
RECENT = 8_000  # characters of the last steps that stay word for word
STEP = 1_500  # characters of one step among them
TOKEN_CHARS = 3  # characters of a token, at least: to cut a conversation that is too long even to be summarized

ORDER = """The window is nearly full, so this conversation is cut here; you go on from your own summary of it. Write that
summary now, and call no tool. Keep: what you were asked and by whom, orders that still hold, what you did and where
(files, commits, experiment ids), what you measured and learned with its numbers, what failed and why, what is open, and
the next step. Leave out what the files say anyway."""


def as_prompt(summary: Summary) -> str:
    """What the model reads in place of what was summarized."""
    recent = f"\n\nThe last steps before the cut, shortened:\n\n{summary.recent}" if summary.recent else ""
    return f"ORG-0: the conversation before this was cut. Your summary of it:\n\n{summary.text}{recent}\n\nGo on from here."


def recent(items: Sequence[Item], most: int = RECENT) -> str:
    """The last steps as text, as many as fit."""
    steps: list[str] = []
    room = most
    for item in reversed(items):
        step = quoting.clip(_step(item), STEP)
        if step and room - len(step) < 0:
            break
        if step:
            steps.append(step)
            room -= len(step)
    return "\n\n".join(reversed(steps))


def shortened(items: Sequence[Item], window: int) -> str:
    """A conversation that no longer fits, as text that fits twice into the window."""
    first = next((f"[asked] {i.text}" for i in items if isinstance(i, Prompt)), "")
    return f"{quoting.clip(first, STEP)}\n[…]\n{recent(items, window * TOKEN_CHARS // 2)}"


def _step(item: Item) -> str:
    match item:
        case Prompt(text=text):
            return f"[asked] {text}"
        case Result(_, text):
            return f"[result] {text}"
        case Summary(text, last):
            return f"[summary] {text}\n{last}"
        case Answer(blocks=blocks):
            said = [b.text.strip() if isinstance(b, Text) else f"[call] {b.name} {b.arguments}" for b in blocks
                    if isinstance(b, Text | Call)]  # fmt: skip
            return "\n".join(filter(None, said))
        case _:
            return ""
