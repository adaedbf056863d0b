"""Does a run measure what it claims? A run that does not is invalid with a reason and is run again; a run is never
dropped for its metric. (STATISTICS.md, "Validity of a run".)"""

from collections.abc import Mapping
from typing import Any

from org.runs import progress

# What must be equal for two values to be compared; each is checked where the task reports it.
SAME = (
    ("evaluator_digest", "the evaluator"),
    ("corpus_digest", "the corpus"),
    ("tokenizer_digest", "the tokenizer"),
    ("validation_digest", "the validation text"),
    ("validation_bytes", "the number of validation bytes"),
    ("validation_context", "the context that predictions are scored with"),
    ("data_digest", "the prepared data files"),
    ("libraries", "the library versions"),
    ("versions", "the library versions"),  # as the shared trainer calls them
)
CPU_EXCESS = 1.25  # CPU-seconds of a run's tree against threads × wall on a cpu slot
CLOCK_EXCESS, CLOCK_SECONDS = 1.25, 60.0  # the lab's clock against the run's own: the rest is imports and shutting down
BUDGET_EXCESS = 1.05  # seconds of training under a time budget; its last step may end after it


def objection(
    record: Mapping[str, Any], reference: Mapping[str, Any], seed: int, budget: str, snapshot_digest: str | None = None
) -> str | None:
    """Why the record of a run does not count beside the reference (a valid record of the same environment).

    snapshot_digest: what its code_digest must be (code.expected); None: nobody can tell.
    """
    for name, value in (("seed", seed), ("budget", budget)):
        if name in record and record[name] != value:
            return f"it ran with {name} {record[name]}, the lab asked for {value}"
    elsewhere = str(record.get("trainer_path", "")).startswith(("..", "/"))  # as seen from the snapshot, where it started
    if elsewhere:
        return "it imported a trainer that is not its snapshot's"
    if snapshot_digest is not None and record.get("code_digest") not in (None, snapshot_digest):
        return f"the code that it ran ({str(record.get('code_digest'))[:12]}) is not its snapshot's ({snapshot_digest[:12]})"
    if pids := record.get("strangers"):
        return f"process {', '.join(str(pid) for pid in pids)} computed on its card meanwhile"
    if told := [str(sentence) for sentence in record.get("tampering") or ()]:
        return "; ".join(told)
    for key, words in SAME:
        if key in record and key in reference and record[key] != reference[key]:
            return f"{words} changed between its run and the pool's"
    return None


def clock_objection(record: Mapping[str, Any], budget: str, wall_seconds: float) -> str | None:
    """A run whose own clock does not agree with the lab's, or that trained on after its time.

    wall_seconds: of the whole training process, by the lab's clock.
    """
    own, trained = record.get("total_seconds"), record.get("train_seconds")
    if record.get("continued_at"):  # its clock ran in an earlier process too
        return None
    if isinstance(own, int | float) and wall_seconds > 0:
        if wall_seconds > CLOCK_EXCESS * own + CLOCK_SECONDS:
            return f"it took {wall_seconds:.0f} s by the lab's clock and {own:.0f} s by its own"
        if own > CLOCK_EXCESS * wall_seconds + 1.0:
            return f"it took {own:.0f} s by its own clock and {wall_seconds:.0f} s by the lab's"
    seconds = progress.seconds_of(budget)
    if seconds is not None and isinstance(trained, int | float):
        longest = trained / max(int(record.get("steps") or 1), 1)
        if trained > BUDGET_EXCESS * seconds + 2 * longest:
            return f"it trained for {trained:.0f} s; its budget is {budget}"
    return None


def cpu_objection(cpu_seconds: float, wall_seconds: float, threads: int) -> str | None:
    """On a cpu slot: a run that uses more than its share of threads disturbed its neighbours."""
    allowed = CPU_EXCESS * threads * wall_seconds + 5.0  # start-up compiles and imports in several threads
    if cpu_seconds > allowed:
        return f"it used {cpu_seconds:.0f} CPU-seconds in {wall_seconds:.0f} s on {threads} thread(s)"
    return None
