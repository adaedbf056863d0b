"""What a run saves of itself: its trained model once, and on the way what another process could go on from."""

import time
from typing import Any

from trainer.measure import checkpoint, digests, machine, resume
from trainer.measure.errors import RunFailed
from trainer.measure.run import Run


class Saving:
    """When a run saves, and how. The clock of the run stands still meanwhile."""

    def __init__(self, run: Run) -> None:
        self._run, self._saved = run, time.perf_counter()

    @property
    def due(self) -> bool:
        """Whether a killed run would lose more than it was allowed to."""
        return time.perf_counter() - self._saved > 60 * self._run.request.save_minutes

    def save(self) -> None:
        """Write what this run could go on from; every rank calls it."""
        run = self._run
        state = {"steps": run.meter.steps, "train_seconds": run.meter.train_seconds, "continued_at": run.continued_at}
        state |= {"device_seconds": run.stopwatch.seconds, "weights": run.model.state_dict(), "training": run.step.state()}
        state |= {"generators": run.ranks.everyones(resume.generators()), "rows": run.batches.tally.rows}
        if run.ranks.first:
            resume.save(run.request.out, state, _asked(run))
        run.meter.start()
        self._saved = time.perf_counter()


def go_on(run: Run) -> None:
    """Take over what an earlier process saved, where there is something."""
    state = resume.load(run.request.out, _asked(run))
    if state is None:
        return
    run.model.load_state_dict(state["weights"])
    run.step.load(state["training"])
    run.batches.skip(state["steps"])
    resume.served_alike(state, run.batches.tally.rows)
    run.meter.steps, run.meter.train_seconds = state["steps"], state["train_seconds"]
    run.stopwatch.seconds, run.continued_at = state["device_seconds"], [*state["continued_at"], state["steps"]]
    if run.ranks.rank < len(state["generators"]):
        resume.set_generators(state["generators"][run.ranks.rank])


def trained_model(run: Run) -> str | None:
    """Write checkpoint.pt; its digest on the first rank, which writes, None on the others. Raises RunFailed."""
    _agree_on_weights(run)
    if not run.ranks.first:
        return None
    with run.conduct.apart():
        weights = {name: value.detach().cpu() for name, value in run.model.state_dict().items()}
    request = run.request
    return checkpoint.save(request.out, weights, recipe=run.recipe, depth=request.depth, vocab=run.data.vocab)


def _asked(run: Run) -> dict[str, Any]:
    """What has to be equal for a run to be the same run."""
    request = run.request
    asked = {"seed": request.seed, "data_seed": request.order_seed, "budget": request.budget.text, "depth": request.depth}
    asked |= {"recipe": run.recipe.values(), "code_digest": digests.of_code(), **run.data.identity}
    return asked | {"device": run.device.type, "versions": machine.versions()}


def _agree_on_weights(run: Run) -> None:
    """Ranks that drifted apart trained several models, of which one would be scored."""
    total = sum(float(parameter.detach().double().sum()) for parameter in run.model.parameters())
    highest, lowest = run.ranks.highest((total, -total))
    if highest != -lowest:
        raise RunFailed("the ranks ended with different weights: something in the step depends on the rank")
