"""What a scripted researcher answers: read the brief, propose one change, read each letter, propose again.

Every researcher is one Persona for the model server: the same words whatever program asks. It knows an agent by the name
in its role ("You are junior-3, …").
"""

import random
import re
import threading
from collections import Counter, deque
from dataclasses import dataclass, field

from models import Turn, say, shell
from models.request import Request

NAME = re.compile(r"You are ((?:chief|junior)[a-z0-9-]*)")
NUDGE = re.compile(r"\bORG-(\d+)\b")
PROPOSE = (
    "org next && sed -i 's/^{key}:.*/{key}: {value}/' fit/recipe.yaml && git commit -qam '{key} {value}' && "
    "org propose --claim improve --subject '{key} = {value}' --because 'a step of {value} may fit better' "
    "--predict 'a little better' --predicted-gain 0.001"
)


def name_of(request: Request) -> str:
    """The agent's name, from its role; its key or session when the role is not in the request."""
    found = NAME.search(request.everything)
    return found[1] if found else request.session or request.key


@dataclass
class Persona:
    """Answers for all agents; thread-safe. limited: while set, everybody gets 429 with this many seconds to wait."""

    seed: int = 0
    limited: float | None = None
    nudges: Counter[str] = field(default_factory=Counter)  # prompts in which each token was seen, by agent and token
    _left: dict[str, deque[Turn]] = field(default_factory=dict)
    _prompts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Turn:
        with self._lock:
            if self.limited is not None:
                return Turn(status=429, error="rate_limit_error", headers={"retry-after": str(int(self.limited))})
            name = name_of(request)
            self._note(name, request.prompts)
            left = self._left.setdefault(name, deque())
            seen = self._prompts.get(name, 0)
            if len(request.prompts) > seen or (len(request.prompts) < seen and not request.results):
                self._prompts[name] = len(request.prompts)
                left.clear()
                left.extend(self._turns(name, request.prompt))
            return left.popleft() if left else say("Done; I wait for news.")

    def _note(self, name: str, prompts: tuple[str, ...]) -> None:
        """How many prompts of one conversation carry each token."""
        # A role tells what a nudge looks like: only what begins like one is one.
        told = Counter(m[1] for prompt in prompts if (m := NUDGE.match(prompt)) and m[1] != "0")
        for number, count in told.items():
            key = f"{name} ORG-{number}"
            self.nudges[key] = max(self.nudges[key], count)

    def _turns(self, name: str, prompt: str) -> list[Turn]:
        if name.startswith("chief"):
            return [shell("org inbox"), shell("org program list"), say("Read; nothing to decide.")]
        start = [shell("org inbox")] if NUDGE.search(prompt.replace("ORG-0", "")) else [shell("org brief"), shell("org inbox")]
        draw = random.Random(f"{self.seed} {name} {self._prompts[name]}")
        key, value = (
            ("lr", f"{draw.uniform(0.05, 0.6):.4f}") if draw.random() < 0.7 else ("decay", f"{draw.uniform(0, 0.05):.5f}")
        )
        return [*start, shell(PROPOSE.format(key=key, value=value)), say("Proposed; I wait for its verdict.")]
