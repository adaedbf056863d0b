"""What a run is asked for."""

from dataclasses import dataclass
from pathlib import Path

from trainer.measure.budget import Budget


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for. Paths are absolute or relative to the current folder."""

    seed: int
    budget: Budget
    depth: int
    data: Path
    out: Path
    device: str = "cpu"
    recipe: Path | None = None
    data_seed: int | None = None  # of the data order; None: seed
    save_minutes: float = 10.0  # between two savings of what a killed run would go on from

    @property
    def order_seed(self) -> int:
        """The seed of the data order."""
        return self.seed if self.data_seed is None else self.data_seed
