"""Does a run measure what it claims? A run that does not is invalid with a reason and is run again; a run is never
dropped for its metric. (STATISTICS.md, "Validity of a run".)"""

from collections.abc import Mapping
from typing import Any

# What must be equal for two values to be compared; each is checked where the task reports it.
SAME = (
    ("evaluator_digest", "the evaluator"),
    ("corpus_digest", "the corpus"),
    ("tokenizer_digest", "the tokenizer"),
    ("validation_digest", "the validation text"),
    ("validation_bytes", "the number of validation bytes"),
    ("validation_context", "the context that predictions are scored with"),
    ("libraries", "the library versions"),
    ("versions", "the library versions"),  # as the shared trainer calls them
)
CPU_EXCESS = 1.25  # CPU-seconds of a run's tree against threads × wall on a cpu slot


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
    for key, words in SAME:
        if key in record and key in reference and record[key] != reference[key]:
            return f"{words} changed between its run and the pool's"
    return None


def cpu_objection(cpu_seconds: float, wall_seconds: float, threads: int) -> str | None:
    """On a cpu slot: a run that uses more than its share of threads disturbed its neighbours."""
    allowed = CPU_EXCESS * threads * wall_seconds + 5.0  # start-up compiles and imports in several threads
    if cpu_seconds > allowed:
        return f"it used {cpu_seconds:.0f} CPU-seconds in {wall_seconds:.0f} s on {threads} thread(s)"
    return None
