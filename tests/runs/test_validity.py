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
