"""What the conversation has cost so far, for the person at the pane."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from org.agents.api.conversation import Answer
from org.model.usage import Usage

Cost = Callable[[Usage], float | None]


@dataclass(slots=True)
class Tally:
    """agent: whose calls they are. cost: dollars of a call, None when the price of its model is not known."""

    agent: str
    cost: Cost
    dollars: float = 0.0
    unpriced: int = 0  # tokens of calls without a price
    tokens: int = 0
    cached: int = 0
    _known: set[str] = field(default_factory=set)

    def add(self, answers: Iterable[Answer]) -> None:
        """Count calls; one that was counted is not counted again."""
        for answer in answers:
            if answer.id not in self._known:
                self._known.add(answer.id)
                self._count(usage(self.agent, answer))

    def _count(self, used: Usage) -> None:
        took = used.input_tokens + used.output_tokens + used.cache_read_tokens + used.cache_write_tokens
        dollars = self.cost(used)
        self.tokens += took
        self.cached += used.cache_read_tokens
        self.dollars += dollars or 0.0
        self.unpriced += took if dollars is None else 0

    @property
    def words(self) -> str:
        """`84.2 k tokens, 90 % from the cache · $0.31`."""
        share = f", {100 * self.cached / self.tokens:.0f} % from the cache" if self.cached else ""
        cost = "cost unknown" if self.unpriced and not self.dollars else f"${self.dollars:.2f}"
        more = " and an unknown part" if self.unpriced and self.dollars else ""
        return f"{amount(self.tokens)} tokens{share} · {cost}{more}"


def usage(agent: str, answer: Answer) -> Usage:
    """A call as the ledger counts it."""
    t = answer.tokens
    return Usage(
        answer.id, agent, answer.at, answer.model, input_tokens=t.input, output_tokens=t.output,
        cache_read_tokens=t.cache_read, cache_write_tokens=t.cache_write,
    )  # fmt: skip


def amount(count: int) -> str:
    """A count as people read it: 950, 12.3 k, 1.24 M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return str(count)
