"""What a model call cost: tokens as its provider counts them, dollars when the price is known."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Usage:
    """One row of usage. `key` is the provider's or transcript's own id of the call, so that no call counts twice.

    input_tokens are those not read from the cache. dollars is None when config has no price for the model.
    """

    key: str
    agent: str
    at: datetime
    model: str
    session: str = ""
    program: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    dollars: float | None = None
