"""What makes a run not count, said in words."""

import pytest

from org.runs import validity

TORCH = {"torch": "2"}
REFERENCE = {"evaluator_digest": "e", "corpus_digest": "c", "libraries": TORCH, "versions": TORCH, "validation_bytes": 9}


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"seed": 3, "budget": "9step", **REFERENCE, "trainer_path": "trainer"}, None),
        ({}, None),
        ({"seed": 4}, "it ran with seed 4, the lab asked for 3"),
        ({"budget": "8step"}, "it ran with budget 8step, the lab asked for 9step"),
        ({"evaluator_digest": "x"}, "the evaluator changed between its run and the pool's"),
        ({"validation_bytes": 8}, "the number of validation bytes changed between its run and the pool's"),
        ({"libraries": {"torch": "3"}}, "the library versions changed between its run and the pool's"),
        ({"versions": {"torch": "3"}}, "the library versions changed between its run and the pool's"),
        ({"trainer_path": "../../lib/site-packages/trainer"}, "it imported a trainer that is not its snapshot's"),
        ({"code_digest": "other"}, "the code that it ran (other) is not its snapshot's (mine)"),
    ],
)
def test_a_record_that_is_not_comparable_is_told_why(record: dict[str, object], told: str | None) -> None:
    assert validity.objection(record, REFERENCE, 3, "9step", "mine") == told


def test_more_than_its_share_of_a_cpu_slot_does_not_count() -> None:
    assert validity.cpu_objection(100.0, 100.0, 1) is None
    assert validity.cpu_objection(200.0, 100.0, 2) is None
    assert validity.cpu_objection(200.0, 100.0, 1) == "it used 200 CPU-seconds in 100 s on 1 thread(s)"


@pytest.mark.parametrize(
    ("record", "budget", "wall", "told"),
    [
        ({"total_seconds": 20.0, "train_seconds": 18.0}, "2e9flop", 25.0, None),
        ({"total_seconds": 300.0, "train_seconds": 299.0, "steps": 900}, "300s", 310.0, None),
        ({"total_seconds": 300.0}, "300s", 900.0, "it took 900 s by the lab's clock and 300 s by its own"),
        ({"total_seconds": 900.0}, "300s", 300.0, "it took 900 s by its own clock and 300 s by the lab's"),
        (
            {"total_seconds": 400.0, "train_seconds": 399.0, "steps": 900},
            "300s",
            410.0,
            "it trained for 399 s; its budget is 300s",
        ),
        ({"total_seconds": 10.0, "train_seconds": 9.0, "steps": 2}, "1s", 12.0, None),
        ({"total_seconds": 9.0, "continued_at": [40]}, "300s", 300.0, None),
        ({}, "300s", 900.0, None),
    ],
)
def test_a_run_whose_clock_is_not_the_labs_does_not_count(
    record: dict[str, object], budget: str, wall: float, told: str | None
) -> None:
    """As a patched clock, or training that goes on after its time."""
    assert validity.clock_objection(record, budget, wall) == told


def test_what_the_trainer_itself_objects_to_is_told() -> None:
    record = {"tampering": ["training replaced time.perf_counter"]}
    assert validity.objection(record, REFERENCE, 3, "9step") == "training replaced time.perf_counter"
