"""Turns in order for each agent: a callable that answers requests. From a list, or from YAML:

who: 'You are ([a-z0-9-]+)'      # finds the agent's name in system text and prompts; default: its session id or key
scripts:
  junior-1:                      # `default` is for every agent that is not named
    - say: Reading the brief.
    - shell: git status          # or a list of commands
    - call: {name: edit, input: {path: a, old: x, new: y}}
    - {status: 429, retry_after: 3}
    - {say: slow words, seconds: 5, input_tokens: 90000}
    - repeat: 3                  # what is indented below is played so often
      steps: [{shell: make}, {say: made}]
then: {say: Done.}               # when a script is at its end
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.request import Request
from models.turn import Call, Shell, Turn, say

DEFAULT = "default"


class Script:
    """Each agent's turns, one a request; side requests take none. Safe from several threads."""

    def __init__(self, turns: Mapping[str, Sequence[Turn]], then: Turn | None = None) -> None:
        self._turns = {agent: list(found) for agent, found in turns.items()}
        self._then = then or say("Done.")
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Turn:
        with self._lock:
            if request.agent not in self._turns:
                self._turns[request.agent] = list(self._turns.get(DEFAULT, ()))
            left = self._turns[request.agent]
            return left.pop(0) if left else self._then

    def add(self, agent: str, *turns: Turn) -> None:
        """Further turns of an agent."""
        with self._lock:
            self._turns.setdefault(agent, []).extend(turns)

    def left(self, agent: str) -> int:
        """How many turns of it were not played."""
        with self._lock:
            return len(self._turns.get(agent, ()))


def read(tree: Mapping[str, Any]) -> Script:
    """A script from parsed YAML."""
    turns = {agent: list(_turns(steps)) for agent, steps in (tree.get("scripts") or {}).items()}
    return Script(turns, _turn(tree["then"]) if "then" in tree else None)


def _turns(steps: Sequence[Mapping[str, Any]]) -> Iterator[Turn]:
    for step in steps:
        if "repeat" in step:
            for _ in range(step["repeat"]):
                yield from _turns(step["steps"])
        else:
            yield _turn(step)


def _turn(step: Mapping[str, Any]) -> Turn:
    more = dict(step)
    text = more.pop("say", "")
    shells = more.pop("shell", ())
    calls: list[Call | Shell] = [Shell(line) for line in ([shells] if isinstance(shells, str) else shells)]
    named = more.pop("call", ())
    calls += [Call(one["name"], one.get("input", {})) for one in ([named] if isinstance(named, Mapping) else named)]
    headers = {str(k): str(v) for k, v in more.pop("headers", {}).items()}
    if "retry_after" in more:
        headers["retry-after"] = str(more.pop("retry_after"))
    if more.get("status", 200) != 200:
        more.setdefault("error", {429: "rate_limit_error", 401: "authentication_error"}.get(more["status"], "api_error"))
    return Turn(text, tuple(calls), headers=headers, **more)
